"""Slack's notation of what people typed, turned into Markdown.

https://docs.slack.dev/messaging/formatting-message-text/ describes the notation: three characters are escaped, and
everything with a meaning stands between angle brackets.
"""

import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(r"<([^<>\n]+)>")
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>\n]*)?>")
_LEADING_USER = re.compile(r"\s*<@([UW][A-Z0-9]+)(?:\|[^<>\n]*)?>")


def mentioned_users(text: str) -> Iterator[str]:
    """Give the ids of the people whom a text mentions, in order, with repetitions."""
    return (match.group(1) for match in _USER.finditer(text))


def leading_mention(text: str) -> str | None:
    """Give the id of the person with whose mention a text begins."""
    match = _LEADING_USER.match(text)
    return match.group(1) if match else None


def to_markdown(text: str, *, bot_user: str, names: Mapping[str, str]) -> str:
    """Turn Slack's notation into Markdown, without the mentions of the bot.

    Args:
        text: The text as Slack delivers it.
        bot_user: The bot's own user id.
        names: Names of people by id, as far as known; others keep their id.
    """
    text = _without(text, bot_user)
    pieces: list[str] = []
    position = 0
    for match in _TOKEN.finditer(text):
        pieces.append(_unescape(text[position : match.start()]))
        pieces.append(_render(match.group(1), names))
        position = match.end()
    pieces.append(_unescape(text[position:]))
    return "".join(pieces).strip()


def _without(text: str, bot_user: str) -> str:
    mention = rf"<@{re.escape(bot_user)}(?:\|[^<>\n]*)?>"
    # "@bot, what ..." and "@bot: what ...": the punctuation belongs to the salutation.
    text = re.sub(rf"^\s*{mention}[ \t]*[,:]?\s*", "", text)
    return re.sub(rf"[ \t]*{mention}", "", text)


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _render(token: str, names: Mapping[str, str]) -> str:
    target, _, label = token.partition("|")
    target, label = _unescape(target), _unescape(label)
    match target[:1]:
        case "@":
            return f"@{names.get(target[1:]) or label.removeprefix('@') or target[1:]}"
        case "#":
            return f"#{label.removeprefix('#') or target[1:]}"
        case "!":
            return _render_special(target[1:], label)
        case _:
            return _render_link(target, label)


def _render_special(command: str, label: str) -> str:
    name, _, argument = command.partition("^")
    if name == "date":
        return label or argument
    return f"@{(label or argument or name).removeprefix('@')}"


def _render_link(url: str, label: str) -> str:
    if url.startswith(("mailto:", "tel:")):
        return label or url.partition(":")[2]
    if not label or label == url:
        return url
    shown = label.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"[{shown}]({url.replace('(', '%28').replace(')', '%29')})"
