"""How many messages a second the mailbox alone takes and gives: half of the load, as a process of its own.

Usage: mailbox.py URL PREFIX NUMBER MESSAGES SESSIONS RECORDS; prints the seconds that it took.
"""

import asyncio
import sys
import time

from threadkeep import RedisStore, Run
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.messages import Message, Role
from threadkeep.sessions import MessageKey, SessionKey, UserKey, new_run_id
from threadkeep.stores.base import Claim

TAKERS = 50


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
    question = claim.events[0]
    return Run(
        run_id=claim.run_id,
        session_id=claim.lease.session_id,
        user_id=str(question.user),
        messages=(
            Message(role=Role.USER, content=question.text),
            Message(role=Role.ASSISTANT, content="The capital of France is Paris."),
        ),
        content="The capital of France is Paris.",
        created_at=1.0,
    )


async def accept_all(store: RedisStore, number: int, *, messages: int, sessions: int) -> None:
    """Let all sessions say their messages, each one after the other."""

    async def talk(channel: str, count: int) -> None:
        for index in range(count):
            await store.inbox.accept(message(channel, index))

    await asyncio.gather(*(talk(f"c{number}-{session}", messages // sessions) for session in range(sessions)))


async def answer_all(store: RedisStore, worker: str, answered: list[int], *, total: int, records: bool) -> None:
    """Take sessions and commit a run for each message, until all are answered."""
    while answered[0] < total:
        claim = await store.inbox.claim(worker, run_id=new_run_id(), runs=3)
        if claim is None:
            await store.inbox.wait(0.05)
            continue
        if records:
            await store.inbox.record(claim.lease, {"posted:0": "1795352503.479497", "final": "The capital is Paris."})
        await store.inbox.commit(claim.lease, run_of(claim), consumed=1)
        answered[0] += 1


async def main() -> None:
    """Measure, and print the seconds."""
    url, prefix, number, messages, sessions, records = sys.argv[1:]
    async with RedisStore(url, prefix=prefix) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began = time.perf_counter()
        answered = [0]
        total = int(messages) // int(sessions) * int(sessions)
        takers = (
            answer_all(store, f"{number}-{taker}", answered, total=total, records=records == "1")
            for taker in range(TAKERS)
        )
        await asyncio.gather(
            accept_all(store, int(number), messages=int(messages), sessions=int(sessions)),
            *takers,
        )
        print(time.perf_counter() - began)


asyncio.run(main())
