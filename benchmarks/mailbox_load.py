"""How many messages a second the mailbox alone takes and gives: part of the load, as a process of its own.

Usage: mailbox_load.py URL PREFIX MESSAGES SESSIONS AT_ONCE RECORDS; prints the seconds that it took, and the CPU
seconds of it.
"""

import asyncio
import gc
import sys
import time

from threadkeep import RedisStore, Run
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.messages import Message, Role
from threadkeep.sessions import MessageKey, SessionKey, UserKey, new_run_id
from threadkeep.stores.base import Claim

TAKERS = 50
PLATFORMS = frozenset({"bench"})


def message(channel: str, number: int) -> MessageReceived:
    """Give the n-th message of a channel."""
    session = SessionKey(platform="bench", workspace="town", channel=channel)
    return MessageReceived(
        key=MessageKey(platform="bench", workspace="town", channel=channel, message=f"{number:06d}"),
        place=Place(session=session, kind=PlaceKind.DIRECT),
        user=UserKey(platform="bench", workspace="town", user="ann"),
        speaker="Ann",
        text="What is the capital of France?",
        sent_at=1.0,
    )


def run_of(claim: Claim) -> Run:
    """Give the run of an agent that answers at once."""
    return Run(
        run_id=claim.run_id,
        session_id=claim.lease.session_id,
        user_id=str(claim.events[0].user),
        messages=(
            *(Message(role=Role.USER, content=question.text) for question in claim.events),
            Message(role=Role.ASSISTANT, content="The capital of France is Paris."),
        ),
        content="The capital of France is Paris.",
        created_at=1.0,
    )


class Part:
    """Part of the load: sessions that each say the next thing when the last one is answered, and who answers them.

    Args:
        store: The mailbox.
        messages: How many there are in all.
        sessions: How many sessions say them.
        at_once: How many messages each says before it waits for their answer.
        records: Whether a step of each run is recorded.
    """

    def __init__(self, store: RedisStore, *, messages: int, sessions: int, at_once: int, records: bool) -> None:
        self._inbox = store.inbox
        self._each = messages // sessions // at_once * at_once
        self._at_once = at_once
        self._records = records
        self._unanswered = {f"c{session}": 0 for session in range(sessions)}
        self._answered = {channel: asyncio.Event() for channel in self._unanswered}
        self._left = self._each * sessions

    async def play(self) -> None:
        """Say and answer everything."""
        takers = (self._take(f"worker-{number}") for number in range(TAKERS))
        await asyncio.gather(*takers, *(self._talk(channel) for channel in self._answered))

    async def _talk(self, channel: str) -> None:
        for first in range(0, self._each, self._at_once):
            self._answered[channel].clear()
            self._unanswered[channel] = self._at_once
            said = (self._inbox.accept(message(channel, first + index)) for index in range(self._at_once))
            await asyncio.gather(*said)
            await self._answered[channel].wait()

    async def _take(self, worker: str) -> None:
        while self._left > 0:
            claim = await self._inbox.claim(worker, run_id=new_run_id(), runs=3, platforms=PLATFORMS)
            if claim is None:
                await self._inbox.wait(0.05)
                continue
            if self._records:
                steps = {"posted:0": "1795352503.479497", "final": "The capital of France is Paris."}
                await self._inbox.record(claim.lease, steps)
            count, channel = len(claim.events), claim.events[0].place.session.channel
            await self._inbox.commit(claim.lease, run_of(claim), consumed=count)
            self._left -= count
            self._unanswered[channel] -= count
            if not self._unanswered[channel]:
                self._answered[channel].set()


async def main() -> None:
    """Measure, and print the seconds and the CPU seconds."""
    url, prefix, messages, sessions, at_once, records = sys.argv[1:]
    async with RedisStore(url, prefix=prefix) as store:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        gc.collect()
        gc.freeze()  # as ``threadkeep run`` does
        began, cpu_began = time.perf_counter(), time.process_time()
        load = {"messages": int(messages), "sessions": int(sessions), "at_once": int(at_once)}
        await Part(store, **load, records=records == "1").play()
        print(time.perf_counter() - began, time.process_time() - cpu_began)


asyncio.run(main())
