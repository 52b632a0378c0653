"""What the live bot lacks of what it needs, and where to click."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import discord

from threadkeep.chat.findings import Finding, Verdict
from threadkeep.errors import PlatformError
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.ingress import log_in
from threadkeep_discord.installs.needs import features_of, permissions_for
from threadkeep_discord.installs.servers import ServerCheck
from threadkeep_discord.refusals import ENABLE_CONTENT, calling
from threadkeep_discord.settings import DiscordSettings

_PORTAL: Final = "https://discord.com/developers/applications"
_FEW_STARTS: Final = 100


class Doctor:
    """Look at a bot with the token that is set.

    Args:
        settings: How the bot is connected.
        commands: The slash commands that Discord should list, as far as known.
        has_files: Whether its tools post files.
        guild_id: The only server to look at; None for all.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        *,
        commands: Sequence[str] = (),
        has_files: bool = False,
        guild_id: int | None = None,
    ) -> None:
        self._settings: Final = settings
        self._commands: Final = commands
        self._needs: Final = permissions_for(features_of(settings, has_files=has_files))
        self._guild_id: Final = guild_id

    async def examine(self) -> AsyncIterator[Finding]:
        """Look at everything, in the order in which it is set up."""
        client = DiscordClient(
            message_content=self._settings.message_content,
            allowed_mentions=discord.AllowedMentions.none(),
            api_url=self._settings.api_url,
        )
        try:
            try:
                await log_in(client, self._settings.token.get_secret_value())
            except PlatformError as error:
                yield Finding(verdict=Verdict.MISSING, what="the bot cannot log in", remedy=str(error))
                return
            yield Finding(verdict=Verdict.FINE, what=f"the token works: @{client.user.name if client.user else '?'}")
            for finding in (*self._application(client.application), *self._intents(client.application)):
                yield finding
            async for finding in self._asked(client):
                yield finding
        finally:
            await client.close()

    def _application(self, application: discord.AppInfo | None) -> Iterator[Finding]:
        page = _page(application)
        if application is not None and application.interactions_endpoint_url:
            yield Finding(
                verdict=Verdict.MISSING,
                what="Discord sends commands and presses to an Interactions Endpoint URL, not to the bot",
                remedy=f"empty that field at {page}/information",
            )
        if application is not None and application.bot_require_code_grant:
            yield Finding(
                verdict=Verdict.WANTING,
                what="Requires OAuth2 Code Grant is on: the invite link brings the bot into no server",
                remedy=f"turn it off at {page}/bot",
            )

    def _intents(self, application: discord.AppInfo | None) -> Iterator[Finding]:
        flags = discord.ApplicationFlags() if application is None else application.flags
        is_on = flags.gateway_message_content or flags.gateway_message_content_limited
        is_asked, page = self._settings.message_content, _page(application)
        if is_asked and not is_on:
            what = "the bot asks for the Message Content Intent, which is off: Discord refuses the connection"
            yield Finding(
                verdict=Verdict.MISSING, what=what, remedy=f"turn it on at {page}/bot, or unset DISCORD_MESSAGE_CONTENT"
            )
        elif is_asked:
            yield Finding(verdict=Verdict.FINE, what="the Message Content Intent is on and asked for")
        elif self._settings.rules.needs_content:
            what = "DISCORD_ANSWER_WHEN says `always`, and without the Message Content Intent nothing of it is heard"
            yield Finding(
                verdict=Verdict.MISSING, what=what, remedy=f"{ENABLE_CONTENT}, and set DISCORD_MESSAGE_CONTENT=1"
            )
        else:
            cost = "in threads it hears mentions and replies to it only, and it reads nothing of what was said before"
            yield Finding(verdict=Verdict.FINE, what=f"no privileged intent is asked for: {cost}")
        needless = [
            label
            for label, is_needless in (
                ("Presence Intent", flags.gateway_presence or flags.gateway_presence_limited),
                ("Server Members Intent", flags.gateway_guild_members or flags.gateway_guild_members_limited),
                ("Message Content Intent", is_on and not is_asked),
            )
            if is_needless
        ]
        if needless:
            yield Finding(
                verdict=Verdict.UNSEEN, what=f"on, but never asked for: {', '.join(needless)}", remedy=f"{page}/bot"
            )

    async def _asked(self, client: DiscordClient) -> AsyncIterator[Finding]:
        try:
            yield await self._gateway(client)
            if self._commands:
                yield await self._listed(client)
            async for finding in ServerCheck(client, self._needs).examine(self._guild_id):
                yield finding
        except PlatformError as error:
            yield Finding(verdict=Verdict.MISSING, what="Discord does not tell more", remedy=str(error))

    async def _gateway(self, client: DiscordClient) -> Finding:
        async with calling("ask for the gateway"):
            shards, _, limit = await client.http.get_bot_gateway()
        left, own = limit["remaining"], self._settings.shards
        if own != "auto" and shards > own:
            what = f"Discord recommends {shards} shards, and the bot has {own}"
            return Finding(verdict=Verdict.WANTING, what=what, remedy="set DISCORD_SHARDS=auto")
        what = f"the gateway takes {left} of {limit['total']} new sessions today"
        if left < _FEW_STARTS:
            remedy = "find out what restarts the bot so often: without any left it cannot connect until tomorrow"
            return Finding(verdict=Verdict.WANTING, what=what, remedy=remedy)
        return Finding(verdict=Verdict.FINE, what=what)

    async def _listed(self, client: DiscordClient) -> Finding:
        async with calling("read the commands"):
            known: Any = await client.http.get_global_commands(client.application_id or 0)
        names = {command["name"] for command in known}
        lacking = [f"/{name}" for name in self._commands if name not in names]
        if not lacking:
            return Finding(verdict=Verdict.FINE, what=f"{len(self._commands)} commands of the bot are listed")
        remedy = "the bot lists them when it starts, unless DISCORD_COMMANDS=0"
        return Finding(verdict=Verdict.WANTING, what=f"Discord does not list {', '.join(lacking)}", remedy=remedy)


def _page(application: discord.AppInfo | None) -> str:
    return _PORTAL if application is None else f"{_PORTAL}/{application.id}"
