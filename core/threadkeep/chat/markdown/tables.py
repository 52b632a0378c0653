"""Tables of Markdown, for where they are not rendered."""

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import combining, east_asian_width

_RULE: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*$")
_CELL_END: Final = re.compile(r"(?<!\\)\|")


def is_table_rule(line: str) -> bool:
    """Tell whether a line is the one below the head of a table."""
    return "|" in line and _RULE.match(line) is not None


def cells_of(row: str) -> list[str]:
    """Give the cells of a row. Marks that would end code are replaced."""
    inner = row.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|").replace("```", "'''") for cell in _CELL_END.split(inner)]


def in_columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Write rows of cells in columns, with a line below the first; they line up where letters are equally wide."""
    count = max(map(len, table))
    rows = [[*row, *[""] * (count - len(row))] for row in table]
    widths = [max(_width(row[column]) for row in rows) for column in range(count)]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
    return [lines[0].rstrip(), "  ".join("-" * width for width in widths), *(line.rstrip() for line in lines[1:])]


def _width(text: str) -> int:
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
