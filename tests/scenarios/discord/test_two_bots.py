"""What breaks in other clients where two bots keep their conversations in one database."""

import pytest
from steps import LONG

from threadkeep import Agent, Bot
from threadkeep.errors import ConfigError
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import DiscordEmulator


@pytest.fixture
def bot(town, store):
    """A bot on a store that it shares with others."""

    def make(discord):
        adapter = DiscordAdapter(discord.bot.token, api_url=discord.api_url)
        return Bot(agent=Agent(model=town.model()), adapters=[adapter], store=store, grace_seconds=5)

    return make


async def test_two_bots_never_share_the_conversation_of_a_channel(town, bot, ann):
    async with bot(town.discord):
        await ann.says(town.lounge, f"{town.discord.bot.mention} my number is 7")
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    async with DiscordEmulator(seed=99, bot_name="other") as elsewhere:
        with pytest.raises(ConfigError, match="the conversations of another Discord bot, @keeper"):
            async with bot(elsewhere):
                pass
    async with bot(town.discord):
        await ann.says(town.lounge, f"{town.discord.bot.mention} hello again")
        await town.lounge.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
