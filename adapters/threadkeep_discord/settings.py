"""How the adapter is told which Discord bot it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_discord.places import ReplyIn
from threadkeep_discord.rule_settings import read_rules
from threadkeep_discord.rules import Rules

_TOKEN_NAMES = ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN")
_WHERE = "https://discord.com/developers/applications, under your application, Bot, Reset Token"
# Three parts of URL-safe base64: the bot's id, a timestamp, a signature.
_TOKEN = re.compile(r"[\w-]{10,}\.[\w-]{4,}\.[\w-]{10,}", re.ASCII)
_YES = {"1", "true", "yes", "on"}
_NO = {"", "0", "false", "no", "off"}

Shards = int | Literal["auto"]
"""How many shards a bot has; ``auto`` for as many as Discord recommends."""

LongAnswers = Literal["messages", "components"]
"""What becomes of an answer that outgrows a message: more messages, or one of components, which holds twice as much."""


class DiscordOptions(TypedDict, total=False):
    """What may be told of a bot besides its token: the attributes of ``DiscordSettings``, with their defaults."""

    message_content: bool
    reply_in: ReplyIn
    link_previews: bool
    long_answers: LongAnswers
    api_url: str | None
    shards: Shards
    shards_per_process: int | None
    commands: bool
    answer_buttons: bool
    allowed_bots: frozenset[str]
    rules: Rules
    replaces: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """The token of a bot and how it is connected.

    Attributes:
        token: The bot's token.
        message_content: Whether to ask for the privileged Message Content Intent. Without it the bot reads direct
            messages, mentions and replies to it, and nothing else.
        reply_in: Where a question in a channel is answered.
        link_previews: Whether Discord may fetch the links of an answer to show previews. The model writes the links,
            and who makes it write one learns from the visit what stands in it.
        long_answers: What becomes of an answer that outgrows a message.
        api_url: The base URL of the API with its version; None for Discord's.
        shards: How many shards the bot has. Discord demands more than one from 2,500 servers on.
        shards_per_process: How many of them one process runs at most; None for all.
        commands: Whether Discord is to list the bot's commands as slash commands, in place of whatever it lists now.
        allowed_bots: Ids of bots, their applications or webhooks that are heard like people.
        answer_buttons: Whether buttons stand under finished answers: to have it again, and to say whether it was good.
        rules: Where the bot answers, and whom.
        replaces: The application of another bot whose conversations in the store become this one's.

    Raises:
        ConfigError: The token, the URL or a number cannot be right; the message says why.
    """

    token: SecretStr
    message_content: bool = False
    reply_in: ReplyIn = "place"
    link_previews: bool = False
    long_answers: LongAnswers = "messages"
    api_url: str | None = None
    shards: Shards = 1
    shards_per_process: int | None = None
    commands: bool = True
    answer_buttons: bool = True
    allowed_bots: frozenset[str] = frozenset()
    rules: Rules = field(default_factory=Rules)
    replaces: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be right, before Discord does it with less to say."""
        _check_token(self.token.get_secret_value())
        if self.api_url is not None:
            _check_url(self.api_url)
        if self.shards != "auto" and self.shards < 1:
            raise ConfigError(f"DISCORD_SHARDS is {self.shards}: a bot has at least one shard.")
        if self.shards_per_process is not None and self.shards_per_process < 1:
            raise ConfigError(f"DISCORD_SHARDS_PER_PROCESS is {self.shards_per_process}: it must be at least 1.")


def read_settings(environ: Mapping[str, str]) -> DiscordSettings | None:
    """Read the settings from environment variables; None if no token is set.

    ``DISCORD_BOT_TOKEN`` (or ``DISCORD_TOKEN``), ``DISCORD_MESSAGE_CONTENT``, ``DISCORD_REPLY_IN``,
    ``DISCORD_LINK_PREVIEWS``, ``DISCORD_LONG_ANSWERS``, ``DISCORD_API_URL``, ``DISCORD_SHARDS``,
    ``DISCORD_SHARDS_PER_PROCESS``, ``DISCORD_COMMANDS``, ``DISCORD_ANSWER_BUTTONS``, ``DISCORD_ALLOWED_BOTS``,
    ``DISCORD_REPLACES``, and those that tell the rules.

    Raises:
        ConfigError: One of them is wrong; the message says which, and what it should be.
    """
    token = next((value for name in _TOKEN_NAMES if (value := environ.get(name, "").strip())), None)
    if token is None:
        return None
    return DiscordSettings(
        token=SecretStr(token),
        message_content=_read_switch(environ, "DISCORD_MESSAGE_CONTENT"),
        reply_in=_read_reply_in(environ),
        link_previews=_read_switch(environ, "DISCORD_LINK_PREVIEWS"),
        long_answers=_read_long_answers(environ),
        api_url=environ.get("DISCORD_API_URL", "").strip().rstrip("/") or None,
        shards="auto" if _is_auto(environ) else _read_number(environ, "DISCORD_SHARDS") or 1,
        shards_per_process=_read_number(environ, "DISCORD_SHARDS_PER_PROCESS"),
        commands=_read_switch(environ, "DISCORD_COMMANDS", default="1"),
        answer_buttons=_read_switch(environ, "DISCORD_ANSWER_BUTTONS", default="1"),
        rules=read_rules(environ),
        allowed_bots=_read_bots(environ),
        replaces=_read_number(environ, "DISCORD_REPLACES"),
    )


def _check_token(token: str) -> None:
    if not token:
        raise ConfigError(f"The Discord bot token is empty: copy it from {_WHERE}.")
    if token.lower().startswith("bot "):
        raise ConfigError("DISCORD_BOT_TOKEN is the token alone: leave out the word Bot before it.")
    if token.isdecimal():
        raise ConfigError(f"DISCORD_BOT_TOKEN is an id, not a token: copy the token from {_WHERE}.")
    if _TOKEN.fullmatch(token) is None:
        raise ConfigError(
            "DISCORD_BOT_TOKEN is not a bot token, which has three parts with dots between them. The client secret and "
            f"the public key are other things: copy the token from {_WHERE}."
        )


def _check_url(text: str) -> None:
    try:
        url = urlsplit(text)
        is_usable = url.scheme in {"http", "https"} and bool(url.hostname) and not url.query
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            f"DISCORD_API_URL is {text!r}: it must be the base URL of an API, like https://discord.com/api/v10."
        )


def _read_switch(environ: Mapping[str, str], name: str, *, default: str = "") -> bool:
    value = environ.get(name, "").strip().lower() or default
    if value not in _YES | _NO:
        raise ConfigError(f"{name} is {value!r}: set it to 1 or 0.")
    return value in _YES


def _read_reply_in(environ: Mapping[str, str]) -> ReplyIn:
    match environ.get("DISCORD_REPLY_IN", "").strip().lower():
        case "" | "place":
            return "place"
        case "thread":
            return "thread"
        case other:
            raise ConfigError(f"DISCORD_REPLY_IN is {other!r}: set it to place or thread.")


def _read_long_answers(environ: Mapping[str, str]) -> LongAnswers:
    match environ.get("DISCORD_LONG_ANSWERS", "").strip().lower():
        case "" | "messages":
            return "messages"
        case "components":
            return "components"
        case other:
            raise ConfigError(f"DISCORD_LONG_ANSWERS is {other!r}: set it to messages or components.")


def _read_bots(environ: Mapping[str, str]) -> frozenset[str]:
    ids = frozenset(environ.get("DISCORD_ALLOWED_BOTS", "").replace(",", " ").split())
    for text in sorted(ids):
        if not text.isdecimal():
            raise ConfigError(
                f"DISCORD_ALLOWED_BOTS has {text!r}: list ids with blanks between them. With Developer Mode on, "
                "right-click the bot, Copy User ID; the id of a webhook is the number in its URL."
            )
    return ids


def _is_auto(environ: Mapping[str, str]) -> bool:
    return environ.get("DISCORD_SHARDS", "").strip().lower() == "auto"


def _read_number(environ: Mapping[str, str], name: str) -> int | None:
    value = environ.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or int(value) == 0:
        raise ConfigError(f"{name} is {value!r}: set it to a number from 1 on.")
    return int(value)
