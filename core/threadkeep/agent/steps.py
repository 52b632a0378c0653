"""The stored form of a run's finished steps."""

import json
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Final

from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import Elements
from threadkeep.errors import StoreError
from threadkeep.messages import Attachment, Message, Role, ToolCall
from threadkeep.models.base import Usage
from threadkeep.models.payloads import JsonObject, count_in, is_object, object_in, objects_in, text_in

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStep:
    """A model's answer that calls tools.

    Attributes:
        message: The answer.
        usage: What it cost.
        model: Which model gave it.
        estimate: What it cost as estimated, where the server did not say.
    """

    message: Message
    usage: Usage
    model: str = ""
    estimate: Usage | None = None

    @staticmethod
    def name(step: int) -> str:
        """Give the name under which the n-th answer is recorded."""
        return f"answer:{step}"

    def encoded(self) -> str:
        """Give the stored form."""
        return _encode(
            {
                "content": self.message.content,
                "calls": [
                    {"id": call.id, "name": call.name, "arguments": call.arguments} for call in self.message.tool_calls
                ],
                "input_tokens": self.usage.input_tokens,
                "cached_tokens": self.usage.cached_tokens,
                "output_tokens": self.usage.output_tokens,
                "model": self.model,
                "estimate": _estimated(self.estimate),
            }
        )

    @classmethod
    def decoded(cls, text: str) -> "AnswerStep":
        """Read the stored form.

        Raises:
            StoreError: It cannot be read.
        """
        stored = _decode(text)
        calls = tuple(
            ToolCall(id=text_in(call.get("id")), name=text_in(call.get("name")), arguments=text_in(call["arguments"]))
            for call in objects_in(stored.get("calls"))
        )
        return cls(
            message=Message(role=Role.ASSISTANT, content=text_in(stored.get("content")), tool_calls=calls),
            usage=Usage(
                input_tokens=count_in(stored.get("input_tokens")),
                cached_tokens=count_in(stored.get("cached_tokens")),
                output_tokens=count_in(stored.get("output_tokens")),
            ),
            model=text_in(stored.get("model")),
            estimate=_estimate_in(stored.get("estimate")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep:
    """A tool call that ended, well or not.

    Attributes:
        text: What the model is told.
        is_error: Whether it failed.
        duration: Seconds that it took.
        details: The last line of progress.
        sources: What the result rests on.
        elements: What is to stand under the answer.
        attachments: The files that it gave back, by reference.
    """

    text: str
    is_error: bool = False
    duration: float = 0.0
    details: str = ""
    sources: tuple[Source, ...] = ()
    elements: Elements = ()
    attachments: tuple[Attachment, ...] = ()

    @staticmethod
    def name(step: int, index: int) -> str:
        """Give the name under which the result of an answer's i-th call is recorded."""
        return f"tool:{step}:{index}"

    def encoded(self) -> str:
        """Give the stored form."""
        more: dict[str, object] = {}
        if self.details:
            more["details"] = self.details
        if self.sources:
            more["sources"] = [[source.url, source.title] for source in self.sources]
        if self.elements:
            more["elements"] = _elements_json().elements_to_json(self.elements)
        if self.attachments:
            more["attachments"] = [asdict(attachment) for attachment in self.attachments]
        return _encode({"text": self.text, "is_error": self.is_error, "duration": self.duration, **more})

    @classmethod
    def decoded(cls, text: str) -> "ToolStep":
        """Read the stored form.

        Raises:
            StoreError: It cannot be read.
        """
        stored = _decode(text)
        duration = stored.get("duration")
        return cls(
            text=text_in(stored.get("text")),
            is_error=stored.get("is_error") is True,
            duration=duration if isinstance(duration, float) else 0.0,
            details=text_in(stored.get("details")),
            sources=_sources_in(stored.get("sources")),
            elements=_elements_json().elements_from_json(stored["elements"]) if "elements" in stored else (),
            attachments=tuple(_attachment_in(one) for one in objects_in(stored.get("attachments"))),
        )


def _estimated(usage: Usage | None) -> list[int | None] | None:
    return None if usage is None else [usage.input_tokens, usage.output_tokens]


def _estimate_in(stored: object) -> Usage | None:
    if not isinstance(stored, list) or len(stored) != 2:
        return None
    return Usage(input_tokens=count_in(stored[0]), output_tokens=count_in(stored[1]))


def _sources_in(stored: object) -> tuple[Source, ...]:
    pairs = stored if isinstance(stored, list) else []
    return tuple(Source(url=text_in(url), title=text_in(title)) for url, title in pairs)


def _attachment_in(stored: JsonObject) -> Attachment:
    return Attachment(
        id=text_in(stored.get("id")),
        name=text_in(stored.get("name")),
        media_type=text_in(stored.get("media_type")),
        size=count_in(stored.get("size")) or 0,
        text=text_in(stored.get("text")),
        note=text_in(stored.get("note")),
    )


def _elements_json() -> ModuleType:
    # Importing pydantic takes long, and most calls leave no elements behind.
    from threadkeep.chat import elements_json  # noqa: PLC0415

    return elements_json


def _encode(fields: JsonObject) -> str:
    return json.dumps({"version": _VERSION, **fields}, ensure_ascii=False, separators=(",", ":"))


def _decode(text: str) -> JsonObject:
    try:
        stored: object = json.loads(text)
    except ValueError as error:
        raise StoreError("a recorded step of a run is damaged: it is not JSON") from error
    if not is_object(stored) or stored.get("version") != _VERSION:
        version = object_in(stored).get("version")
        raise StoreError(
            f"a recorded step of a run has version {version!r}, this threadkeep reads {_VERSION}: it was written by"
            " another release; let that one finish the run"
        )
    return stored
