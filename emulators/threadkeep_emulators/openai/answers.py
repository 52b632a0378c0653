"""What the model shall say: the pieces of a scripted answer, how fast they come, and how they go wrong."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .errors import ApiError, error_for_status

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
_WORD_WITH_SPACE = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """Ask for one call of a function.

    Attributes:
        name: The name of the function.
        arguments: The arguments as JSON text; a script may send text that is not JSON.
        call_id: The id of the call; None lets the emulator choose one.
    """

    name: str
    arguments: str = "{}"
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Say what an answer cost, in tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Give the sum of both directions."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Describe one answer of the model, and how it is delivered.

    Positions count the server-sent events of the stream from 0. A position past the last event never comes.

    Attributes:
        text: What the model says.
        tool_calls: The calls that it asks for, all at once.
        refusal: The text of a refusal, instead of content.
        chunks: The text in exactly these pieces; stands in the place of ``text``.
        chunk_size: The number of characters in a piece; None sends word by word.
        packet_size: The number of bytes in a packet, so that lines and characters are torn; None sends whole
            events.
        first_delay: The seconds before the first byte of the answer.
        delay: The seconds between events.
        hold_after: The position before which the stream stops until ``release`` is set; 0 holds even the
            headers.
        release: What lets a held answer go on; None holds it until the client or the emulator goes away.
        cut_after: The position before which the connection is cut; 0 cuts it before the headers.
        fail_after: The position at which an error event stands in the stream; nothing follows it.
        status: An HTTP error status instead of an answer.
        retry_after: The seconds in the ``Retry-After`` header that goes with ``status``.
        error_code: The ``code`` in the error's body, where the usual one does not do.
        error_message: The ``message`` in the error's body, where the usual one does not do.
        raw: The data of the stream's events, literally, in the place of everything else. For an answer that
            is not streamed: the body, as one text.
        inserted: Events put into the stream, literally, each before the event of that position.
        usage: The usage to report; None counts it.
        has_usage: Whether usage is reported at all; some servers leave it out even when asked.
        repeats_tool_names: Whether each delta of a call carries its id and name again, as some servers do.
        finish_reason: The reason to report; None takes the natural one.
        fingerprint: The ``system_fingerprint`` of chat completions.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    chunks: tuple[str, ...] | None = None
    chunk_size: int | None = None
    packet_size: int | None = None
    first_delay: float = 0.0
    delay: float = 0.0
    hold_after: int | None = None
    release: asyncio.Event | None = None
    cut_after: int | None = None
    fail_after: int | None = None
    status: int | None = None
    retry_after: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    raw: tuple[str, ...] | None = None
    inserted: Mapping[int, str] = field(default_factory=dict)
    usage: Usage | None = None
    has_usage: bool = True
    repeats_tool_names: bool = False
    finish_reason: FinishReason | None = None
    fingerprint: str = "fp_scripted"

    def __post_init__(self) -> None:
        if self.text and self.chunks is not None:
            raise ValueError("give an answer either text or chunks, not both")
        if self.refusal is not None and (self.content or self.tool_calls):
            raise ValueError("an answer that refuses has neither text nor tool calls")
        if self.status is not None and self.status < 400:
            raise ValueError(f"an answer's status is an error, got {self.status}")
        for size in (self.chunk_size, self.packet_size):
            if size is not None and size < 1:
                raise ValueError(f"a chunk or packet holds at least one character or byte, got {size}")

    @property
    def content(self) -> str:
        """Give the whole text, however it is cut into pieces."""
        return self.text if self.chunks is None else "".join(self.chunks)

    @property
    def finish(self) -> FinishReason:
        """Give the finish reason: the one that was set, or the natural one."""
        if self.finish_reason is not None:
            return self.finish_reason
        return "tool_calls" if self.tool_calls else "stop"

    @property
    def failure(self) -> ApiError:
        """Give the error that stands for this answer, as a status or inside its stream."""
        return error_for_status(
            self.status or 500,
            message=self.error_message,
            code=self.error_code,
            retry_after=self.retry_after,
        )

    def pieces(self) -> Iterator[str]:
        """Give the text in the pieces in which it is streamed."""
        if self.chunks is not None:
            return iter(self.chunks)
        return self.cut(self.text)

    def cut(self, text: str) -> Iterator[str]:
        """Cut a text into pieces of this answer's chunk size, or into words."""
        if self.chunk_size is None:
            return iter(_WORD_WITH_SPACE.findall(text))
        size = self.chunk_size
        return (text[start : start + size] for start in range(0, len(text), size))
