"""The link by which somebody brings the bot into their server."""

from collections.abc import Sequence

import discord

from threadkeep_discord.installs.needs import PermissionNeed, combined


def invite_link(
    application_id: int, needs: Sequence[PermissionNeed], *, has_commands: bool, guild_id: int | None = None
) -> str:
    """Give the link with these permissions and no others.

    Args:
        application_id: The bot's application.
        needs: What it needs in the server.
        has_commands: Whether it has slash commands.
        guild_id: The server that is chosen beforehand, if any.
    """
    return discord.utils.oauth_url(
        application_id,
        permissions=combined(needs),
        scopes=("bot", "applications.commands") if has_commands else ("bot",),
        guild=discord.utils.MISSING if guild_id is None else discord.Object(guild_id),
    )
