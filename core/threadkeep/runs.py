"""A run: one answer of the agent to one or more messages, its events and what it cost."""

from dataclasses import dataclass, field
from enum import StrEnum

from threadkeep.messages import Message, ToolCall

SCHEMA_VERSION = 1
"""The version of the stored form of a run; a reader refuses what is newer than it knows."""


class RunStatus(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a run cost.

    Attributes:
        input_tokens: Tokens sent to the model, over all its steps; None where the server did not say.
        cached_tokens: Those of them that the server had cached.
        output_tokens: Tokens that the model wrote.
        time_to_first_token: Seconds from the start to the first visible text; None if there was none.
        duration: Seconds from the start to the end.
        model_calls: How often the model was asked.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float = 0.0
    model_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """How a run came about, to explain it later.

    Attributes:
        worker: Who made it.
        attempt: Which attempt ended it.
        claimed_at: When that attempt began, in seconds since the epoch.
        finished_at: When the answer was visible, in seconds since the epoch.
        posted: The platform's ids of the reply's messages, in order.
    """

    worker: str
    attempt: int
    claimed_at: float
    finished_at: float
    posted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run as the store keeps it.

    Attributes:
        run_id: Its id.
        session_id: The conversation that it belongs to.
        user_id: Who was answered, where known.
        status: How it ended.
        messages: What this run added to the conversation: the user's words, the model's answers, the tools' results.
            It never holds the system message or the history that was shown.
        content: The answer, whole.
        error: A short name of what went wrong (an error class), never a provider's text.
        metrics: What it cost.
        created_at: When it began, in seconds since the epoch.
        trace: How it came about, for runs of a bot.
        version: The version of this form.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    status: RunStatus = RunStatus.COMPLETED
    messages: tuple[Message, ...] = ()
    content: str = ""
    error: str | None = None
    metrics: Metrics = field(default_factory=Metrics)
    created_at: float = 0.0
    trace: RunTrace | None = None
    version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResponse:
    """What ``Agent.run`` gives back.

    Attributes:
        run_id: The id of this run.
        session_id: The conversation: the one that was named, or a fresh one.
        user_id: Who was answered, where known.
        content: The answer.
        messages: Everything that was sent and received, the system message and the shown history included.
        metrics: What it cost.
        status: How the run ended.
    """

    run_id: str
    session_id: str
    user_id: str | None
    content: str
    messages: tuple[Message, ...]
    metrics: Metrics
    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began."""

    run_id: str
    session_id: str
    user_id: str | None
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDelta:
    """The model wrote some more text; the texts of all deltas joined are the answer."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallStarted:
    """A tool is being called."""

    call: ToolCall
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallCompleted:
    """A tool call ended, well or not.

    Attributes:
        call: The call.
        result: What the model is told.
        is_error: Whether the call failed.
        duration: Seconds that it took.
    """

    call: ToolCall
    result: str
    is_error: bool
    duration: float
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """The run ended well; the last event of a stream. A run that fails raises from the stream instead."""

    response: RunResponse
    content: str = ""


RunEvent = RunStarted | ContentDelta | ToolCallStarted | ToolCallCompleted | RunCompleted
"""What ``Agent.arun(stream=True)`` yields. Each has ``content``: joined over a whole stream, it is the answer."""
