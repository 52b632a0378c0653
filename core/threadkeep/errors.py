"""Every error that threadkeep raises on purpose.

ThreadkeepError
├── ConfigError                 a setting, a token or a bot file is missing or wrong
├── InvalidKeyError             an id that cannot be a session, user or message key
├── ModelError                  the language model gave no usable answer
│   ├── ModelAuthError          it refuses the key (401, 403)
│   ├── ModelRequestError       it refuses the request (400, 404, 422)
│   │   └── ContextTooLongError   the conversation is too long for the model
│   ├── ModelRateLimitError     too many requests or quota spent (429)
│   ├── ModelUnavailableError   unreachable, overloaded, cut off or too slow (5xx, network, time limit)
│   ├── ModelResponseError      it answered with something that is not an answer
│   │   └── EmptyAnswerError      it answered with nothing
│   └── StepLimitError          it kept calling tools beyond the step limit
├── RefusedError                a guardrail refuses what was said, in words for people
├── ToolError                   a tool says what went wrong, in words that the model may read
├── StoreError                  the store refused
│   ├── StoreUnavailableError   it cannot be reached: nothing was acknowledged, try again
│   ├── StoreConfigError        it runs with settings that break a guarantee
│   └── LeaseLostError          another worker holds the session now: stop, write nothing
└── PlatformError               Slack or Discord refused
    ├── PlatformAuthError       a token is missing, wrong or revoked
    ├── PlatformRateLimitError  asked to wait
    ├── PlatformUnavailableError  unreachable or failing: the same call may succeed later
    └── PlaceGoneError          the place or the message does not exist or is closed to us
"""


class ThreadkeepError(Exception):
    """The root of all errors that threadkeep raises on purpose."""


class ConfigError(ThreadkeepError):
    """A setting, a token or a bot file is missing or wrong; the message says what to do."""


class InvalidKeyError(ThreadkeepError, ValueError):
    """Text that cannot be a session, user or message key."""


class ModelError(ThreadkeepError):
    """The language model gave no usable answer."""


class ModelAuthError(ModelError):
    """The model's server refuses the API key."""


class ModelRequestError(ModelError):
    """The model's server refuses the request as it is; repeating it will not help."""


class ContextTooLongError(ModelRequestError):
    """The conversation is too long for the model, also with less of its past."""


class ModelRateLimitError(ModelError):
    """Too many requests, or the quota is spent.

    Attributes:
        retry_after: Seconds that the server asked to wait, where it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelUnavailableError(ModelError):
    """The model's server is unreachable, overloaded, too slow, or cut the answer off.

    Attributes:
        retry_after: Seconds that the server asked to wait, where it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelResponseError(ModelError):
    """The model's server answered with something that is not an answer."""


class EmptyAnswerError(ModelResponseError):
    """The model answered with neither words nor calls.

    Attributes:
        finish_reason: Why it ended: ``length``, ``content_filter``, or another word of its server.
    """

    def __init__(self, message: str, *, finish_reason: str) -> None:
        super().__init__(message)
        self.finish_reason = finish_reason


class StepLimitError(ModelError):
    """The model kept calling tools beyond the agent's step limit."""


class RefusedError(ThreadkeepError):
    """Raised by a guardrail to refuse what was said; its text is the answer that people see."""


class ToolError(ThreadkeepError):
    """Raised by a tool to tell the model what went wrong; its text is shown to the model."""


class StoreError(ThreadkeepError):
    """The store refused an operation."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached; nothing was acknowledged, and the call may be repeated."""


class StoreConfigError(StoreError, ConfigError):
    """The store's server is too old or runs with settings that break a guarantee."""


class LeaseLostError(StoreError):
    """Another worker holds the session now: stop the run, write and post nothing."""


class PlatformError(ThreadkeepError):
    """A chat platform refused a call."""


class PlatformAuthError(PlatformError):
    """A platform token is missing, wrong, revoked, or lacks a permission."""


class PlatformRateLimitError(PlatformError):
    """The platform asks to wait.

    Attributes:
        retry_after: Seconds to wait before the next call.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlatformUnavailableError(PlatformError):
    """The platform is unreachable or failing; the same call may succeed later."""


class PlaceGoneError(PlatformError):
    """The place or message does not exist any more, or is closed to the bot."""


class FileNotReadError(PlatformError):
    """A file cannot be read: it is too large, gone, or not what it should be. Its text is shown to people."""
