"""A conversation as the model sees it, whichever endpoint it came through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .answers import ToolCall
from .media import described
from .payloads import JsonObject, is_object, object_in, objects_in, text_in

Role = Literal["system", "user", "assistant", "tool"]
Endpoint = Literal["chat.completions", "responses"]
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hold one message of a conversation.

    Attributes:
        role: Who speaks; developer messages count as system messages.
        text: The text parts, joined; other parts leave a mark such as ``[an image of 12x10 pixels]``.
        name: The ``name`` field of a chat message.
        tool_calls: The calls that an assistant's message asks for.
        call_id: The call that a tool's message answers.
        seen: What its images, files and audio are.
    """

    role: Role
    text: str
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """Hold one function that the request offers to the model."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """Hold a checked request in the form that scripts and the offline model read.

    Attributes:
        endpoint: The endpoint that was called.
        model: The id of the model.
        turns: The conversation, oldest first, with instructions as a system turn at its head.
        tools: The functions on offer.
        tool_choice: ``auto``, ``none``, ``required``, or the name of the one function to call.
        output_schema: The JSON schema of the answer, ``{}`` for any object, None for plain text.
        max_tokens: The limit on the answer's tokens.
        body: The request's body as it was sent.
        headers: The request's headers.
    """

    endpoint: Endpoint
    model: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolOffer, ...]
    tool_choice: str
    output_schema: JsonObject | None
    max_tokens: int | None
    body: JsonObject
    headers: Mapping[str, str]

    @property
    def last_user_text(self) -> str:
        """Give the text of the newest message of a user, or an empty text."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")


def read_chat(body: JsonObject, headers: Mapping[str, str]) -> ModelRequest:
    """Read a checked body of ``POST /chat/completions``."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    response_format = object_in(body.get("response_format"))
    schema = object_in(object_in(response_format.get("json_schema")).get("schema"))
    tools = [object_in(tool.get("function")) for tool in objects_in(body.get("tools"))]
    return ModelRequest(
        endpoint="chat.completions",
        model=text_in(body.get("model")),
        turns=tuple(_chat_turn(message) for message in objects_in(body.get("messages"))),
        tools=_offers(tools),
        tool_choice=_tool_choice(body.get("tool_choice")),
        output_schema=schema if _wants_json(response_format) else None,
        max_tokens=limit if isinstance(limit, int) else None,
        body=body,
        headers=headers,
    )


def read_response(body: JsonObject, items: Sequence[JsonObject], headers: Mapping[str, str]) -> ModelRequest:
    """Read a checked body of ``POST /responses``.

    Args:
        body: The request's body.
        items: Its input items, led by those of the response that it continues.
        headers: The request's headers.
    """
    instructions = text_in(body.get("instructions"))
    head = (Turn(role="system", text=instructions),) if instructions else ()
    output_format = object_in(object_in(body.get("text")).get("format"))
    limit = body.get("max_output_tokens")
    return ModelRequest(
        endpoint="responses",
        model=text_in(body.get("model")),
        turns=head + tuple(turn for item in items if (turn := _item_turn(item)) is not None),
        tools=_offers([tool for tool in objects_in(body.get("tools")) if tool.get("type") == "function"]),
        tool_choice=_tool_choice(body.get("tool_choice")),
        output_schema=object_in(output_format.get("schema")) if _wants_json(output_format) else None,
        max_tokens=limit if isinstance(limit, int) else None,
        body=body,
        headers=headers,
    )


def input_items(body: JsonObject) -> list[JsonObject]:
    """Give the input items of a body of ``POST /responses``; a plain text is one message of the user."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return objects_in(given)


def content_text(content: object) -> str:
    """Give the text of a message's content, be it a string, an array of parts or nothing."""
    if isinstance(content, str):
        return content
    return "\n".join(_part_text(part) for part in objects_in(content))


def _part_text(part: JsonObject) -> str:
    for key in ("text", "refusal"):
        if isinstance(part.get(key), str):
            return text_in(part[key])
    return f"[{described(part) or text_in(part.get('type'))}]"


def _seen(content: object) -> tuple[str, ...]:
    return tuple(words for part in objects_in(content) if (words := described(part)))


def _chat_turn(message: JsonObject) -> Turn:
    name = message.get("name")
    return Turn(
        role=_ROLES.get(text_in(message.get("role")), "user"),
        text=content_text(message.get("content")),
        name=name if isinstance(name, str) else None,
        tool_calls=tuple(
            _tool_call(object_in(call.get("function")), call.get("id"))
            for call in objects_in(message.get("tool_calls"))
        ),
        call_id=text_in(message.get("tool_call_id")) or None,
        seen=_seen(message.get("content")),
    )


def _item_turn(item: JsonObject) -> Turn | None:
    match item.get("type", "message"):
        case "message":
            role = _ROLES.get(text_in(item.get("role")), "user")
            content = item.get("content")
            return Turn(role=role, text=content_text(content), seen=_seen(content))
        case "function_call":
            return Turn(role="assistant", text="", tool_calls=(_tool_call(item, item.get("call_id")),))
        case "function_call_output":
            call_id = text_in(item.get("call_id"))
            return Turn(role="tool", text=content_text(item.get("output")), call_id=call_id)
        case _:
            return None


def _tool_call(call: JsonObject, call_id: object) -> ToolCall:
    return ToolCall(name=text_in(call.get("name")), arguments=text_in(call.get("arguments")), call_id=text_in(call_id))


def _offers(tools: Sequence[JsonObject]) -> tuple[ToolOffer, ...]:
    return tuple(
        ToolOffer(
            name=text_in(tool.get("name")),
            description=text_in(tool.get("description")),
            parameters=object_in(tool.get("parameters")),
        )
        for tool in tools
    )


def _tool_choice(choice: object) -> str:
    if is_object(choice):
        return text_in(object_in(choice.get("function")).get("name")) or text_in(choice.get("name")) or "auto"
    return text_in(choice) or "auto"


def _wants_json(output_format: JsonObject) -> bool:
    return output_format.get("type") in {"json_object", "json_schema"}
