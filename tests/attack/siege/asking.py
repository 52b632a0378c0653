"""A platform on which a bot asks people: what it shows goes into a file that only grows."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from threadkeep import Agent, RunContext, tool
from threadkeep.chat.adapter import Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.elements import Elements
from threadkeep.chat.events import ActionPressed, MessageReceived, Place, PlaceKind
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import Model, ModelAnswer, ModelEvent, ModelSettings, ToolSpec, Usage
from threadkeep.sessions import MessageKey, SessionKey, UserKey

_LIMITS = ReplyLimits(part_length=10_000, measure=len, edit_interval=0.1, has_elements=True)
SESSION = SessionKey(platform="asking", workspace="town", channel="c")
_ANN = UserKey(platform="asking", workspace="town", user="ann")


def question() -> MessageReceived:
    """Give what Ann says."""
    return MessageReceived(
        key=MessageKey(platform="asking", workspace="town", channel="c", message="1"),
        place=Place(session=SESSION, kind=PlaceKind.DIRECT),
        user=_ANN,
        speaker="Ann",
        text="note it",
    )


def command() -> MessageReceived:
    """Give the command that Ann gives while the bot waits for her."""
    key = MessageKey(platform="asking", workspace="town", channel="c", message="2")
    return replace(question(), key=key, text="!help", command="help")


def press(button: Mapping[str, str]) -> ActionPressed:
    """Give what happens when Ann presses a button."""
    revision = f"{button['action']}-{button['value']}"
    return ActionPressed(
        key=MessageKey(platform="asking", workspace="town", channel="c", message="reply", revision=revision),
        place=Place(session=SESSION, kind=PlaceKind.DIRECT),
        user=_ANN,
        speaker="Ann",
        action=button["action"],
        value=button["value"],
        label=button["label"],
    )


class AskingModel:
    """Calls two tools side by side, of which one needs an approval and one asks, and then says what they gave."""

    id = "asking"

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        results = [message.content for message in messages if message.role is Role.TOOL]
        calls = (
            ToolCall(id="1", name="note", arguments='{"text": "x"}'),
            ToolCall(id="2", name="pick", arguments="{}"),
        )
        said = (
            Message(role=Role.ASSISTANT, content=" ".join(results))
            if results
            else Message(role=Role.ASSISTANT, content="I note it.", tool_calls=calls)
        )
        yield ModelAnswer(message=said, usage=Usage(), finish_reason="stop")

    async def prepare(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def make_agent(model: Model, notes: str) -> Agent:
    """Give the agent, whose tool has an effect outside: a line in a file."""

    @tool(requires_approval=True)
    async def note(text: str) -> str:
        """Write something down."""
        descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{text}\n".encode())
        os.close(descriptor)
        return "noted"

    async def pick(context: RunContext) -> str:
        """Pick."""
        context.state["picked"] = True
        return await context.ask("Which?", choices=["a", "b"])

    return Agent(model=model, tools=[note, pick])


class AskingPoster:
    """Keeps each post and edit as a line; after a death it looks first whether the post stands."""

    def __init__(self, path: str, request: ReplyRequest) -> None:
        self._path = path
        self._request = request

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        message_id = f"{self._request.run_id}/{part}"
        if not (self._request.is_retry and message_id in [line["id"] for line in read_lines(self._path)]):
            self._write("post", message_id, text, elements)
        return message_id

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        self._write("edit", message_id, text, elements)

    async def remove(self, message_id: str) -> None:
        raise AssertionError("there is nothing to remove")

    def _write(self, call: str, message_id: str, text: str, elements: Elements) -> None:
        buttons = [{"action": one.action, "label": one.label, "value": getattr(one, "value", "")} for one in elements]
        line = {"call": call, "id": message_id, "text": text, "buttons": buttons}
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, json.dumps(line).encode() + b"\n")
        os.close(descriptor)


def read_lines(path: str) -> list[dict[str, Any]]:
    """Read what was shown, oldest first."""
    file = Path(path)
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


@dataclass
class AskingAdapter:
    """The adapter of that platform, for a worker.

    Attributes:
        path: The file of what is shown.
    """

    path: str
    name: str = "asking"
    description: str = "a file"
    _never: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> None:
        return None

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        pass

    async def wait_closed(self) -> None:
        await self._never.wait()

    async def stop(self) -> None:
        pass

    def open_reply(self, request: ReplyRequest) -> Reply:
        return EditingReply(request, AskingPoster(self.path, request), _LIMITS)
