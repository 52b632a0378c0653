"""What ``threadkeep discord invite`` and ``threadkeep discord doctor`` do."""

import asyncio
from dataclasses import replace
from pathlib import Path

import discord
import typer

from threadkeep.chat.desk import Desk
from threadkeep.chat.findings import Finding, findings_json, findings_text, is_healthy
from threadkeep.errors import ConfigError
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.ingress import log_in
from threadkeep_discord.installs.doctor import Doctor
from threadkeep_discord.installs.invite import invite_link
from threadkeep_discord.installs.needs import features_of, permissions_for
from threadkeep_discord.settings import DiscordSettings, read_settings


def print_invite(
    desk: Desk, path: Path, *, opens_threads: bool | None, has_files: bool, guild_id: int | None = None
) -> None:
    """Print the link that invites a bot, and beside it what it asks for and why.

    Args:
        desk: The command line.
        path: The bot file.
        opens_threads: Whether questions get threads; None for what the settings say.
        has_files: Whether tools post files.
        guild_id: The server that is chosen beforehand.

    Raises:
        ConfigError: The bot file cannot be run, or no token is set.
        PlatformError: Discord does not say which application the token belongs to.
    """
    settings = _settings(desk)
    facts = desk.describe(path)
    if opens_threads is not None:
        settings = replace(settings, reply_in="thread" if opens_threads else "place")
    needs = permissions_for(features_of(settings, has_files=has_files))
    application_id = asyncio.run(_application_id(settings))
    typer.echo(invite_link(application_id, needs, has_commands=settings.commands, guild_id=guild_id))
    # The link alone is the output, so that it can be handed to another program.
    typer.echo(f"\n{facts.name} asks for:", err=True)
    for need in needs:
        typer.echo(f"  {need.label}: {need.why}", err=True)


def run_doctor(desk: Desk, path: Path | None, *, has_files: bool, guild_id: int | None, as_json: bool) -> bool:
    """Look at the live bot, print what was found, and tell whether nothing is missing.

    Args:
        desk: The command line.
        path: The bot file, whose commands Discord should list; None to leave them out.
        has_files: Whether tools post files.
        guild_id: The only server to look at; None for all.
        as_json: Whether to print for programs.

    Raises:
        ConfigError: No token is set, or a setting is wrong.
    """
    settings = _settings(desk)
    commands = [] if path is None or not settings.commands else [one.name for one in desk.describe(path).commands]
    doctor = Doctor(settings, commands=commands, has_files=has_files, guild_id=guild_id)
    findings = asyncio.run(_all(doctor))
    typer.echo(findings_json(findings) if as_json else findings_text(findings))
    return is_healthy(findings)


async def _all(doctor: Doctor) -> list[Finding]:
    return [finding async for finding in doctor.examine()]


async def _application_id(settings: DiscordSettings) -> int:
    client = DiscordClient(
        message_content=False, allowed_mentions=discord.AllowedMentions.none(), api_url=settings.api_url
    )
    try:
        await log_in(client, settings.token.get_secret_value())
        return client.application_id or 0
    finally:
        await client.close()


def _settings(desk: Desk) -> DiscordSettings:
    settings = read_settings(desk.environment())
    if settings is None:
        raise ConfigError(
            "no Discord bot is set up here: make one at https://discord.com/developers/applications (New Application, "
            "then Bot, Reset Token) and set DISCORD_BOT_TOKEN."
        )
    return settings
