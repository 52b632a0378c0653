"""Block Kit messages, written in Slack's notation: what people read where a message has blocks and no text.

https://docs.slack.dev/reference/block-kit/blocks/ names the blocks. Blocks that only offer something to press say
nothing; of an unknown block its texts are read.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from threadkeep_slack.text.escaping import escape
from threadkeep_slack.text.rich_text import elements_of, inline, rich_text_lines

_MOST_TEXT: Final = 40_000
"""Slack cuts the text of a message off beyond this (https://docs.slack.dev/reference/methods/chat.postMessage/)."""

_DEEPEST: Final = 8
_SILENT: Final = frozenset({"actions", "context_actions", "input", "divider"})
_TEXTS: Final = ("title", "subtitle", "text", "description", "body", "details", "output")
_INSIDE: Final = ("fields", "elements", "children", "child_blocks", "cards", "tasks", "blocks")


def blocks_to_notation(blocks: object) -> str:
    """Write blocks in Slack's notation. Whatever is malformed is left out."""
    lines = (line for block in _records(blocks) for line in _lines(block, depth=0))
    return "\n".join(line for line in lines if line.strip()).rstrip()[:_MOST_TEXT]


def _lines(block: Mapping[str, object], *, depth: int) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind in _SILENT or depth > _DEEPEST:
        return
    match kind:
        case "rich_text":
            yield from rich_text_lines(block)
        case "markdown":
            yield escape(str(block.get("text") or ""))
        case "image":
            yield f"[image: {_plain(block, 'alt_text') or _plain(block, 'title') or 'without a description'}]"
        case "context":
            yield " ".join(_text(element) for element in elements_of(block)).strip()
        case "table" | "data_table":
            yield from _rows(block.get("rows"))
        case _:
            yield from _others(block, depth=depth)


def _others(block: Mapping[str, object], *, depth: int) -> Iterator[str]:
    for name in _TEXTS:
        value = block.get(name)
        if isinstance(value, dict) and value.get("type") == "rich_text":
            yield from rich_text_lines(value)
        elif isinstance(value, str | dict):
            yield _text(value)
    for name in _INSIDE:
        for inner in _records(block.get(name)):
            yield from _lines(inner, depth=depth + 1)


def _rows(rows: object) -> Iterator[str]:
    for row in rows if isinstance(rows, list) else ():
        yield " | ".join(_cell(cell) for cell in _records(row))


def _cell(cell: Mapping[str, object]) -> str:
    if cell.get("type") == "rich_text":
        return " ".join(inline(element) for element in elements_of(cell))
    return _text(cell)


def _text(value: object) -> str:
    """Give a text, a text object, or the description of an image in a context, in Slack's notation."""
    if isinstance(value, str):
        return escape(value)
    if not isinstance(value, dict):
        return ""
    text = value.get("text")
    if isinstance(text, str):
        return text if value.get("type") == "mrkdwn" else escape(text)
    return _plain(value, "alt_text")


def _plain(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    if isinstance(value, dict):
        value = value.get("text")
    return escape(value) if isinstance(value, str) else ""


def _records(values: object) -> Iterator[Mapping[str, object]]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield value
