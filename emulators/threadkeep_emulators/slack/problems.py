"""The two errors of the Slack emulator: a refused call, and a wait that came to nothing."""

from .wire import Payload


class SlackError(Exception):
    """Carry a documented error code out of a method, as ``{"ok": false, "error": code}``.

    Attributes:
        code: The code as Slack spells it, such as ``channel_not_found``.
        extra: Further fields of the answer, such as ``needed`` and ``provided``.
    """

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra: Payload = dict(extra)


class WaitTimeoutError(AssertionError):
    """Say that what a test waited for did not come, and show what was there instead."""


def invalid_arguments(*complaints: str) -> SlackError:
    """Build the error of a call whose arguments are missing or malformed.

    Args:
        complaints: One sentence for each argument that is wrong.
    """
    messages = [f"[ERROR] {complaint}" for complaint in complaints]
    return SlackError("invalid_arguments", response_metadata={"messages": messages})
