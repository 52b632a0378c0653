"""Reading one part's worth of Markdown: line by line, until a character that does not fit any more.

Everything here is judged by what stands before the character that is too much, never by what follows: so a text that
grows at its end is cut where it was cut before.
"""

import re
from bisect import bisect_left
from dataclasses import replace

from threadkeep.chat.markdown.budget import Budget
from threadkeep.chat.markdown.fences import Fence, advance, false_opening
from threadkeep.chat.markdown.window import QUOTE, Carry, Line, LineKind, Window

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]")
_RULE = re.compile(r" {0,3}(?:-[ \t]*){3,}$| {0,3}(?:\*[ \t]*){3,}$| {0,3}(?:_[ \t]*){3,}$")
_INK = re.compile(r"\S")
_LINE_BREAK = re.compile(r"[\r\n]")


def read_window(text: str, start: int, carry: Carry, budget: Budget) -> Window:
    """Read from here to the first character that does not fit in one part, or to the end."""
    return _Reader(text, start, carry, budget).read()


class _Reader:
    """Walks over the lines of one window."""

    def __init__(self, text: str, start: int, carry: Carry, budget: Budget) -> None:
        self._text = text
        self._budget = budget
        self._fence = carry.fence
        self._table = carry.table
        self._is_midline = carry.is_midline
        self._lines: list[Line] = []
        self._prefix = carry.prefix(budget)
        ink = _INK.search(text, start)
        self._first = ink.start() if ink else len(text)
        self._start = self._content_start(start)
        self._lead = carry.lead
        if carry.fence is None and not carry.is_midline:
            self._lead = text[self._line_start(start) : self._first]
        self._spent = budget.measure(self._prefix)

    def read(self) -> Window:
        """Read the window."""
        position = self._start
        while position < len(self._text):
            end = self._line_end(position)
            line = self._text[position:end].rstrip()
            overflow = self._overflow(line)
            if overflow:
                self._note(position, position + overflow, line[:overflow])
                return self._window(position + overflow, is_last=False)
            self._note(position, end, line)
            self._spent += self._budget.measure(self._text[position:end])
            self._lead = ""
            position = end
        return self._window(position, is_last=True)

    def _window(self, end: int, *, is_last: bool) -> Window:
        return Window(
            text=self._text,
            prefix=self._prefix,
            start=self._start,
            first=self._first,
            end=end,
            is_last=is_last,
            lines=self._lines,
            budget=self._budget,
        )

    def _line_start(self, start: int) -> int:
        """Give where the line of the first visible character begins."""
        blank = self._text[start : self._first]
        return start + max(blank.rfind("\n"), blank.rfind("\r")) + 1

    def _content_start(self, start: int) -> int:
        """Skip leading blanks; code keeps its indentation, unless that alone fills half of the part."""
        margin = self._line_start(start)
        if self._fence is None or not self._budget.has_share_for(self._text[margin : self._first], quarters=1):
            return self._first
        return margin

    def _line_end(self, position: int) -> int:
        """Give the end of the line, or of as much of a long line as surely overflows."""
        horizon = position + self._budget.limit + 1
        found = _LINE_BREAK.search(self._text, position, horizon)
        if found is not None:
            return found.end() + self._text.startswith("\r\n", found.start())
        if horizon >= len(self._text):
            return len(self._text)
        ink = _INK.search(self._text, horizon - 1)
        return ink.end() if ink else len(self._text)

    def _overflow(self, line: str) -> int:
        """Give how much of the line is read when the part overflows, 0 if the line fits."""
        lead = self._lead
        edges = [false_opening(lead + line) - len(lead), len(line)]
        if not any(edge > 0 and self._exceeds(line[:edge]) for edge in edges):
            return 0
        edge = edges[0] if edges[0] > 0 and self._exceeds(line[: edges[0]]) else edges[1]
        return bisect_left(range(edge), 1, key=lambda size: self._exceeds(line[:size]))

    def _exceeds(self, line: str) -> bool:
        """Tell whether the part is too long if it ends with this start of the line."""
        line = line.rstrip()
        if not line:
            return False
        fence = advance(self._fence, self._lead, line, self._budget)
        tail = "" if fence is None else fence.completion(self._lead + line)
        return self._spent + self._budget.measure(line) + self._budget.measure(tail) > self._budget.limit

    def _note(self, start: int, end: int, line: str) -> None:
        """Record a line and what it changes."""
        fence = self._after(line)
        kind = self._kind(line, fence)
        table = self._table if kind is LineKind.TABLE_ROW else ""
        self._table = table
        if kind is LineKind.TABLE_RULE:
            head = replace(self._lines.pop(), kind=LineKind.TABLE_HEAD)
            self._lines.append(head)
            self._table = f"{self._text[head.start : head.end].strip()}\n{line.strip()}"
        noted = Line(start=start, end=end, kind=kind, fence=self._fence, table=table, lead=self._lead)
        self._lines.append(noted)
        self._fence = fence

    def _after(self, line: str) -> Fence | None:
        """Give the fence open after the line. A blank line ends a quote, and the fence in it."""
        if line:
            return advance(self._fence, self._lead, line, self._budget)
        return None if self._fence is not None and self._fence.quote else self._fence

    def _kind(self, line: str, fence_after: Fence | None) -> LineKind:
        if not line:
            return LineKind.BLANK
        if fence_after is not None:
            return LineKind.CODE if fence_after is self._fence else LineKind.FENCE_OPENING
        if self._fence is not None and not self._fence.is_left_by(self._lead + line):
            return LineKind.FENCE_CLOSING
        return self._plain_kind(line)

    def _plain_kind(self, line: str) -> LineKind:
        for pattern, kind in ((_HEADING, LineKind.HEADING), (_RULE, LineKind.RULE), (_ITEM, LineKind.ITEM)):
            if pattern.match(line):
                return kind
        if self._table and not QUOTE.match(line):
            return LineKind.TABLE_ROW
        last = self._lines[-1] if self._lines else None
        if last is not None and last.kind is LineKind.TEXT and _is_table_rule(line):
            has_columns = "|" in self._text[last.start : last.end]
            return LineKind.TABLE_RULE if has_columns else LineKind.TEXT
        return LineKind.TEXT


def _is_table_rule(line: str) -> bool:
    return "|" in line and "-" in line and not line.strip("|:- \t")
