"""What an agent and a model exchange."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who speaks in a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish to call a tool.

    Attributes:
        id: The model's id for this call; the result refers to it.
        name: The tool's name.
        arguments: The arguments as the JSON text that the model wrote; it may be malformed.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message between agent and model.

    Attributes:
        role: Who speaks.
        content: What is said. Empty for an assistant message that only calls tools.
        tool_calls: The calls that an assistant message makes.
        tool_call_id: For a tool message, the call that it answers.
        is_error: For a tool message, whether the call failed.
        source: For what a person said on a platform, the key of their message: later edits and deletions find it.
    """

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False
    source: str | None = None


def clean_text(text: str) -> str:
    """Return text that every wire and store can carry.

    Models and users may send lone UTF-16 surrogates, which cannot be encoded, and NUL, which some stores refuse. A
    pair of surrogates that arrived in two pieces is joined; a lone one becomes U+FFFD.
    """
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
