"""The way of an event from Slack's payload to the sink, in order and bounded."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from pydantic import ValidationError

from threadkeep.chat.adapter import Sink
from threadkeep.chat.events import Addressing
from threadkeep.errors import PlatformError
from threadkeep_slack.directory import LookupCache
from threadkeep_slack.events import addressing_of, is_from_person, is_spoken, people_in, place_of, to_event
from threadkeep_slack.limits import EVENTS_IN_FLIGHT, HAND_OVER_SECONDS, NAME_LOOKUP_SECONDS
from threadkeep_slack.payloads import EventEnvelope, SlackMessage, read_subtype
from threadkeep_slack.turns import Turns
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

_KINDS: Final = frozenset({"channel", "group", "im", "mpim"})


class NotHandedOverError(PlatformError):
    """The sink did not take an event: it must not be acknowledged, so that Slack delivers it again."""


class Intake:
    """Hands what people say to the sink.

    Slack's transports start a task for each event. Messages of one channel still reach the sink in the order in which
    they arrived: each takes its place in the channel's line before it awaits anything. Names are looked up meanwhile,
    and no event waits longer for them than ``NAME_LOOKUP_SECONDS`` from its own arrival.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        workspace: Workspace,
        people: LookupCache,
        conversations: LookupCache,
        is_agent_view: bool = False,
    ) -> None:
        self._sink: Final = sink
        self._workspace: Final = workspace
        self._people: Final = people
        self._conversations: Final = conversations
        self._is_agent_view: Final = is_agent_view
        self._turns: Final = Turns()

    async def accept(self, body: Mapping[str, object]) -> None:
        """Take the outer payload of a ``message`` or ``app_mention`` event.

        Returns when the event may be acknowledged: the sink has it, or it is not for the bot, or it cannot be read.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        arrived = asyncio.get_running_loop().time()
        if not is_spoken(read_subtype(body)):
            return
        envelope = _read(body)
        if envelope is None:
            return
        team = self._workspace.team_of(envelope)
        if team is None:
            _log.warning("slack_event_of_another_workspace", event_id=envelope.event_id, team=envelope.team_id)
            return
        message = envelope.event
        kind = self._kind(message)
        addressing = addressing_of(message, kind or "channel", self._workspace)
        if addressing is None or not is_from_person(message, self._workspace):
            return
        await self._hand_over(message, team=team, kind=kind, addressing=addressing, arrived=arrived)

    async def _hand_over(
        self, message: SlackMessage, *, team: str, kind: str | None, addressing: Addressing, arrived: float
    ) -> None:
        if self._turns.waiting >= EVENTS_IN_FLIGHT:
            raise NotHandedOverError(f"{EVENTS_IN_FLIGHT} events wait for the store already")
        names_until = arrived + NAME_LOOKUP_SECONDS
        people = people_in(message, self._workspace)
        self._people.begin(people)
        if kind is None:
            self._conversations.begin([message.channel])
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS), self._turns.take(message.channel):
                names = await self._people.settle(people, until=names_until)
                if kind is None:
                    kinds = await self._conversations.settle([message.channel], until=names_until)
                    kind = kinds.get(message.channel, "channel")
                place = place_of(message, kind, team=team, is_agent_view=self._is_agent_view)
                event = to_event(message, place=place, addressing=addressing, workspace=self._workspace, names=names)
                acceptance = await self._sink(event)
        except Exception as error:
            # Whatever kept the sink from taking it, Slack delivers again what is not acknowledged.
            raise NotHandedOverError(f"{type(error).__name__}: {error}") from error
        _log.debug("slack_event_handed_over", key=str(event.key), acceptance=acceptance)

    def _kind(self, message: SlackMessage) -> str | None:
        """Give the kind of the conversation if it can be told without asking Slack."""
        if message.channel.startswith("D"):
            return "im"
        if message.channel_type is None:
            return self._conversations.known(message.channel)
        kind = message.channel_type if message.channel_type in _KINDS else "channel"
        self._conversations.remember(message.channel, kind)
        return kind


def _read(body: Mapping[str, object]) -> EventEnvelope | None:
    try:
        return EventEnvelope.model_validate(body)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in detail["loc"]) for detail in error.errors()})
        _log.warning("slack_event_malformed", event_id=event_id_of(body), fields=fields)
        return None


def event_id_of(body: object) -> str:
    """Give the id under which Slack knows a delivery, for the log; empty where there is none."""
    found = body.get("event_id") if isinstance(body, Mapping) else None
    return found[:128] if isinstance(found, str) else ""
