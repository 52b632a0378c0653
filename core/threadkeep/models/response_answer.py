"""One answer of the Responses endpoint, put together from its events."""

from typing import Final
from uuid import uuid4

from threadkeep.errors import ModelResponseError, ModelUnavailableError
from threadkeep.messages import Message, Role, ToolCall, clean_text
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.models.failures import stream_failure
from threadkeep.models.payloads import JsonObject, count_in, json_text, object_in, objects_in, text_in
from threadkeep.models.sse import TextJoiner

_REASONS: Final = {"max_output_tokens": "length"}
_REFUSAL: Final = "response.refusal.delta"
_TEXT_EVENTS: Final = frozenset({"response.output_text.delta", _REFUSAL})
_UNSEEN_EVENTS: Final = frozenset(
    {
        "response.function_call_arguments.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
    }
)
_END_EVENTS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_BETWEEN_MESSAGES: Final = "\n\n"


class ResponseAnswer:
    """Put one answer together. Items other than messages and function calls are passed over."""

    def __init__(self) -> None:
        self._joiner = TextJoiner()
        self._texts: list[str] = []
        self._message_id: object = None
        self._calls: dict[str, ToolCall] = {}
        self._finish_reason = ""
        self._is_refusal = False
        self._usage = Usage()

    def feed(self, payload: JsonObject) -> str | None:
        """Take one event and give the text that it adds; None if it is no part of an answer.

        Raises:
            ModelError: The event reports a failure.
        """
        kind = payload.get("type")
        if kind in _TEXT_EVENTS:
            self._is_refusal = self._is_refusal or kind == _REFUSAL
            return self._said(text_in(payload.get("delta")), payload.get("item_id"))
        if kind == "response.output_item.done":
            self._keep_call(object_in(payload.get("item")))
        elif kind == "error" or payload.get("error"):
            raise stream_failure(payload.get("error") or payload)
        elif kind in _END_EVENTS:
            self._end(object_in(payload.get("response")))
        return "" if kind in _UNSEEN_EVENTS else None

    def whole(self, payload: JsonObject) -> str:
        """Take an answer that came in one piece and give its text.

        Raises:
            ModelError: It is not an answer, or reports a failure.
        """
        if not isinstance(payload.get("output"), list) and not payload.get("error"):
            raise ModelResponseError("the model server answered without output")
        self._end(payload)
        messages = [item for item in objects_in(payload.get("output")) if item.get("type") == "message"]
        parts = [part for message in messages for part in objects_in(message.get("content"))]
        self._is_refusal = any(text_in(part.get("refusal")) for part in parts)
        return "".join(
            self._said(text_in(part.get("text")) + text_in(part.get("refusal")), message.get("id"))
            for message in messages
            for part in objects_in(message.get("content"))
        )

    def finish(self, *, is_done: bool) -> tuple[str, ModelAnswer]:  # noqa: ARG002 - this endpoint says it by an event
        """Give the text that was held back, and the answer.

        Raises:
            ModelUnavailableError: The answer was cut off.
        """
        if not self._finish_reason:
            raise ModelUnavailableError("the model server cut the answer off before its end")
        rest = self._joiner.finish()
        message = Message(
            role=Role.ASSISTANT, content="".join(self._texts) + rest, tool_calls=tuple(self._calls.values())
        )
        reason = self._finish_reason
        if reason == "stop":
            reason = "tool_calls" if self._calls else "refusal" if self._is_refusal else reason
        return rest, ModelAnswer(message=message, usage=self._usage, finish_reason=reason)

    def _said(self, piece: str, item_id: object) -> str:
        text = self._joiner.push(piece)
        if text:
            if self._texts and item_id != self._message_id:
                text = _BETWEEN_MESSAGES + text
            self._message_id = item_id
            self._texts.append(text)
        return text

    def _keep_call(self, item: JsonObject) -> None:
        if item.get("type") != "function_call":
            return
        call_id = clean_text(text_in(item.get("call_id"))) or f"call_{uuid4().hex}"
        # The end event lists every item again.
        key = text_in(item.get("id")) or call_id
        arguments = clean_text(json_text(item.get("arguments"))) or "{}"
        self._calls.setdefault(
            key, ToolCall(id=call_id, name=clean_text(text_in(item.get("name"))), arguments=arguments)
        )

    def _end(self, response: JsonObject) -> None:
        if response.get("status") == "failed" or response.get("error"):
            raise stream_failure(response.get("error"))
        for item in objects_in(response.get("output")):
            self._keep_call(item)
        reason = text_in(object_in(response.get("incomplete_details")).get("reason"))
        self._finish_reason = _REASONS.get(reason, reason) or "stop"
        usage = object_in(response.get("usage"))
        self._usage = Usage(
            input_tokens=count_in(usage.get("input_tokens")),
            cached_tokens=count_in(object_in(usage.get("input_tokens_details")).get("cached_tokens")),
            output_tokens=count_in(usage.get("output_tokens")),
        )
