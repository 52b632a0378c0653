"""What was read for one part: its lines, how it is posted, and what the next part needs from it."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from threadkeep.chat.markdown.budget import Budget
from threadkeep.chat.markdown.fences import Fence, advance

QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
"""The marks of a quote at the start of a line."""


class LineKind(Enum):
    """What a line is, as far as cutting cares."""

    BLANK = auto()
    TEXT = auto()
    HEADING = auto()
    RULE = auto()
    ITEM = auto()
    TABLE_HEAD = auto()
    TABLE_RULE = auto()
    TABLE_ROW = auto()
    FENCE_OPENING = auto()
    FENCE_CLOSING = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a window.

    Attributes:
        start: Where it begins.
        end: Where it ends, its line break included; in the last line, where the window ends.
        kind: What it is.
        fence: The fence open before it.
        table: The head of the table that it is a row of, else nothing.
        lead: What stands before it but is not part of it.
    """

    start: int
    end: int
    kind: LineKind
    fence: Fence | None
    table: str
    lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What the next part needs from the one before it to render alone.

    Attributes:
        fence: The code fence to open again.
        table: The head of the table to repeat.
        lead: The quote marks to repeat, where a line was cut in the middle.
        is_midline: Whether a line was cut in the middle.
    """

    fence: Fence | None = None
    table: str = ""
    lead: str = ""
    is_midline: bool = False

    def prefix(self, budget: Budget) -> str:
        """Give the text to put before the part."""
        if self.fence is not None:
            return self.fence.reopening(budget) + self.lead
        if self.table and not self.is_midline and budget.has_share_for(self.table, quarters=2):
            return self.table + "\n"
        return self.lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was read for one part.

    Attributes:
        text: The whole text.
        prefix: What is put before the part.
        start: Where the visible content begins: after leading blanks.
        first: Where its first character that is not blank stands.
        end: Just after the first character that does not fit, or the end of the text.
        is_last: Whether everything fits.
        lines: The lines read; the last one may be cut off.
        budget: The room of the part.
    """

    text: str
    prefix: str
    start: int
    first: int
    end: int
    is_last: bool
    lines: list[Line]
    budget: Budget

    @property
    def half(self) -> int:
        """Where half of the part is filled."""
        return (self.first + self.end) // 2

    def begun(self, cut: int) -> str:
        """Give what is posted so far if the part goes on behind this: a fence stays open."""
        return self.prefix + self._outdented(self.text[self.start : cut].rstrip())

    def render(self, cut: int) -> str:
        """Give what is posted if the part ends here."""
        body = self.text[self.start : cut].rstrip()
        shown_end = self.start + len(body)
        line = next(line for line in reversed(self.lines) if line.start < shown_end)
        last_line = self.text[line.start : shown_end]
        fence = advance(line.fence, line.lead, last_line, self.budget)
        tail = ""
        if fence is not None:
            is_growing = self.is_last and cut == self.end
            tail = fence.completion(line.lead + last_line) if is_growing else fence.closing()
        return self.prefix + self._outdented(body) + tail

    def carry(self, cut: int) -> Carry:
        """Give what the next part needs if this one ends here."""
        line = next(line for line in reversed(self.lines) if line.start <= cut)
        if cut == line.start:
            is_code = line.kind in {LineKind.CODE, LineKind.FENCE_CLOSING}
            return Carry(fence=line.fence.resumed() if line.fence and is_code else None, table=line.table)
        read = self.text[line.start : cut].rstrip()
        fence = advance(line.fence, line.lead, read, self.budget)
        quote = QUOTE.match(line.lead + read)
        lead = quote[0].lstrip() if quote else ""
        if fence is not None:
            return Carry(fence=fence.resumed(), lead=fence.quote.lstrip(), is_midline=True)
        return Carry(
            table=line.table,
            lead=lead if self.budget.has_share_for(lead, quarters=1) else "",
            is_midline=True,
        )

    def _outdented(self, body: str) -> str:
        """Take the list item's indentation off the code of a fence with which the part begins."""
        inner = next((line.fence for line in self.lines[:2] if line.fence is not None), None)
        if inner is None or inner.indent or not inner.surplus:
            return body
        ends = (line.end for line in self.lines if line.kind is LineKind.FENCE_CLOSING)
        size = next(ends, self.end) - self.start
        return re.sub(rf"(?m)^ {{1,{inner.surplus}}}", "", body[:size]) + body[size:]
