"""The last steps of an event before the sink: its names, its place, its turn."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from threadkeep.chat.adapter import Acceptance, Sink
from threadkeep.chat.events import Event
from threadkeep.errors import PlatformError, ThreadkeepError
from threadkeep_slack.inbound.directory import Directory, thread_key
from threadkeep_slack.inbound.overlap import Overlap
from threadkeep_slack.inbound.turns import Rank, Turns
from threadkeep_slack.limits import EVENTS_IN_FLIGHT, HAND_OVER_SECONDS, NAME_LOOKUP_SECONDS

_log = structlog.get_logger(__name__)


class NotHandedOverError(PlatformError):
    """The sink did not take an event: it must not be acknowledged, so that Slack delivers it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event, as far as it can be told without asking Slack.

    Attributes:
        channel: The conversation in which it happened; its events are handed over in order.
        rank: When it happened.
        people: The ids whose names it needs.
        kind: The kind of the conversation; None where it must be asked for.
        item: The message to which it happened, where the thread of that message must be asked for.
        prepare: What must be found out before it gets its place.
    """

    channel: str
    rank: Rank
    people: tuple[str, ...]
    kind: str | None
    item: str | None = None
    prepare: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found out about an event meanwhile.

    Attributes:
        names: Names of people by id, as far as they came in time.
        kind: The kind of the conversation.
        thread: The thread of the item: empty if it stands in none, None if it cannot be told.
    """

    names: Mapping[str, str]
    kind: str
    thread: str | None = None


Write = Callable[[Findings], Event | None]
"""Puts an event into the core's vocabulary; None if that cannot be done."""


class HandOver:
    """Hands events to the sink, those of one channel in the order in which they happened.

    Slack's transports start a task for each event, and an event comes over any of several sockets. Each takes its place
    in the channel's line before it awaits anything, and no event waits longer for names than ``NAME_LOOKUP_SECONDS``
    from its own arrival.

    Args:
        sink: Takes the events.
        directory: What people and conversations are called.
        overlap: Tells how long an event waits for earlier ones that come over another socket.
    """

    def __init__(self, sink: Sink, directory: Directory, *, overlap: Overlap | None = None) -> None:
        self._sink: Final = sink
        self._directory: Final = directory
        self._overlap: Final = overlap or Overlap()
        self._turns: Final = Turns()

    async def put(self, arrival: Arrival, write: Write) -> Acceptance | None:
        """Hand an event over and give what became of it; None if ``write`` gave none.

        Raises:
            NotHandedOverError: The sink did not take it.
        """
        if self._turns.waiting >= EVENTS_IN_FLIGHT:
            raise NotHandedOverError(f"{EVENTS_IN_FLIGHT} events wait for the store already")
        names_until = asyncio.get_running_loop().time() + NAME_LOOKUP_SECONDS
        self._begin_lookups(arrival)
        try:
            async with (
                asyncio.timeout(HAND_OVER_SECONDS),
                self._turns.stand(arrival.channel, arrival.rank) as come,
            ):
                if seconds := self._overlap.seconds:
                    await asyncio.sleep(seconds)
                findings = await self._find(arrival, until=names_until)
                await come()
                event = write(self._place(arrival, findings))
                if event is None:
                    return None
                acceptance = await self._sink(event)
        except NotHandedOverError:
            raise
        except ThreadkeepError as error:
            raise NotHandedOverError(f"{type(error).__name__}: {error}") from error
        except Exception as error:
            # Whatever kept the sink from taking it, Slack delivers again what is not acknowledged. What other libraries
            # say of it goes into no log: it may hold what somebody wrote.
            raise NotHandedOverError(type(error).__name__) from error
        _log.debug("slack_event_handed_over", kind=event.kind, key=str(event.key), acceptance=acceptance)
        return acceptance

    def _begin_lookups(self, arrival: Arrival) -> None:
        directory = self._directory
        directory.people.begin(arrival.people)
        if arrival.kind is None:
            directory.conversations.begin([arrival.channel])
        if arrival.item is not None:
            directory.threads.begin([thread_key(arrival.channel, arrival.item)])

    async def _find(self, arrival: Arrival, *, until: float) -> Findings:
        directory = self._directory
        if arrival.prepare is not None:
            await arrival.prepare()
        names = await directory.people.settle(arrival.people, until=until)
        kind = arrival.kind
        if kind is None:
            kinds = await directory.conversations.settle([arrival.channel], until=until)
            kind = kinds.get(arrival.channel, "channel")
        if arrival.item is not None:
            await directory.threads.settle([thread_key(arrival.channel, arrival.item)], until=until)
        return Findings(names=names, kind=kind)

    def _place(self, arrival: Arrival, findings: Findings) -> Findings:
        """Add the thread of the item, which may have been said by the event whose turn was before."""
        if arrival.item is None:
            return findings
        key, threads = thread_key(arrival.channel, arrival.item), self._directory.threads
        thread = threads.known(key)
        if thread is None and threads.is_running(key):
            # Delivered again it finds the answer, for the look-up goes on.
            raise NotHandedOverError("the thread of the message is not known yet")
        return replace(findings, thread=thread)
