"""The file of the embedded store is locked or cannot grow: the people get their answers, each once and in order."""

import asyncio
import signal
import sqlite3

import pytest
from siege.talks import LEASE_SECONDS, open_talk

# The starter of the bots lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@pytest.mark.parametrize("platform", ["slack", "discord"])
@pytest.mark.parametrize("is_at_work", [False, True])
async def test_file_that_another_process_locks_for_seconds_delays_the_answer(platform, is_at_work, starter, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=None, thinking=0.5) as talk:
        bot = await talk.start_bot(timeout=0.3)
        await talk.ask()
        await talk.until_answered()
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        try:
            if is_at_work:
                await talk.ask()
                await talk.model.wait_for_requests(talk.asked, timeout=20)
            other.execute("BEGIN EXCLUSIVE")
            await talk.ask()
            await talk.until_logged("another process holds it for too long")
            await asyncio.sleep(2 * LEASE_SECONDS)
            other.execute("ROLLBACK")
        finally:
            other.close()
        await talk.until_answered()
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
@pytest.mark.parametrize("is_at_work", [False, True])
async def test_file_that_cannot_grow_delays_the_answer(platform, is_at_work, starter, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=None, thinking=0.5) as talk:
        bot = await talk.start_bot()
        for _ in range(3):
            # The log is a file too: it stays smaller than the store's.
            await talk.ask()
            await talk.until_answered()
        if is_at_work:
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
        bot.send(signal.SIGUSR1)
        await talk.ask()
        await talk.until_logged("cannot be used")
        await asyncio.sleep(2 * LEASE_SECONDS)
        bot.send(signal.SIGUSR2)
        await talk.until_answered()
        await bot.stop()
        talk.check()
