"""Two bots do not share a store: their conversations in one channel would be one."""

import pytest
import structlog

from threadkeep.errors import ConfigError, StoreUnavailableError
from threadkeep_discord.one_bot import claim_store
from threadkeep_emulators.discord import DiscordEmulator


async def test_a_store_that_has_the_conversations_of_another_bot_is_refused(shared, connect, guild):
    await connect(shared=shared)
    async with DiscordEmulator(seed=99, bot_name="other") as elsewhere:
        refusal = await refused(connect, shared, elsewhere)
    assert "another Discord bot, @keeper (application " in refusal
    assert "Give @other a store of its own" in refusal


async def refused(connect, shared, elsewhere):
    with pytest.raises(ConfigError) as refusal:
        await connect(shared=shared, token=elsewhere.bot.token, api_url=elsewhere.api_url)
    return str(refusal.value)


async def test_the_processes_of_one_bot_share_theirs(shared, connect, guild):
    await connect(shared=shared)
    await connect(None, shared=shared)


async def test_a_bot_comes_back_to_its_store_after_months(shared):
    await claim_store(shared, application_id=1, name="keeper")
    shared.now += 300 * 86_400
    with pytest.raises(ConfigError):
        await claim_store(shared, application_id=2, name="other")
    await claim_store(shared, application_id=1, name="keeper")
    shared.now += 401 * 86_400
    await claim_store(shared, application_id=2, name="other")


async def test_a_bot_that_replaces_another_one_says_so_and_has_its_store(shared):
    await claim_store(shared, application_id=1, name="keeper")
    with pytest.raises(ConfigError, match="DISCORD_REPLACES"):
        await claim_store(shared, application_id=2, name="other", replaces=3)
    await claim_store(shared, application_id=2, name="other", replaces=1)
    await claim_store(shared, application_id=2, name="other", replaces=1)
    with pytest.raises(ConfigError, match="@other"):
        await claim_store(shared, application_id=1, name="keeper")


async def test_a_store_that_is_away_holds_up_no_start(shared):
    shared.failures = [StoreUnavailableError("down")]
    with structlog.testing.capture_logs() as logs:
        await claim_store(shared, application_id=1, name="keeper")
    assert [entry["event"] for entry in logs] == ["discord_store_not_claimed"]
