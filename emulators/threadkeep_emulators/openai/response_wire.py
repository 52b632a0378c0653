"""The answers of ``POST /v1/responses``: one object, or a stream of named events.

Documented at https://platform.openai.com/docs/api-reference/responses/object and .../responses-streaming.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType

from .answers import Answer, ToolCall, Usage
from .conversation import ModelRequest
from .events import ServerEvent
from .ids import IdSource
from .payloads import JsonObject

_ECHOED: Mapping[str, object] = MappingProxyType(
    {
        "background": False,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }
)
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponseWriter:
    """Write one answer in the shapes of responses.

    Args:
        request: The request that is answered.
        answer: What the model says.
        usage: What it cost.
        ids: Where ids come from.
        created: When it was made, in whole seconds.
    """

    def __init__(self, *, request: ModelRequest, answer: Answer, usage: Usage, ids: IdSource, created: int) -> None:
        self._answer = answer
        self._usage = usage
        self._created = created
        self._numbers = count()
        echoed = {key: request.body.get(key) for key in _ECHOED if request.body.get(key) is not None}
        self.response_id = ids.new("resp_", length=48)
        self._head: JsonObject = {
            "id": self.response_id,
            "object": "response",
            "created_at": created,
            "model": request.model,
            **_ECHOED,
            **echoed,
        }
        self._message_id = ids.new("msg_", length=48)
        self._calls = [
            (call, ids.new("fc_", length=48), call.call_id or ids.new("call_")) for call in answer.tool_calls
        ]
        self._has_message = bool(answer.content or answer.refusal is not None or not self._calls)

    def whole(self) -> JsonObject:
        """Give the answer as one ``response`` object."""
        return self._response(self._final_status, self.output())

    def output(self) -> list[JsonObject]:
        """Give the output items, as a later request continues them."""
        items: list[JsonObject] = []
        if self._has_message:
            items.append(self._message(self._final_status, [self._part(self._said)]))
        return items + [self._call(call, item_id, call_id, "completed") for call, item_id, call_id in self._calls]

    def events(self) -> Iterator[ServerEvent]:
        """Give the answer as a stream, from ``response.created`` to the event that ends it."""
        yield self._event("response.created", response=self._response("in_progress", []))
        yield self._event("response.in_progress", response=self._response("in_progress", []))
        if self._has_message:
            yield from self._message_events()
        first_call = 1 if self._has_message else 0
        for output_index, (call, item_id, call_id) in enumerate(self._calls, start=first_call):
            yield from self._call_events(output_index, call, item_id, call_id)
        yield self._event(f"response.{self._final_status}", response=self.whole())

    def failure(self) -> Iterator[ServerEvent]:
        """Give the events that break a stream off with an error."""
        error = self._answer.failure
        yield self._event("error", code=error.code or error.kind, message=error.message, param=None)
        failed = self._response("failed", [])
        failed["error"] = {"code": error.code or error.kind, "message": error.message}
        yield self._event("response.failed", response=failed)

    @property
    def _final_status(self) -> str:
        return "incomplete" if self._answer.finish in _INCOMPLETE else "completed"

    @property
    def _said(self) -> str:
        return self._answer.content if self._answer.refusal is None else self._answer.refusal

    def _message_events(self) -> Iterator[ServerEvent]:
        place: JsonObject = {"item_id": self._message_id, "output_index": 0, "content_index": 0}
        is_refusal = self._answer.refusal is not None
        kind, key = ("refusal", "refusal") if is_refusal else ("output_text", "text")
        extra: JsonObject = {} if is_refusal else {"logprobs": []}
        opened = self._message("in_progress", [])
        yield self._event("response.output_item.added", output_index=0, item=opened)
        yield self._event("response.content_part.added", **place, part=self._part(""))
        pieces = self._answer.cut(self._said) if is_refusal else self._answer.pieces()
        for piece in pieces:
            yield self._event(f"response.{kind}.delta", **place, delta=piece, **extra)
        yield self._event(f"response.{kind}.done", **place, **{key: self._said}, **extra)
        yield self._event("response.content_part.done", **place, part=self._part(self._said))
        closed = self._message(self._final_status, [self._part(self._said)])
        yield self._event("response.output_item.done", output_index=0, item=closed)

    def _call_events(self, output_index: int, call: ToolCall, item_id: str, call_id: str) -> Iterator[ServerEvent]:
        place: JsonObject = {"item_id": item_id, "output_index": output_index}
        opened = self._call(ToolCall(name=call.name, arguments=""), item_id, call_id, "in_progress")
        yield self._event("response.output_item.added", output_index=output_index, item=opened)
        for piece in self._answer.cut(call.arguments):
            yield self._event("response.function_call_arguments.delta", **place, delta=piece)
        yield self._event("response.function_call_arguments.done", **place, arguments=call.arguments, name=call.name)
        closed = self._call(call, item_id, call_id, "completed")
        yield self._event("response.output_item.done", output_index=output_index, item=closed)

    def _event(self, kind: str, **fields: object) -> ServerEvent:
        return ServerEvent({"type": kind, "sequence_number": next(self._numbers), **fields}, kind)

    def _response(self, status: str, output: list[JsonObject]) -> JsonObject:
        is_over = status in {"completed", "incomplete"}
        reason = _INCOMPLETE.get(self._answer.finish) if status == "incomplete" else None
        return {
            **self._head,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "completed_at": self._created if status == "completed" else None,
            "output": output,
            "usage": response_usage(self._usage) if is_over and self._answer.has_usage else None,
        }

    def _message(self, status: str, content: list[JsonObject]) -> JsonObject:
        return {
            "id": self._message_id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _part(self, text: str) -> JsonObject:
        if self._answer.refusal is not None:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _call(self, call: ToolCall, item_id: str, call_id: str, status: str) -> JsonObject:
        return {
            "id": item_id,
            "type": "function_call",
            "status": status,
            "call_id": call_id,
            "name": call.name,
            "arguments": call.arguments,
        }


def response_usage(usage: Usage) -> JsonObject:
    """Give a usage in the shape of responses."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
