"""What stands below the text of a message: messages that were forwarded or linked, and previews of links.

Slack calls them attachments (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments/).
Whatever an app put into them is read, if it has the form of a text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep_slack.text.blocks import blocks_to_notation
from threadkeep_slack.text.escaping import escape

_MOST: Final = 10
"""How many of them are read."""

_MOST_TEXT: Final = 8_000
"""How much is read of each: a message that people type may have 4,000 characters, a forwarded one somewhat more."""

_MOST_PREVIEW: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMessage:
    """A Slack message that stands in another one.

    Attributes:
        author: Who wrote it, by name; empty where Slack does not say.
        channel: The conversation from which it is; empty where Slack does not say.
        text: What it says, in Slack's notation.
    """

    author: str
    channel: str
    text: str


def shared_messages(attachments: object) -> tuple[SharedMessage, ...]:
    """Give the messages that were forwarded, or to which somebody linked."""
    return tuple(_shared(record) for record in _records(attachments) if _is_message(record))


def below(attachments: object) -> Iterator[str]:
    """Write in Slack's notation what stands below the text of a message."""
    for record in _records(attachments):
        if _is_message(record):
            yield _quote(_shared(record))
        elif line := _preview(record):
            yield line


def _records(attachments: object) -> Iterator[Mapping[str, object]]:
    for record in attachments[:_MOST] if isinstance(attachments, list) else ():
        if isinstance(record, dict):
            yield record


def _is_message(record: Mapping[str, object]) -> bool:
    return record.get("is_share") is True or record.get("is_msg_unfurl") is True


def _shared(record: Mapping[str, object]) -> SharedMessage:
    inner = record.get("message_blocks")
    blocks = [
        found
        for part in (inner if isinstance(inner, list) else ())
        if isinstance(part, dict) and isinstance(message := part.get("message"), dict)
        for found in [blocks_to_notation(message.get("blocks"))]
    ]
    text = _field(record, "text") or "\n".join(blocks).strip() or escape(_field(record, "fallback"))
    names = [_field(file, "name") or _field(file, "title") for file in _records(record.get("files"))]
    notes = [f"[a file of that message: {escape(name)}]" for name in names if name]
    return SharedMessage(
        author=escape(_field(record, "author_name") or _field(record, "author_subname")),
        channel=escape(_field(record, "channel_name")),
        text="\n".join(part for part in (_cut(text, _MOST_TEXT), *notes) if part),
    )


def _quote(shared: SharedMessage) -> str:
    by = f" from {shared.author}" if shared.author else ""
    place = f" in #{shared.channel}" if shared.channel else ""
    lines = shared.text.split("\n")
    return "\n".join([f"[shared message{by}{place}]", *(f"&gt; {line}" for line in lines)])


def _preview(record: Mapping[str, object]) -> str:
    """Write a card: the preview of a link, or what an app attached."""
    said = [_field(record, "pretext"), _field(record, "title"), _field(record, "text")]
    said = [" ".join(part.split()) for part in said if part]
    content = " - ".join(said) or blocks_to_notation(record.get("blocks")) or escape(_field(record, "fallback"))
    content = _cut(content, _MOST_PREVIEW)
    is_link = bool(_field(record, "from_url") or _field(record, "original_url"))
    return f"[link preview: {content}]" if is_link and content else content


def _cut(text: str, most: int) -> str:
    """Cut a text of Slack's notation that is too long, not inside a token or an escaped character."""
    if len(text) <= most:
        return text
    cut = text[:most]
    for opening, closing in (("<", ">"), ("&", ";")):
        start = cut.rfind(opening)
        if start > cut.rfind(closing):
            cut = cut[:start]
    return f"{cut.rstrip()} ..."


def _field(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    return value.strip() if isinstance(value, str) else ""
