"""Commands that Discord lists, replies that are private, and a sink that answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from threadkeep.chat.adapter import Acceptance, ReplyContent, ReplyRequest
from threadkeep.chat.events import Event
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import DiscordEmulator


async def show(
    adapter: DiscordAdapter, record: Any, event: Event, text: str, run_id: str = "run-1", **fields: Any
) -> None:
    """Finish the reply to an event, as the worker would."""
    request = ReplyRequest(
        place=event.place,
        run_id=run_id,
        posted=dict(record.posted),
        on_posted=record,
        asked_by=event.user,
        is_private=getattr(event, "is_private", False),
    )
    reply = adapter.open_reply(request)
    try:
        await reply.finish(ReplyContent(text=text, is_final=True, **fields))
    finally:
        await reply.aclose()


async def until(look: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(15):
        while not look():  # noqa: ASYNC110 - what is looked at rings no bell
            await asyncio.sleep(0.01)


@pytest.fixture(name="until")
def give_until() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture(name="show")
def give_show() -> Callable[..., Awaitable[None]]:
    return show


@pytest.fixture
async def listed(discord: DiscordEmulator, adapter: DiscordAdapter, until: Any) -> DiscordAdapter:
    """The adapter, when Discord lists its commands."""
    await until(lambda: "stop" in discord.commands)
    return adapter


class Verdict:
    """A sink that answers each event in the same way."""

    def __init__(self, inbox: Any, acceptance: Acceptance) -> None:
        self._inbox = inbox
        self._acceptance = acceptance

    async def __call__(self, event: Event) -> Acceptance:
        await self._inbox(event)
        return self._acceptance


@pytest.fixture
def verdict(inbox: Any) -> Callable[[Acceptance], Verdict]:
    return lambda acceptance: Verdict(inbox, acceptance)
