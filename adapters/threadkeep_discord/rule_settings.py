"""The rules by which the bot answers, read from environment variables."""

from collections.abc import Mapping
from typing import Final

from threadkeep.errors import ConfigError
from threadkeep_discord.rules import Admitted, AnswerWhen, Rules

_COPY: Final = "turn on Developer Mode in Discord's settings, then right-click the thing and choose Copy ID"
_SHORTEST_ID: Final = 15
_LONGEST_ID: Final = 20
_YES: Final = frozenset({"", "1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})


def read_rules(environ: Mapping[str, str]) -> Rules:
    """Read the rules: ids with blanks or commas between them, and ``DISCORD_ANSWER_WHEN``: ``followed 123=always``.

    ``DISCORD_ALLOWED_USERS``, ``DISCORD_BLOCKED_USERS``, ``DISCORD_ALLOWED_ROLES``, ``DISCORD_BLOCKED_ROLES``,
    ``DISCORD_ALLOWED_CHANNELS``, ``DISCORD_BLOCKED_CHANNELS``, ``DISCORD_DIRECT_MESSAGES``, ``DISCORD_ANSWER_WHEN``.

    Raises:
        ConfigError: One of them is wrong; the message says which, and what it should be.
    """
    usually, when = _read_when(environ, "DISCORD_ANSWER_WHEN")
    return Rules(
        users=Admitted(
            allowed=_read_ids(environ, "DISCORD_ALLOWED_USERS"), blocked=_read_ids(environ, "DISCORD_BLOCKED_USERS")
        ),
        roles=Admitted(
            allowed=_read_ids(environ, "DISCORD_ALLOWED_ROLES"), blocked=_read_ids(environ, "DISCORD_BLOCKED_ROLES")
        ),
        places=Admitted(
            allowed=_read_ids(environ, "DISCORD_ALLOWED_CHANNELS"),
            blocked=_read_ids(environ, "DISCORD_BLOCKED_CHANNELS"),
        ),
        answers_direct=_read_direct(environ),
        usually=usually,
        when=when,
    )


def _read_ids(environ: Mapping[str, str], name: str) -> frozenset[int]:
    return frozenset(_read_id(name, part) for part in _parts(environ, name))


def _read_when(environ: Mapping[str, str], name: str) -> tuple[AnswerWhen, dict[int, AnswerWhen]]:
    usually: AnswerWhen | None = None
    when: dict[int, AnswerWhen] = {}
    for part in _parts(environ, name):
        subject, sign, word = part.rpartition("=")
        if word.lower() not in set(AnswerWhen):
            words = ", ".join(AnswerWhen)
            raise ConfigError(f"{name} has {part!r}: write one of {words}, or an id with one of them: 123=always.")
        answer = AnswerWhen(word.lower())
        if sign:
            when[_read_id(name, subject)] = answer
        elif usually is not None:
            raise ConfigError(f"{name} says twice what is usual: {usually} and {answer}.")
        else:
            usually = answer
    return usually or AnswerWhen.FOLLOWED, when


def _read_direct(environ: Mapping[str, str]) -> bool:
    value = environ.get("DISCORD_DIRECT_MESSAGES", "").strip().lower()
    if value not in _YES | _NO:
        raise ConfigError(f"DISCORD_DIRECT_MESSAGES is {value!r}: set it to 1 or 0.")
    return value in _YES


def _parts(environ: Mapping[str, str], name: str) -> list[str]:
    return environ.get(name, "").replace(",", " ").split()


def _read_id(name: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and _SHORTEST_ID <= len(text) <= _LONGEST_ID:
        return int(text)
    raise ConfigError(f"{name} has {text!r}, which is no id on Discord: {_COPY}.")
