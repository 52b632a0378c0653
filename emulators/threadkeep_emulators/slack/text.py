"""The text of messages: how Slack encodes what people type, and what they read on their screens."""

import re
from collections.abc import Iterator

from .records import Message
from .wire import Payload

_TOKEN = re.compile(
    r"<(?:[@#!][^<>\s][^<>]*|(?:https?|mailto|tel):[^<>|]+(?:\|[^<>]*)?)>"  # already in Slack's own notation
    r"|https?://[^\s<>]+[^\s<>.,;:!?)\]}'\"]"  # an address that Slack links by itself
)

_PING = re.compile(r"<(?:@|!subteam\^|!(?=channel|here|everyone))([A-Za-z0-9]+)(?:\|[^<>]*)?>")
_BROADCAST = re.compile(r"(?<![\w<!])@(channel|here|everyone)\b")


def escape(text: str) -> str:
    """Replace the three characters that Slack escapes in every text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo the escaping of ``escape``."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode_typed(text: str) -> str:
    """Encode what a person typed as Slack stores and delivers it.

    Mentions (``<@U...>``, ``<#C...|name>``, ``<!here>``) and marked links pass as they are, bare addresses become
    links, all else is escaped (https://docs.slack.dev/messaging/formatting-message-text/).
    """
    return "".join(_encode_piece(kind, piece) for kind, piece in _pieces(text))


def rich_text(encoded: str, block_id: str) -> Payload:
    """Build the ``rich_text`` block that Slack adds to what a person typed, from its encoded text."""
    elements = [_rich_element(kind, piece) for kind, piece in _pieces(encoded)]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def visible_text(message: Message) -> str:
    """Give what people read: the blocks where there are any, else the text, with attachments below.

    A streamed message shows its text first and its final blocks under it.
    """
    is_streamed = message.stream is not None and not message.stream.is_overwritten
    parts = [message.text] if is_streamed or not message.blocks else []
    parts.extend(part for block in message.blocks for part in block_texts(block))
    parts.extend(str(card.get("text") or card.get("fallback") or "") for card in message.attachments)
    return "\n".join(part for part in parts if part)


def pings(message: Message) -> tuple[str, ...]:
    """Give whom a message notifies: user ids, group ids, and ``channel``, ``here`` or ``everyone``.

    Slack reads mentions in every text but ``plain_text``, in code too.
    """
    sources = [message.text, *_mrkdwn_texts(message.blocks), *_mrkdwn_texts(message.attachments)]
    return tuple(dict.fromkeys(found for source in sources for found in _PING.findall(source)))


def link_names(text: str) -> str:
    """Turn ``@channel`` and its like into mentions, as ``link_names`` and ``parse=full`` ask for."""
    return _BROADCAST.sub(r"<!\1>", text)


def block_texts(node: object) -> Iterator[str]:
    """Give the texts of a block and of everything inside it, in reading order."""
    if isinstance(node, list):
        for child in node:
            yield from block_texts(child)
        return
    if not isinstance(node, dict):
        return
    for key in ("text", "title", "fields", "elements", "accessory", "children", "rows", "details", "output"):
        value = node.get(key)
        if isinstance(value, str):
            yield value
        else:
            yield from block_texts(value)


def _mrkdwn_texts(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _mrkdwn_texts(child)
    elif isinstance(node, dict) and node.get("type") == "user" and "user_id" in node:
        yield f"<@{node['user_id']}>"
    elif isinstance(node, dict) and node.get("type") == "broadcast":
        yield f"<!{node.get('range')}>"
    elif isinstance(node, dict) and node.get("type") != "plain_text":
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _mrkdwn_texts(value)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            yield "text", text[position : match.start()]
        yield ("token" if match.group().startswith("<") else "link"), match.group()
        position = match.end()
    if position < len(text):
        yield "text", text[position:]


def _encode_piece(kind: str, piece: str) -> str:
    if kind == "text":
        return escape(piece)
    if kind == "link":
        return f"<{piece.replace('&', '&amp;')}>"
    return piece


def _rich_element(kind: str, piece: str) -> Payload:
    if kind == "text":
        return {"type": "text", "text": unescape(piece)}
    if kind == "link":
        return {"type": "link", "url": piece}
    target, _, label = piece[1:-1].partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    return {"type": "link", "url": target, "text": label or target}
