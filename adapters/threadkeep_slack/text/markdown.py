"""A model's Markdown, written as Slack's Markdown.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block/ lists what Slack renders: bold, italics, links, lists,
task lists, struck text, headings, code, quotes, dividers, tables; images become links. What models write beyond that is
turned into one of these: HTML, footnotes, formulas, notes (``> [!NOTE]``), marked text, images without a name.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.chat.markdown.extras import CODE, FENCE, FOOTNOTE, FORMULA_END, FORMULA_LINE, NOTE, plainer
from threadkeep.chat.markdown.html import html_to_markdown, superscript

_TASK: Final = re.compile(r"^([ \t>]*)[*+-]([ \t]+)\[([ xX])\](?=[ \t])")

# Where something may begin that is written differently, in a line that is not complete: from there on it is held back.
_SUSPECT: Final = re.compile(
    r"<(?=[A-Za-z/!]|$)|\[(?=[\^!]|$)|!(?=\[|$)|\\(?=[(\[]|$)|\$(?=\$|$)|=(?==|$)"
    r"|^[ \t>]*(?P<bullet>[*+-])(?:$|[ \t]+(?:$|\[))"
)


@dataclass(frozen=True, slots=True)
class _State:
    """What is open at the beginning of a line.

    Attributes:
        fence: The marks of the code fence; empty where none is open.
        is_formula: Whether the fence was made of a formula.
        comment: What was read of an HTML comment, as it was written; empty where none is open.
    """

    fence: str = ""
    is_formula: bool = False
    comment: str = ""


class SlackMarkdown:
    """Writes one growing text. Each line is written once, so the cost is linear in the length of the text.

    As long as the text grows, what was given before is the beginning of what is given next: a line of which it is not
    yet clear how it will be written is held back from there on.

    Args:
        people: Ids of people by the names under which the text may mention them; nobody if not said.
    """

    def __init__(self, people: Mapping[str, str] | None = None) -> None:
        self._people: Final = dict(people or {})
        names = sorted(self._people, key=len, reverse=True)
        self._mention: Final = re.compile(rf"(?<![\w@<.])@({'|'.join(map(re.escape, names))})(?!\w)") if names else None
        self._source = ""
        self._written = ""
        self._state = _State()
        self._sure = 0

    def write(self, text: str, *, is_final: bool) -> str:
        """Write the text as far as it goes.

        Args:
            text: The whole text so far.
            is_final: Whether nothing will be added.
        """
        if not text.startswith(self._source):
            self._source, self._written, self._state, self._sure = "", "", _State(), 0
        complete = text.rfind("\n") + 1
        if complete > len(self._source):
            lines = text[len(self._source) : complete].split("\n")[:-1]
            self._written += "".join(self._line(line, "\n") for line in lines)
            self._source, self._sure = text[:complete], 0
        rest = text[complete:]
        return self._written + (self._end(rest) if is_final else self._beginning(rest))

    def _beginning(self, line: str) -> str:
        """Give what is sure of a line that is not complete."""
        state = self._state
        if state.comment:
            return ""
        if state.fence:
            # The line may turn out to be the end of a formula.
            return "" if state.is_formula else line
        # What was searched before need not be searched again, and the line is only longer than it was.
        suspect = _SUSPECT.search(line, min(self._sure, len(line)))
        at = len(line) if suspect is None else max(suspect.start(), suspect.start("bullet"))
        has_begun = bool(line.strip(" \t>"))
        self._sure = (at if has_begun else 0) if suspect is None else suspect.start()
        if self._mention is not None and (mention := line.find("@")) != -1:
            at = min(at, mention)
        return line[:at]

    def _end(self, line: str) -> str:
        """Write the last line; a comment that was never closed is no comment."""
        state = self._state
        written = self._line(line, "")
        left, self._state = self._state.comment, state
        return written + left

    def _line(self, line: str, end: str) -> str:
        state = self._state
        if state.comment:
            return self._in_comment(line, end)
        if state.fence:
            return self._in_fence(line) + end
        fence = FENCE.match(line)
        if fence is not None and not (fence[1][0] == "`" and "`" in fence[2]):
            self._state = replace(state, fence=fence[1])
            return line + end
        formula = FORMULA_LINE.match(line)
        if formula is not None:
            self._state = replace(state, fence="```", is_formula=True)
            return f"{formula[1]}```{end}"
        return self._plain(line, end)

    def _in_fence(self, line: str) -> str:
        state = self._state
        if state.is_formula:
            if FORMULA_END.match(line) is None:
                return line
            self._state = _State()
            return "```"
        fence = FENCE.match(line)
        if fence is not None and fence[1].startswith(state.fence) and not fence[2].strip():
            self._state = _State()
        return line

    def _in_comment(self, line: str, end: str) -> str:
        before, mark, after = line.partition("-->")
        if not mark:
            self._state = replace(self._state, comment=self._state.comment + before + end)
            return ""
        self._state = _State()
        return self._line(after, end) if after.strip() else end

    def _plain(self, line: str, end: str) -> str:
        if _SUSPECT.search(line) is None and (self._mention is None or "@" not in line):
            return line + end
        line, comment = _without_comments(line)
        if not comment:
            return self._begin(line) + end
        self._state = replace(self._state, comment=comment + end)
        return self._begin(line)

    def _begin(self, line: str) -> str:
        """Write a line: what its beginning makes of it, then what stands in it."""
        note = NOTE.match(line)
        if note is not None:
            return f"{note[1]}**{note[2].capitalize()}**"
        line = _TASK.sub(lambda task: f"{task[1]}-{task[2]}[{task[3].lower()}]", line, count=1)
        footnote = FOOTNOTE.match(line)
        if footnote is not None:
            return f"{footnote[1]}{superscript(footnote[2])} {self._inside(line[footnote.end() :])}"
        return self._inside(line)

    def _inside(self, line: str) -> str:
        """Write what stands in a line, code spans as they are."""
        line_break = " " if line.lstrip().startswith("|") else "\n"
        pieces: list[str] = []
        position = 0
        for code in CODE.finditer(line):
            pieces.append(self._text(line[position : code.start()], line_break))
            pieces.append(code.group())
            position = code.end()
        pieces.append(self._text(line[position:], line_break))
        return "".join(pieces)

    def _text(self, text: str, line_break: str) -> str:
        text = html_to_markdown(plainer(text), line_break=line_break)
        if self._mention is not None:
            text = self._mention.sub(lambda found: f"<@{self._people[found[1]]}>", text)
        return text


def _without_comments(line: str) -> tuple[str, str]:
    """Give a line without the comments in it, and what stands at its end of one that it does not close."""
    if "<!--" not in line:
        return line, ""
    codes = deque(code.span() for code in CODE.finditer(line))
    pieces: list[str] = []
    position = searched = 0
    while (at := line.find("<!--", searched)) != -1:
        while codes and codes[0][1] <= at:
            codes.popleft()
        if codes and codes[0][0] <= at:
            searched = codes[0][1]
            continue
        pieces.append(line[position:at])
        close = line.find("-->", at + 4)
        if close == -1:
            return "".join(pieces), line[at:]
        position = searched = close + 3
    return "".join((*pieces, line[position:])), ""
