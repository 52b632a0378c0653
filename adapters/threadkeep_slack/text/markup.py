"""Slack's notation of what people typed, turned into Markdown.

https://docs.slack.dev/messaging/formatting-message-text/ describes the notation: three characters are escaped, and
everything with a meaning stands between angle brackets.
"""

import re
from collections.abc import Iterator, Mapping

from threadkeep_slack.text.escaping import unescape

_TOKEN = re.compile(r"<([^<>\n]+)>")
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>\n]*)?>")
_UNNAMED = re.compile(r"<(?:@([UW][A-Z0-9]+)(?:\|[^<>\n]*)?|#([CG][A-Z0-9]+)\|?|!subteam\^(S[A-Z0-9]+)\|?)>")
_LEADING = re.compile(r"\s*<(?:@|!subteam\^)([SUW][A-Z0-9]+)(?:\|[^<>\n]*)?>")


def mentioned_users(text: str) -> Iterator[str]:
    """Give the ids of the people whom a text mentions, in order, with repetitions."""
    return (match.group(1) for match in _USER.finditer(text))


def unnamed_ids(text: str) -> Iterator[str]:
    """Give the ids of people, conversations and groups in a text that bring no sure name along, with repetitions."""
    return (match.group(match.lastindex or 0) for match in _UNNAMED.finditer(text))


def leading_mention(text: str) -> str | None:
    """Give the id of the person or group with whose mention a text begins."""
    match = _LEADING.match(text)
    return match.group(1) if match else None


def to_markdown(text: str, *, bot_user: str, names: Mapping[str, str]) -> str:
    """Turn Slack's notation into Markdown, without the mentions of the bot.

    Args:
        text: The text as Slack delivers it.
        bot_user: The bot's own user id.
        names: Names of people, conversations and groups by id, as far as known; others keep their id.
    """
    text = _without(text, bot_user)
    pieces: list[str] = []
    position = 0
    for match in _TOKEN.finditer(text):
        pieces.append(unescape(text[position : match.start()]))
        pieces.append(_render(match.group(1), names))
        position = match.end()
    pieces.append(unescape(text[position:]))
    return "".join(pieces).strip()


def _without(text: str, bot_user: str) -> str:
    mention = rf"<@{re.escape(bot_user)}(?:\|[^<>\n]*)?>"
    # "@bot, what ..." and "@bot: what ...": the punctuation belongs to the salutation.
    text = re.sub(rf"^\s*{mention}[ \t]*[,:]?\s*", "", text)
    # From the first of several spaces only: a search from each of many would not end.
    return re.sub(rf"(?<![ \t])[ \t]*{mention}", "", text)


def _render(token: str, names: Mapping[str, str]) -> str:
    target, _, label = token.partition("|")
    target, label = unescape(target), unescape(label)
    match target[:1]:
        case "@":
            return f"@{names.get(target[1:]) or label.removeprefix('@') or target[1:]}"
        case "#":
            return f"#{label.removeprefix('#') or names.get(target[1:]) or target[1:]}"
        case "!":
            return _render_special(target[1:], label, names)
        case _:
            return _render_link(target, label)


def _render_special(command: str, label: str, names: Mapping[str, str]) -> str:
    name, _, argument = command.partition("^")
    if name == "date":
        return label or argument
    return f"@{(label or names.get(argument) or argument or name).removeprefix('@')}"


def _render_link(url: str, label: str) -> str:
    if url.startswith(("mailto:", "tel:")):
        return label or url.partition(":")[2]
    if not label or label == url:
        return url
    shown = label.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"[{shown}]({url.replace('(', '%28').replace(')', '%29')})"
