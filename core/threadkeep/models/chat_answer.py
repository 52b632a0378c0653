"""One answer of Chat Completions, put together from its chunks as servers really send them."""

from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from threadkeep.errors import ModelResponseError, ModelUnavailableError
from threadkeep.messages import Message, Role, ToolCall, clean_text
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.models.failures import stream_failure
from threadkeep.models.payloads import JsonObject, count_in, json_text, object_in, objects_in, text_in
from threadkeep.models.sse import TextJoiner

# What a model writes; the names for its thoughts are those of several servers.
_WRITTEN: Final = ("content", "refusal", "tool_calls", "reasoning_content", "reasoning")


@dataclass(slots=True)
class _Call:
    """A tool call that is still being written."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ChatAnswer:
    """Put one answer together."""

    def __init__(self) -> None:
        self._joiner = TextJoiner()
        self._texts: list[str] = []
        self._calls: list[_Call] = []
        self._by_index: dict[object, _Call] = {}
        self._finish_reason = ""
        self._is_refusal = False
        self._usage = Usage()

    def feed(self, payload: JsonObject) -> str | None:
        """Take one chunk and give the text that it adds; None if it is no part of an answer.

        Raises:
            ModelError: The chunk reports a failure.
        """
        delta = object_in(self._choice(payload).get("delta"))
        text = self._said(delta)
        return text if text or any(delta.get(name) for name in _WRITTEN) else None

    def whole(self, payload: JsonObject) -> str:
        """Take an answer that came in one piece and give its text.

        Raises:
            ModelError: It is not an answer, or reports a failure.
        """
        choice = self._choice(payload)
        if not choice:
            raise ModelResponseError("the model server answered without a choice")
        self._finish_reason = self._finish_reason or "stop"
        return self._said(object_in(choice.get("message")))

    def finish(self, *, is_done: bool) -> tuple[str, ModelAnswer]:
        """Give the text that was held back, and the answer.

        Raises:
            ModelUnavailableError: The answer was cut off.
        """
        if not self._finish_reason and not (is_done and (self._texts or self._calls)):
            raise ModelUnavailableError("the model server cut the answer off before its end")
        rest = self._joiner.finish()
        message = Message(
            role=Role.ASSISTANT,
            content="".join(self._texts) + rest,
            tool_calls=tuple(_tool_call(call) for call in self._calls),
        )
        reason = self._finish_reason or ("tool_calls" if self._calls else "stop")
        reason = "refusal" if self._is_refusal and reason == "stop" else reason
        return rest, ModelAnswer(message=message, usage=self._usage, finish_reason=reason)

    def _choice(self, payload: JsonObject) -> JsonObject:
        if payload.get("error"):
            raise stream_failure(payload["error"])
        usage = payload.get("usage")
        if usage:
            self._usage = _usage(object_in(usage))
        choices = objects_in(payload.get("choices"))
        if not choices:
            return {}
        self._finish_reason = text_in(choices[0].get("finish_reason")) or self._finish_reason
        return choices[0]

    def _said(self, message: JsonObject) -> str:
        if message.get("tool_calls"):
            for position, call in enumerate(objects_in(message["tool_calls"])):
                self._call(call, position)
        # A refusal is what the model has to say, so it is shown like any text.
        refusal = text_in(message.get("refusal"))
        self._is_refusal = self._is_refusal or bool(refusal)
        piece = _content(message.get("content")) + refusal
        text = self._joiner.push(piece) if piece else ""
        if text:
            self._texts.append(text)
        return text

    def _call(self, piece: JsonObject, position: int) -> None:
        function = object_in(piece.get("function"))
        call = self._call_for(piece.get("index"), text_in(piece.get("id")), position)
        # Some servers repeat id and name in every piece: the first one counts.
        call.id = call.id or text_in(piece.get("id"))
        call.name = call.name or text_in(function.get("name"))
        call.arguments.append(json_text(function.get("arguments")))

    def _call_for(self, index: object, call_id: str, position: int) -> _Call:
        if index is None:
            # Without an index, a new id begins a new call, and a piece without an id goes on with the last one.
            known = next((call for call in self._calls if call.id == call_id), None) if call_id else None
            last = self._calls[-1] if self._calls and not call_id and position == 0 else None
            return known or last or self._begin(None)
        current = self._by_index.get(index)
        # Some servers send all calls under index 0, told apart by their ids only.
        is_other = current is not None and call_id and current.id and current.id != call_id
        return self._begin(index) if current is None or is_other else current

    def _begin(self, index: object) -> _Call:
        call = _Call()
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        return call


def _tool_call(call: _Call) -> ToolCall:
    return ToolCall(
        id=clean_text(call.id) or f"call_{uuid4().hex}",
        name=clean_text(call.name),
        arguments=clean_text("".join(call.arguments)) or "{}",
    )


def _content(content: object) -> str:
    if isinstance(content, list):
        return "".join(text_in(part.get("text")) for part in objects_in(content))
    return text_in(content)


def _usage(usage: JsonObject) -> Usage:
    return Usage(
        input_tokens=count_in(usage.get("prompt_tokens")),
        cached_tokens=count_in(object_in(usage.get("prompt_tokens_details")).get("cached_tokens")),
        output_tokens=count_in(usage.get("completion_tokens")),
    )
