"""The Responses endpoint, OpenAI's own; each request carries the whole conversation and nothing is kept there.

Documented at https://platform.openai.com/docs/api-reference/responses/create.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from threadkeep.messages import Message, Role
from threadkeep.models.answering import Assembler
from threadkeep.models.base import Media, ModelSettings, ToolSpec
from threadkeep.models.media import response_content
from threadkeep.models.openai_model import OpenAIModel
from threadkeep.models.output import described, output_format
from threadkeep.models.payloads import JsonObject
from threadkeep.models.response_answer import ResponseAnswer
from threadkeep.models.wire_text import wire_arguments, wire_call_id, wire_name


class OpenAIResponses(OpenAIModel):
    """A model on the Responses endpoint, for OpenAI itself.

    Reasoning effort and the like go through ``extra_body={"reasoning": {"effort": "low"}}``.
    """

    path: ClassVar[str] = "/responses"
    carries: ClassVar[frozenset[Media]] = frozenset({"image", "pdf"})

    def _body(self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings) -> JsonObject:
        messages = described(messages, settings.output, self.json_mode)
        text = output_format(settings.output, self.json_mode)
        system = [message.content for message in messages if message.role is Role.SYSTEM]
        return {
            "model": self.id,
            "instructions": "\n\n".join(system) or None,
            "input": [item for message in messages for item in _items(message)],
            "tools": [_tool(tool) for tool in tools] or None,
            "temperature": settings.temperature,
            "max_output_tokens": settings.max_output_tokens,
            "text": None if text is None else {"format": text},
            "store": False,
            "stream": True if settings.is_streamed else None,
        }

    def _assembler(self) -> Assembler:
        return ResponseAnswer()


def _items(message: Message) -> Iterator[JsonObject]:
    match message.role:
        case Role.SYSTEM:
            return
        case Role.TOOL:
            call_id = wire_call_id(message.tool_call_id)
            yield {"type": "function_call_output", "call_id": call_id, "output": response_content(message)}
        case Role.USER:
            yield {"type": "message", "role": "user", "content": response_content(message)}
        case Role.ASSISTANT:
            if message.content or not message.tool_calls:
                yield {"type": "message", "role": "assistant", "content": message.content}
            for call in message.tool_calls:
                yield {
                    "type": "function_call",
                    "call_id": wire_call_id(call.id),
                    "name": wire_name(call),
                    "arguments": wire_arguments(call),
                }


def _tool(tool: ToolSpec) -> JsonObject:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        # This endpoint is strict unless told otherwise, and then refuses optional parameters.
        "strict": False,
    }
