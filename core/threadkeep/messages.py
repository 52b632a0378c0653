"""What an agent and a model exchange."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self


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
class Attachment:
    """A file that stands in a message, by reference: its bytes are with the platform.

    Attributes:
        id: The platform's id, by which the adapter reads it.
        name: Its name, as the person gave it.
        media_type: What the platform says that it is, such as ``image/png``; it may be wrong.
        size: Its length in bytes, as the platform says; 0 where it does not.
        url: Where the platform keeps it; not to be shown to anybody.
        text: What stands in it, as far as it was read and is text.
        note: Why it cannot be read, or not whole, in a few words; empty if it perhaps can.
    """

    id: str
    name: str
    media_type: str = "application/octet-stream"
    size: int = 0
    url: str = ""
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file with its bytes.

    Attributes:
        name: Its name.
        media_type: What it is said to be, such as ``image/png``; what its bytes are counts more.
        data: Its bytes.
    """

    name: str
    media_type: str = "application/octet-stream"
    data: bytes = field(repr=False)

    @classmethod
    def from_path(cls, path: str | Path) -> Self:
        """Read a file of this machine. It blocks while it reads.

        Raises:
            OSError: It cannot be read.
        """
        path = Path(path)
        return cls(name=path.name, data=path.read_bytes())


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
        attachments: The files that stand in it, by reference.
        files: Files with their bytes, for the model; they are never stored.
    """

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False
    source: str | None = None
    attachments: tuple[Attachment, ...] = ()
    files: tuple[File, ...] = ()


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
