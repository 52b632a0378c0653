"""The answers of ``POST /v1/chat/completions``: one object, or a stream of chunks.

Documented at https://platform.openai.com/docs/api-reference/chat/object and .../chat-streaming.
"""

from collections.abc import Iterator

from .answers import Answer, ToolCall, Usage
from .conversation import ModelRequest
from .events import ServerEvent
from .ids import IdSource
from .payloads import JsonObject, object_in


class ChatWriter:
    """Write one answer in the shapes of chat completions.

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
        self._ids = ids
        options = object_in(request.body.get("stream_options"))
        self._includes_usage = options.get("include_usage") is True
        self._has_padding = options.get("include_obfuscation") is not False
        self._head: JsonObject = {
            "id": ids.new("chatcmpl-", length=29),
            "created": created,
            "model": request.model,
            "service_tier": "default",
            "system_fingerprint": answer.fingerprint,
        }
        self._calls = [(call, call.call_id or ids.new("call_")) for call in answer.tool_calls]

    def whole(self) -> JsonObject:
        """Give the answer as one ``chat.completion`` object."""
        answer = self._answer
        message: JsonObject = {
            "role": "assistant",
            "content": answer.content if answer.content or not self._has_no_text else None,
            "refusal": answer.refusal,
            "annotations": [],
        }
        if self._calls:
            message["tool_calls"] = [
                {"id": call_id, "type": "function", "function": _function(call.name, call.arguments)}
                for call, call_id in self._calls
            ]
        completion: JsonObject = {
            **self._head,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}],
        }
        if answer.has_usage:
            completion["usage"] = chat_usage(self._usage)
        return completion

    def events(self) -> Iterator[ServerEvent]:
        """Give the answer as a stream: the role, the deltas, the finish reason, the usage and the end mark."""
        first: JsonObject = {"role": "assistant", "content": None if self._has_no_text else "", "refusal": None}
        yield self._chunk(first)
        for piece in self._answer.pieces():
            yield self._chunk({"content": piece})
        for piece in self._answer.cut(self._answer.refusal or ""):
            yield self._chunk({"refusal": piece})
        for index, (call, call_id) in enumerate(self._calls):
            yield from self._call_chunks(index, call, call_id)
        yield self._chunk({}, finish_reason=self._answer.finish)
        if self._includes_usage and self._answer.has_usage:
            chunk: JsonObject = {**self._head, "object": "chat.completion.chunk", "choices": []}
            yield ServerEvent(self._padded({**chunk, "usage": chat_usage(self._usage)}))
        yield ServerEvent("[DONE]")

    def failure(self) -> Iterator[ServerEvent]:
        """Give the event that breaks a stream off with an error."""
        yield ServerEvent({"error": self._answer.failure.error})

    @property
    def _has_no_text(self) -> bool:
        return not self._answer.content and (bool(self._calls) or self._answer.refusal is not None)

    def _call_chunks(self, index: int, call: ToolCall, call_id: str) -> Iterator[ServerEvent]:
        opening: JsonObject = {"index": index, "id": call_id, "type": "function"}
        yield self._chunk({"tool_calls": [{**opening, "function": _function(call.name, "")}]})
        for piece in self._answer.cut(call.arguments):
            if self._answer.repeats_tool_names:
                delta: JsonObject = {**opening, "function": _function(call.name, piece)}
            else:
                delta = {"index": index, "function": {"arguments": piece}}
            yield self._chunk({"tool_calls": [delta]})

    def _chunk(self, delta: JsonObject, finish_reason: str | None = None) -> ServerEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk: JsonObject = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        if self._includes_usage:
            chunk["usage"] = None
        return ServerEvent(self._padded(chunk))

    def _padded(self, chunk: JsonObject) -> JsonObject:
        return {**chunk, "obfuscation": self._ids.padding()} if self._has_padding else chunk


def chat_usage(usage: Usage) -> JsonObject:
    """Give a usage in the shape of chat completions."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _function(name: str, arguments: str) -> JsonObject:
    return {"name": name, "arguments": arguments}
