"""Code fences: which line opens one, which closes it, and how it is carried over a cut."""

import re
from dataclasses import dataclass, replace
from typing import Self

from threadkeep.chat.markdown.budget import Budget

_OPENER = re.compile(
    r"(?P<lead>(?:[ \t]|>|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t]))*)"  # quote marks, list markers, indentation
    r"(?P<mark>`{3,}|~{3,})(?P<info>.*)",
)
_CODE_INDENT = 4
"""From this indentation on, CommonMark reads a line outside a list as code, and no closing fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """An open code fence.

    Attributes:
        mark: The run of backticks or tildes that opened it.
        info: The info string after it, such as ``python``.
        quote: The quote marks before it, such as ``"> "``, where it stands in a quote.
        indent: Columns before a closing line that we add.
        reach: Columns that a closing line may be indented by.
        surplus: Columns to take off the code where the list item that indented it is in an earlier part.
    """

    mark: str
    info: str
    quote: str
    indent: int
    reach: int
    surplus: int

    def reopening(self, budget: Budget) -> str:
        """Give the line that opens it again in the next part; a long info string is left out."""
        bare = self.quote.lstrip() + self.mark
        full = bare + self.info
        closing = "\n" + self.quote + self.mark
        return (full if budget.has_share_for(full + "\n" + closing, quarters=2) else bare) + "\n"

    def closing(self) -> str:
        """Give the line that closes it, to be put after the last line of a part."""
        return "\n" + (self.quote or " " * self.indent) + self.mark

    def completion(self, last_line: str) -> str:
        """Give what closes it after the last line of a growing text: that line may be a half written closing one."""
        run = self._closing_run(last_line)
        if 0 < len(run) < len(self.mark):
            return self.mark[len(run) :]
        if self.quote and last_line and not last_line.strip(" \t>"):
            return f" {self.mark}"
        return self.closing()

    def is_closed_by(self, line: str) -> bool:
        """Tell whether this line closes it."""
        return len(self._closing_run(line)) >= len(self.mark)

    def is_left_by(self, line: str) -> bool:
        """Tell whether this line stands outside the quote that holds the fence, which ends it."""
        return bool(self.quote) and not line.lstrip().startswith(">")

    def resumed(self) -> Self:
        """Give the fence as it goes on in a part that begins with it: no longer inside a list item."""
        return replace(self, indent=0)

    def _closing_run(self, line: str) -> str:
        """Give the run of marks if the line holds nothing else, else nothing."""
        run = line.strip(" \t>") if self.quote else line.strip()
        if not run or run.strip(self.mark[0]):
            return ""
        return run if self.quote or _columns(line[: line.index(run)]) <= self.reach else ""


def opening_fence(line: str, budget: Budget) -> Fence | None:
    """Give the fence that this line opens, if it opens one.

    Marks so long that opening and closing them again would leave no room for code are plain text.
    """
    found = _OPENER.match(line)
    if found is None:
        return None
    lead, mark, info = found["lead"], found["mark"], found["info"].strip()
    if mark[0] == "`" and "`" in info:
        return None
    quote = re.sub(r"[^>]", " ", lead[: lead.rfind(">") + 1]) + " " if ">" in lead else ""
    if not budget.has_share_for(f"{quote}{mark}\n\n{quote}{mark}", quarters=3):
        return None
    indent = 0 if quote else _columns(lead)
    is_deep = indent >= _CODE_INDENT
    return Fence(
        mark=mark,
        info=info,
        quote=quote,
        indent=indent,
        reach=indent + _CODE_INDENT - 1 if is_deep else _CODE_INDENT - 1,
        surplus=indent if is_deep else 0,
    )


def false_opening(line: str) -> int:
    """Give the length of the start of this line that alone would open a fence, 0 if there is none such.

    A backtick in the info string undoes the opening; until it is written, the line reads as an opening one.
    """
    found = _OPENER.match(line)
    if found is None or found["mark"][0] != "`":
        return 0
    return max(line.find("`", found.end("mark")), 0)


def advance(fence: Fence | None, lead: str, line: str, budget: Budget) -> Fence | None:
    """Give the fence that is open after this line.

    Args:
        fence: The fence open before it.
        lead: What stands before the line but is not part of it: repeated quote marks, or trimmed indentation.
        line: The line, or its start.
        budget: The room of a part.
    """
    if fence is not None and not fence.is_left_by(lead + line):
        return None if fence.is_closed_by(lead + line) else fence
    opened = opening_fence(lead + line, budget)
    return opened.resumed() if opened is not None and lead else opened


def _columns(margin: str) -> int:
    return len(margin.expandtabs(4))
