"""Slack, Discord and a language model on this machine, with a few people in them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from threadkeep_emulators.discord import DiscordEmulator
from threadkeep_emulators.openai import OfflineModel, OpenAIEmulator
from threadkeep_emulators.slack import SlackEmulator, Workspace

SLACK_WORKSPACE = "Acme"
DISCORD_GUILD = "Club"
BOT_NAME = "Keeper"
WORD_SECONDS = 0.03
"""How fast the offline model writes, so that a reply can be watched while it streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPlatforms:
    """The running emulators.

    Attributes:
        slack: The Slack emulator.
        workspace: Its workspace, in which the bot is installed.
        discord: The Discord emulator.
        openai: The emulated model server; None where a real one is used.
        environ: The variables with which a bot finds them.
    """

    slack: SlackEmulator
    workspace: Workspace
    discord: DiscordEmulator
    openai: OpenAIEmulator | None
    environ: Mapping[str, str]


@asynccontextmanager
async def local_platforms(*, has_own_model: bool) -> AsyncIterator[LocalPlatforms]:
    """Start the emulators on free ports of this machine and stop them at the end.

    Args:
        has_own_model: Whether a real model server is set up, so that none is emulated.
    """
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackEmulator())
        discord = await stack.enter_async_context(DiscordEmulator(bot_name=BOT_NAME))
        workspace = slack.workspace(SLACK_WORKSPACE, bot_name=BOT_NAME)
        environ = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DISCORD_BOT_TOKEN": discord.bot.token,
            "DISCORD_API_URL": discord.api_url,
        }
        openai = None
        if not has_own_model:
            openai = await stack.enter_async_context(OpenAIEmulator(offline=OfflineModel(delay=WORD_SECONDS)))
            environ |= {"OPENAI_BASE_URL": openai.url, "OPENAI_API_KEY": openai.api_key}
        yield LocalPlatforms(slack=slack, workspace=workspace, discord=discord, openai=openai, environ=environ)
