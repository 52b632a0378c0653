"""What ``threadkeep slack manifest`` and ``threadkeep slack doctor`` do."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import typer

from threadkeep.chat.desk import BotFacts, Desk
from threadkeep.chat.findings import Finding, findings_json, findings_text, is_healthy
from threadkeep.errors import ConfigError
from threadkeep_slack.agent_view.prompt_settings import PROMPTS, Prompt
from threadkeep_slack.installs.doctor import Doctor
from threadkeep_slack.installs.manifest import build_manifest, offered_commands
from threadkeep_slack.settings import SlackSettings, read_settings


def print_manifest(
    facts: BotFacts,
    *,
    name: str | None,
    url: str | None,
    is_distributed: bool,
    prompts: Sequence[str],
    prefix: str | None = None,
) -> None:
    """Print the manifest of a bot's app as JSON.

    Raises:
        ConfigError: Slack would refuse it, or a prompt cannot be read.
    """
    manifest = build_manifest(
        facts,
        name=name,
        url=url,
        is_distributed=is_distributed,
        prompts=[_read_prompt(prompt) for prompt in prompts] or PROMPTS,
        prefix=prefix,
    )
    typer.echo(json.dumps(manifest, indent=2, ensure_ascii=False))


def run_doctor(desk: Desk, path: Path | None, *, as_json: bool) -> bool:
    """Look at the live app, print what was found, and tell whether nothing is missing.

    Args:
        desk: The command line.
        path: The bot file, whose commands the app should have; None to leave them out.
        as_json: Whether to print for programs.

    Raises:
        ConfigError: Tokens are incomplete or wrong, or none is set.
    """
    settings = read_settings(desk.environment())
    prefix = None if settings is None else settings.command
    commands = () if path is None else offered_commands(desk.describe(path).commands, prefix)
    if settings is None:
        raise ConfigError(
            "no Slack app is set up here: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET), or for "
            "many workspaces SLACK_CLIENT_ID and SLACK_CLIENT_SECRET. Print the app's manifest with: "
            "threadkeep slack manifest my_bot.py"
        )
    findings = asyncio.run(_examine(desk, settings, [command.name for command in commands]))
    typer.echo(findings_json(findings) if as_json else findings_text(findings))
    return is_healthy(findings)


async def _examine(desk: Desk, settings: SlackSettings, commands: Sequence[str]) -> list[Finding]:
    if settings.bot_token is not None:
        return [finding async for finding in Doctor(settings, commands=commands).examine()]
    try:
        store = desk.store()
    except ConfigError:
        # There is no file yet: nobody has installed the app.
        return [finding async for finding in Doctor(settings, commands=commands).examine()]
    async with store as rooms:
        return [finding async for finding in Doctor(settings, rooms, commands=commands).examine()]


def _read_prompt(text: str) -> Prompt:
    title, sign, message = text.partition("=")
    if not sign or not title.strip() or not message.strip():
        raise ConfigError(
            f"--prompt needs a title and a message, such as 'Opening hours=When are you open?', got {text!r}"
        )
    return Prompt(title=title.strip(), message=message.strip())
