"""What Slack accepts in a manifest (https://github.com/slackapi/manifest-schema, version 2)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from threadkeep.errors import ConfigError

_TEXTS: Final = (
    ("display_information.name", 1, 35),
    ("display_information.description", 1, 140),
    ("features.bot_user.display_name", 1, 80),
    ("features.agent_view.agent_description", 0, 300),
    ("settings.event_subscriptions.request_url", 1, 3500),
    ("settings.interactivity.request_url", 1, 3500),
)
"""Where a text stands, and how long it may be."""

_LISTS: Final = (
    ("features.agent_view.suggested_prompts", 0, 4),
    ("features.slash_commands", 1, 50),
    ("features.shortcuts", 1, 10),
    ("oauth_config.redirect_urls", 0, 1000),
    ("oauth_config.scopes.bot", 0, 255),
    ("settings.event_subscriptions.bot_events", 0, 100),
)
"""Where a list stands, and how many entries it may have."""

_COMMAND_TEXTS: Final = (("command", 2, 32), ("description", 1, 2000), ("usage_hint", 1, 1000), ("url", 1, 3000))


def cut(text: str, most: int) -> str:
    """Give a text as one line that is not longer than allowed."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Refuse what Slack would refuse.

    Raises:
        ConfigError: With everything that is wrong.
    """
    problems = [*_problems(manifest)]
    if problems:
        raise ConfigError(f"Slack would not accept the manifest: {'; '.join(problems)}")


def _problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    for path, least, most in _TEXTS:
        yield from _length(path, _at(manifest, path), least, most, "characters")
    for path, least, most in _LISTS:
        yield from _length(path, _at(manifest, path), least, most, "entries")
    for path in ("oauth_config.scopes.bot", "settings.event_subscriptions.bot_events"):
        for entry in _at(manifest, path) or ():
            yield from _length(f"{path} {entry}", entry, 1, 50, "characters")
    yield from _repeated(manifest)
    for command in _at(manifest, "features.slash_commands") or ():
        for field, least, most in _COMMAND_TEXTS:
            yield from _length(f"the {field} of {command['command']}", command.get(field), least, most, "characters")
    for prompt in _at(manifest, "features.agent_view.suggested_prompts") or ():
        if not prompt.get("title") or not prompt.get("message"):
            yield "a suggested prompt needs a title and a message"
    if not _at(manifest, "settings.socket_mode_enabled") and not _at(
        manifest, "settings.event_subscriptions.request_url"
    ):
        yield "without Socket Mode it needs a request_url"


def _repeated(manifest: Mapping[str, Any]) -> Iterator[str]:
    commands = [command["command"] for command in _at(manifest, "features.slash_commands") or ()]
    events = _at(manifest, "settings.event_subscriptions.bot_events") or []
    for name in sorted({entry for entry in [*commands, *events] if [*commands, *events].count(entry) > 1}):
        yield f"{name} stands in it twice"


def _length(what: str, value: object, least: int, most: int, unit: str) -> Iterator[str]:
    if isinstance(value, str | list) and not least <= len(value) <= most:
        yield f"{what} has {len(value)} {unit}, and {least} to {most} are allowed"


def _at(manifest: Mapping[str, Any], path: str) -> Any:
    found: Any = manifest
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
