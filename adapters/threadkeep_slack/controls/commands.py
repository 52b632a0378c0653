"""The way of a slash command to the sink.

https://docs.slack.dev/interactivity/implementing-slash-commands/
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageReceived, Place, StopRequested
from threadkeep.sessions import MessageKey
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.inbound.control_payloads import SlashCommand
from threadkeep_slack.inbound.events import NOW, PLATFORM, place_in, user_key
from threadkeep_slack.inbound.hand_over import Arrival, Findings
from threadkeep_slack.inbound.reading import read
from threadkeep_slack.inbound.stops import STOP_COMMAND, stop_by_command
from threadkeep_slack.inbound.turns import LAST
from threadkeep_slack.limits import NAME_LOOKUP_SECONDS
from threadkeep_slack.text.markup import to_markdown

_STOP: Final = STOP_COMMAND.removeprefix("/")
_OF_A_CONVERSATION: Final = frozenset({"new", "retry", "summary", "usage", _STOP})
"""The commands that mean one conversation."""
_FOR_ALL: Final = frozenset({"new", "retry"})
"""Those that change it, so that all who take part in it see the answer."""
_THERE: Final = "In your last conversation here."
_WHICH: Final = (
    "Which conversation? Slack does not take slash commands in threads, and I have not heard from you here lately: "
    "write `!{name}` into its thread."
)
_STOPPING: Final = "Stopping."
_NOTHING: Final = "Nothing is being answered here."
_WHICH_ANSWER: Final = (
    "Which answer? Put :octagonal_sign: on the question or on the answer, or write `!stop` into its thread."
)
_FULL: Final = "Too much is waiting here already. Please try again in a while."
_CLOCKS_DIFFER: Final = 60.0
"""Messages of this time before a command may still be unheard of, where our clock is fast."""


class SlashCommands:
    """Hands to the sink what people command.

    Slack takes no slash command in a thread, and does not say which conversation one means. It means the one in which
    its author spoke last in that channel, and where it is none of a conversation, the place in which it was given.

    Args:
        tools: What it works with.
        prefix: The one command of the app whose text is the bot's command: ``/keeper``; None where each has its own.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        tools: ControlTools,
        *,
        prefix: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tools: Final = tools
        self._workspace: Final = tools.workspace
        self._prefix: Final = prefix
        self._clock: Final = clock

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take a slash command and give what to tell who sent it at once; empty where the answer follows.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        command = read(SlashCommand, body)
        team = None if command is None else self._workspace.team_pressed_in(command.team_id, command.enterprise_id)
        if command is None or team is None:
            return ""
        name, text = self._meaning(command)
        if name == _STOP:
            return await self._stop(command, team)
        return await self._take(command, name, text, team)

    def _meaning(self, command: SlashCommand) -> tuple[str, str]:
        """Give the name of the bot's command, and what follows it."""
        text = (command.text or "").strip()
        if command.command.lower() != self._prefix:
            return command.command.removeprefix("/").lower(), text
        name, _, rest = text.partition(" ")
        return name.removeprefix("/").removeprefix("!").lower() or "help", rest.strip()

    async def _take(self, command: SlashCommand, name: str, text: str, team: str) -> str:
        sent_at = self._clock()
        message = f"{sent_at - _CLOCKS_DIFFER:.6f}"
        channel, user = command.channel_id, command.user_id
        kind = await self._kind_of(channel)
        place = await self._place(command, name, kind, team, message)
        if place is None:
            return _WHICH.format(name=name)
        is_private = name not in _FOR_ALL
        url = command.response_url if is_private else None

        def write(findings: Findings) -> MessageReceived:
            return MessageReceived(
                key=MessageKey(
                    platform=PLATFORM,
                    workspace=team,
                    channel=channel,
                    message=message,
                    revision=f"command:{user}:{command.trigger_id}",
                ),
                place=place,
                user=user_key(user, self._workspace),
                speaker=findings.names.get(user) or user,
                text=to_markdown(text, bot_user=self._workspace.bot_user, names=findings.names),
                sent_at=sent_at,
                command=name,
                is_private=is_private,
            )

        keep = partial(self._keep, place, user, message, url) if url else None
        arrival = Arrival(channel=channel, rank=LAST, people=(user,), kind=kind, prepare=keep)
        if await self._tools.hand_over.put(arrival, write) is Acceptance.FULL:
            return _FULL
        is_elsewhere = not is_private and self._tools.places.has_threads(kind, NOW)
        return _THERE if is_elsewhere else ""

    async def _stop(self, command: SlashCommand, team: str) -> str:
        channel, user = command.channel_id, command.user_id
        kind = await self._kind_of(channel)
        place = await self._place(command, _STOP, kind, team, None)
        if place is None:
            return _WHICH_ANSWER

        def write(findings: Findings) -> StopRequested:
            return stop_by_command(command, place, findings.names, workspace=self._workspace)

        arrival = Arrival(channel=channel, rank=LAST, people=(user,), kind=kind)
        acceptance = await self._tools.hand_over.put(arrival, write)
        return _NOTHING if acceptance is Acceptance.IGNORED else _STOPPING

    async def _place(self, command: SlashCommand, name: str, kind: str, team: str, message: str | None) -> Place | None:
        thread = None
        if name in _OF_A_CONVERSATION and self._tools.places.has_threads(kind, NOW):
            thread = await self._tools.last_places.find(command.channel_id, command.user_id)
            if thread is None:
                return None
        return place_in(command.channel_id, thread, kind, team=team, reply_to=message)

    async def _kind_of(self, channel: str) -> str:
        kind = self._tools.directory.kind_of(channel)
        if kind is None:
            conversations = self._tools.directory.conversations
            conversations.begin([channel])
            until = asyncio.get_running_loop().time() + NAME_LOOKUP_SECONDS
            kind = (await conversations.settle([channel], until=until)).get(channel)
        return kind or "channel"

    async def _keep(self, place: Place, user: str, message: str, url: str) -> None:
        await self._tools.urls.keep(place.session, user, message, url)
