"""The Chat Completions endpoint, which every compatible server speaks.

Documented at https://platform.openai.com/docs/api-reference/chat/create.
"""

from collections.abc import Sequence
from typing import ClassVar

from threadkeep.messages import Message, Role
from threadkeep.models.answering import Assembler
from threadkeep.models.base import Media, ModelSettings, ToolSpec
from threadkeep.models.chat_answer import ChatAnswer
from threadkeep.models.media import chat_content, chat_messages
from threadkeep.models.openai_model import OpenAIModel
from threadkeep.models.output import chat_format, described
from threadkeep.models.payloads import JsonObject
from threadkeep.models.wire_text import wire_arguments, wire_call_id, wire_name


class OpenAIChat(OpenAIModel):
    """A model on Chat Completions: OpenAI's, or one on any compatible server.

    ``OpenAIChat(id="gpt-4o-mini")`` needs ``OPENAI_API_KEY``; ``OpenAIChat(id="llama3.2",
    base_url="http://localhost:11434/v1")`` asks a server of one's own.
    """

    path: ClassVar[str] = "/chat/completions"
    carries: ClassVar[frozenset[Media]] = frozenset({"image", "pdf", "audio"})

    def _body(self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings) -> JsonObject:
        return {
            "model": self.id,
            "messages": [
                _message(message) for message in chat_messages(described(messages, settings.output, self.json_mode))
            ],
            "tools": [_tool(tool) for tool in tools] or None,
            "temperature": settings.temperature,
            # Reasoning models refuse the older max_tokens; a server that knows only that one is served by extra_body.
            "max_completion_tokens": settings.max_output_tokens,
            "response_format": chat_format(settings.output, self.json_mode),
            "stream": True if settings.is_streamed else None,
            "stream_options": {"include_usage": True} if settings.is_streamed else None,
        }

    def _assembler(self) -> Assembler:
        return ChatAnswer()


def _message(message: Message) -> JsonObject:
    if message.role is Role.TOOL:
        call_id = wire_call_id(message.tool_call_id)
        return {"role": "tool", "tool_call_id": call_id, "content": message.content}
    if not message.tool_calls:
        return {"role": message.role.value, "content": chat_content(message)}
    calls = [
        {
            "id": wire_call_id(call.id),
            "type": "function",
            "function": {"name": wire_name(call), "arguments": wire_arguments(call)},
        }
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": message.content or None, "tool_calls": calls}


def _tool(tool: ToolSpec) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
