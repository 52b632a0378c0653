"""The app's manifest: what Slack is told of the app, as its settings pages would be filled in.

https://docs.slack.dev/reference/app-manifest
"""

from collections.abc import Collection, Sequence
from typing import Final, NotRequired, TypedDict
from urllib.parse import urlsplit

from threadkeep.chat.desk import BotFacts, CommandFacts
from threadkeep.errors import ConfigError
from threadkeep_slack.agent_view.prompt_settings import PROMPTS, Prompt
from threadkeep_slack.controls.shortcuts import ASK_ABOUT, ASK_NEW
from threadkeep_slack.inbound.stops import STOP_COMMAND
from threadkeep_slack.installs.manifest_rules import check_manifest, cut
from threadkeep_slack.installs.needs import EVERYTHING, Feature, events_for, scopes_for
from threadkeep_slack.installs.oauth import REDIRECT_PATH
from threadkeep_slack.transport.requests import PATH

RESERVED: Final = frozenset({
    "active", "apps", "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback", "help",
    "invite", "invite_people", "join", "keys", "kick", "leave", "me", "msg", "mute", "open", "part", "prefs", "remind",
    "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "topic", "who",
})  # fmt: skip
"""Slash commands of Slack's own: people write those of ours with an exclamation mark."""

_DESCRIPTION: Final = "Answers questions in threads, channels and direct messages."
_STOP: Final = CommandFacts(name=STOP_COMMAND.removeprefix("/"), help="Stops the answer that is being written here.")


_SHORTCUTS: Final = (
    {
        "name": "Ask about this",
        "type": "message",
        "callback_id": ASK_ABOUT,
        "description": "Asks a question about a message, in its thread",
    },
    {
        "name": "New question",
        "type": "global",
        "callback_id": ASK_NEW,
        "description": "Asks a question in direct messages",
    },
)


class AgentView(TypedDict):
    """The app as an agent."""

    agent_description: str
    suggested_prompts: list[Prompt]


class SlashCommandEntry(TypedDict):
    """A slash command; ``url`` only where events come over HTTP."""

    command: str
    description: str
    usage_hint: NotRequired[str]
    should_escape: bool
    url: NotRequired[str]


class Manifest(TypedDict):
    """A manifest; its parts are named as Slack names them."""

    _metadata: dict[str, int]
    display_information: dict[str, str]
    features: dict[str, object]
    oauth_config: dict[str, object]
    settings: dict[str, object]


def build_manifest(
    facts: BotFacts,
    *,
    name: str | None = None,
    url: str | None = None,
    is_distributed: bool = False,
    features: Collection[Feature] = EVERYTHING,
    prompts: Sequence[Prompt] = PROMPTS,
    prefix: str | None = None,
) -> Manifest:
    """Build the manifest of a bot's app.

    Args:
        facts: What its file says of it.
        name: What the app is called; the bot's name if not said.
        url: The public address of the bot, for events over HTTP; None for Socket Mode.
        is_distributed: Whether many workspaces install it by OAuth.
        features: What the bot may do.
        prompts: What is suggested to people, at most four.
        prefix: The one slash command of the app, such as ``/keeper``; None for one for each command of the bot.

    Raises:
        ConfigError: Slack would refuse it; the message says what and why.
    """
    if url is not None and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
        raise ConfigError(f"--url must begin with https://: Slack sends events to no other address, got {url!r}")
    if is_distributed and url is None:
        raise ConfigError(
            "an app that workspaces install by OAuth needs --url: Slack sends people's browsers back there"
        )
    base = None if url is None else url.rstrip("/")
    title = name or facts.name
    description = facts.description or _DESCRIPTION
    manifest = Manifest(
        _metadata={"major_version": 2, "minor_version": 1},
        display_information={"name": title, "description": cut(description, 140)},
        features=_features(
            title, description, offered_commands(facts.commands, prefix), base, features=features, prompts=prompts
        ),
        oauth_config=_oauth(base if is_distributed else None, features),
        settings=_settings(base, features, is_distributed=is_distributed),
    )
    check_manifest(manifest)
    return manifest


def offered_commands(commands: Sequence[CommandFacts], prefix: str | None = None) -> list[CommandFacts]:
    """Give the slash commands of a bot's app.

    They are ``stop`` and all commands of the bot that Slack does not keep for itself, or one, after which all of them
    stand.

    Args:
        commands: The commands of the bot.
        prefix: The one slash command, such as ``/keeper``; None for the others.
    """
    if prefix is not None:
        names = ", ".join([_STOP.name, *(command.name for command in commands)])
        return [CommandFacts(name=prefix.removeprefix("/"), help=f"Does one of: {names}.", takes="COMMAND")]
    return [_STOP, *(command for command in commands if command.name not in RESERVED | {_STOP.name})]


def _features(
    title: str,
    description: str,
    commands: Sequence[CommandFacts],
    base: str | None,
    *,
    features: Collection[Feature],
    prompts: Sequence[Prompt],
) -> dict[str, object]:
    found: dict[str, object] = {
        "app_home": {
            "home_tab_enabled": Feature.HOME in features,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": title, "always_online": True},
    }
    if Feature.AGENT in features:
        found["agent_view"] = AgentView(agent_description=cut(description, 300), suggested_prompts=[*prompts])
    if Feature.COMMANDS in features:
        found["slash_commands"] = [_slash_command(command, base) for command in commands]
        found["shortcuts"] = [dict(shortcut) for shortcut in _SHORTCUTS]
    return found


def _slash_command(command: CommandFacts, base: str | None) -> SlashCommandEntry:
    entry = SlashCommandEntry(command=f"/{command.name}", description=cut(command.help, 2000), should_escape=False)
    if command.takes:
        entry["usage_hint"] = cut(command.takes, 1000)
    if base is not None:
        entry["url"] = f"{base}{PATH}"
    return entry


def _oauth(base: str | None, features: Collection[Feature]) -> dict[str, object]:
    scopes: dict[str, object] = {"scopes": {"bot": [need.scope for need in scopes_for(features)]}}
    return scopes if base is None else {"redirect_urls": [f"{base}{REDIRECT_PATH}"], **scopes}


def _settings(base: str | None, features: Collection[Feature], *, is_distributed: bool) -> dict[str, object]:
    address = {} if base is None else {"request_url": f"{base}{PATH}"}
    return {
        "event_subscriptions": {**address, "bot_events": [need.event for need in events_for(features)]},
        "interactivity": {"is_enabled": True, **address},
        "org_deploy_enabled": is_distributed,
        "socket_mode_enabled": base is None,
        # A token that was copied cannot be renewed: there is nobody to do it for several users of it.
        "token_rotation_enabled": is_distributed,
    }
