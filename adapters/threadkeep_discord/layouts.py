"""Messages that are made of components (Components V2): how a long text is laid out, and what such a message says.

https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

import discord

from threadkeep.chat.elements import Elements
from threadkeep_discord.interactions.components import rows_of
from threadkeep_discord.limits import LAYOUT_COMPONENTS
from threadkeep_discord.wording import DIVIDER

_FENCE: Final = "```"
_DEEPEST: Final = 4
_MOST_TEXT: Final = 6_000
"""Longer than what Discord takes today, and an end to what it may ever send."""

IS_LAYOUT: Final = discord.MessageFlags(components_v2=True).value
"""The flag of such messages: https://discord.com/developers/docs/resources/message#message-object-message-flags"""

Payload = dict[str, Any]


class _Kind(IntEnum):
    SECTION = 9
    TEXT = 10
    THUMBNAIL = 11
    GALLERY = 12
    SEPARATOR = 14
    CONTAINER = 17


def layout_of(text: str, elements: Elements) -> list[Payload]:
    """Lay a text out: separators stand for its horizontal rules, and what can be pressed below.

    Args:
        text: In Discord's Markdown.
        elements: What stands under it.
    """
    rows = rows_of(elements)
    room = LAYOUT_COMPONENTS - sum(1 + len(row["components"]) for row in rows)
    parts: list[Payload] = []
    for section in _sections(text, most=(room + 1) // 2):
        parts += [{"type": _Kind.SEPARATOR}] if parts else []
        parts.append({"type": _Kind.TEXT, "content": section})
    return [*parts, *rows]


def words_of(message: Mapping[str, Any]) -> str:
    """Give the text of a message as Discord sends it: its content, or what its components say."""
    return str(message.get("content") or "") or _said_in(message.get("components") or ())


def written(message: discord.Message | discord.MessageSnapshot) -> str:
    """Give the text of a message, or of the copy of one: its content, or what its components say."""
    # discord.py leaves them unset where the payload of a copy has none.
    components: Sequence[discord.Component] = getattr(message, "components", ())
    return message.content or _said_in([component.to_dict() for component in components])


def _sections(text: str, *, most: int) -> list[str]:
    """Cut a text at its horizontal rules, where there is text on both sides; some stay if there are too many."""
    pieces = [""]
    is_code = False
    for line in text.splitlines(keepends=True):
        is_code ^= _is_fence(line.strip(" >\n"))
        if line.strip() == DIVIDER and not is_code:
            pieces.append("")
        else:
            pieces[-1] += line
    sections = pieces[:1]
    for piece in pieces[1:]:
        if len(sections) < most and sections[-1].strip() and piece.strip():
            sections.append(piece)
        else:
            sections[-1] += f"{DIVIDER}\n{piece}"
    return [section.strip("\n").rstrip() for section in sections]


def _is_fence(line: str) -> bool:
    return line.startswith(_FENCE) and "`" not in line.removeprefix(_FENCE)


def _said_in(components: Iterable[Mapping[str, Any]]) -> str:
    lines = list(_lines_in(components, depth=0))
    # Separators alone say nothing.
    said = "\n".join(DIVIDER if line is None else line for line in lines) if any(lines) else ""
    return said if len(said) <= _MOST_TEXT else f"{said[:_MOST_TEXT].rstrip()} …"


def _lines_in(components: Iterable[Mapping[str, Any]], *, depth: int) -> Iterator[str | None]:
    """Give what components say, one after another, and None for separators; what can be pressed says nothing."""
    for component in components if depth < _DEEPEST else ():
        match component.get("type"):
            case _Kind.TEXT:
                yield str(component.get("content") or "")
            case _Kind.THUMBNAIL:
                yield from _described([component])
            case _Kind.GALLERY:
                yield from _described(component.get("items") or ())
            case _Kind.SEPARATOR:
                yield None
            case _Kind.SECTION:
                yield from _lines_in(component.get("components") or (), depth=depth + 1)
                yield from _lines_in([component.get("accessory") or {}], depth=depth + 1)
            case _Kind.CONTAINER:
                yield from _lines_in(component.get("components") or (), depth=depth + 1)
            case _:
                pass


def _described(pictures: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for picture in pictures:
        if description := " ".join(str(picture.get("description") or "").split()):
            yield f"[picture: {description}]"
