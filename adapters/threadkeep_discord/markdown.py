"""A model's Markdown, written as Discord's Markdown.

https://support.discord.com/hc/en-us/articles/210298617 tells what Discord renders: bold, italics, underlined and struck
text, spoilers, code, one level of quotes, headings of three levels, lists, links with a label. What models write beyond
that is turned into one of these.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.chat.markdown.extras import CODE, FENCE, FORMULA_END, FORMULA_LINE
from threadkeep.chat.markdown.tables import is_table_rule
from threadkeep_discord.wording import (
    bare_language,
    begins_plainly,
    sure_length,
    without_leading_comment,
    write_line,
    write_table,
)

_MARKS: Final = "```"
_SPLIT_MARKS: Final = "``\u200b`"
"""What stands for the marks of a code block inside of one, where Discord would take them for its end."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is open at the beginning of a line.

    Attributes:
        fence: The marks of the code block as they were written; empty where none is open.
        is_quoted: Whether the code block stands in a quote, with which it ends.
        is_formula: Whether the code block was made of a formula.
        table: Lines that are a table, or a line that may be its head.
    """

    fence: str = ""
    is_quoted: bool = False
    is_formula: bool = False
    table: tuple[str, ...] = ()


class DiscordMarkdown:
    """Writes one growing text. Implements ``chat.worded.Wording``. Each line is written once.

    As long as the text grows, a table and a line of which it is not clear yet how they will be written are held back.
    """

    def __init__(self) -> None:
        self._source = ""
        self._written = ""
        self._state = _State()

    def write(self, text: str, *, is_final: bool) -> str:
        """Write the text as far as it goes.

        Args:
            text: The whole text so far.
            is_final: Whether nothing will be added.
        """
        if not text.startswith(self._source):
            self._source, self._written, self._state = "", "", _State()
        complete = text.rfind("\n") + 1
        if complete > len(self._source):
            lines = text[len(self._source) : complete].split("\n")[:-1]
            self._written += "".join([self._line(line + "\n") for line in lines])
            self._source = text[:complete]
        rest = text[complete:]
        return self._written + (self._end(rest) if is_final else self._beginning(rest))

    def _beginning(self, line: str) -> str:
        """Give what is sure of a line that is not complete."""
        if len(self._state.table) == 1:
            line = self._state.table[0]
        elif self._state.is_formula or self._state.table:
            return ""
        if self._state.fence:
            is_open = line.lstrip(" \t").startswith(">") or not self._state.is_quoted
            return _inside_code(line) if is_open and line.strip(" \t>`~") else ""
        return line[: sure_length(line)] if begins_plainly(line) else ""

    def _end(self, line: str) -> str:
        state = self._state
        written = self._line(line) if line else ""
        written += self._close_table()
        self._state = state
        return written

    def _line(self, line: str) -> str:
        """Write a line with its end, and a table that stands before it."""
        state = self._state
        if state.fence:
            return self._in_code(line)
        if not state.table:
            return self._outside(line)
        is_row = is_table_rule(line) if len(state.table) == 1 else "|" in line and FENCE.match(line) is None
        if is_row:
            self._state = replace(state, table=(*state.table, line))
            return ""
        return self._close_table() + self._outside(line)

    def _outside(self, line: str) -> str:
        line = without_leading_comment(line)
        fence = _fence_of(line)
        if fence is not None:
            self._state = _State(fence=fence[1], is_quoted=">" in line[: fence.start(1)])
            before = line[: fence.start(1)].replace("\t", "    ")
            return f"{_one_quote(before)}{_MARKS}{bare_language(fence[2])}{_end_of(line)}"
        formula = FORMULA_LINE.match(line)
        if formula is not None:
            self._state = _State(fence=_MARKS, is_formula=True)
            return f"{formula[1]}{_MARKS}{_end_of(line)}"
        if _may_be_head(line):
            self._state = _State(table=(line,))
            return ""
        return _as_text(line.removesuffix("\n")) + _end_of(line)

    def _in_code(self, line: str) -> str:
        state = self._state
        if state.is_quoted and not line.lstrip(" \t").startswith(">"):
            self._state = _State()
            return f"> {_MARKS}\n{self._outside(line)}"
        if state.is_formula:
            is_end = FORMULA_END.match(line) is not None
        else:
            marks = line.strip(" \t\r\n>" if state.is_quoted else " \t\r\n")
            is_end = marks.startswith(state.fence) and not marks.strip(state.fence[0])
        if not is_end:
            return _inside_code(line)
        self._state = _State()
        before = line[: len(line) - len(line.lstrip(" \t>"))]
        return f"{_one_quote(before)}{_MARKS}{_end_of(line)}"

    def _close_table(self) -> str:
        table, self._state = self._state.table, replace(self._state, table=())
        if len(table) < 2:
            return "".join(_as_text(line.removesuffix("\n")) + _end_of(line) for line in table)
        return "\n".join(write_table([line.removesuffix("\n") for line in table])) + _end_of(table[-1])


def _fence_of(line: str) -> re.Match[str] | None:
    fence = FENCE.match(line)
    return None if fence is None or (fence[1][0] == "`" and "`" in fence[2]) else fence


def _as_text(line: str) -> str:
    """Write a line that is no code, nor taken for the beginning of some where a comment before its marks is gone."""
    written = write_line(line)
    if _fence_of(written) is None:
        return written
    return _inside_code(written).replace("~~~", "~~\u200b~")


def _may_be_head(line: str) -> bool:
    return "|" in CODE.sub("", line) and not line.lstrip().startswith((">", "||", "- ", "* ", "#"))


def _inside_code(line: str) -> str:
    return line.replace(_MARKS, _SPLIT_MARKS)


def _one_quote(before: str) -> str:
    return "> " if ">" in before else before


def _end_of(line: str) -> str:
    return "\n" if line.endswith("\n") else ""
