"""Tables as code, for where Slack refuses them.

Slack renders the tables of Markdown (https://docs.slack.dev/reference/block-kit/blocks/markdown-block/). How many of
them a message may hold, and how large, its page does not say; of its table block there is one in a message, with 100
rows of 20 cells (https://docs.slack.dev/reference/block-kit/blocks/table-block/). Code is shown whatever the size.
"""

import re
from collections.abc import Sequence
from typing import Final

from threadkeep.chat.markdown.tables import cells_of, in_columns, is_table_rule
from threadkeep_slack.limits import MARKDOWN_LENGTH
from threadkeep_slack.text.mentions import sent_length

TABLE_REFUSALS: Final = frozenset({"invalid_attachments", "invalid_blocks", "only_one_table_allowed"})
"""What Slack says of a message whose tables it does not take, among other things."""

_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")


def has_table(text: str) -> bool:
    """Tell whether a Markdown text may hold a table."""
    return "|" in text and "-" in text


def tables_as_code(text: str) -> str:
    """Write each table of a Markdown text as code, in columns where that fits into a message."""
    columns = _with_tables(text, is_aligned=True)
    return columns if sent_length(columns) <= MARKDOWN_LENGTH else _with_tables(text, is_aligned=False)


def _with_tables(text: str, *, is_aligned: bool) -> str:
    lines = text.split("\n")
    written: list[str] = []
    fence, position = "", 0
    while position < len(lines):
        line = lines[position]
        mark = _FENCE.match(line)
        if mark is not None:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        end = _end_of_table(lines, position) if mark is None and not fence else position
        if end == position:
            written.append(line)
            position += 1
            continue
        rows = lines[position:end]
        written += ["```", *(_columns(rows) if is_aligned else rows), "```"]
        position = end
    return "\n".join(written)


def _end_of_table(lines: Sequence[str], start: int) -> int:
    """Give where the table that begins here ends; the beginning if none does."""
    has_head = "|" in lines[start] and start + 1 < len(lines)
    if not has_head or not is_table_rule(lines[start + 1]):
        return start
    end = start + 2
    while end < len(lines) and "|" in lines[end] and not _FENCE.match(lines[end]):
        end += 1
    return end


def _columns(rows: Sequence[str]) -> list[str]:
    return in_columns([cells_of(row) for number, row in enumerate(rows) if number != 1])
