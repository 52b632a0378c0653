"""Inline spans: the stretches of a paragraph that a cut should not go through."""

import re
from dataclasses import dataclass, field

Span = tuple[int, int]
"""From the first character to just after the last one."""

_TOKEN = re.compile(
    r"\\[^\r\n]|(?P<ticks>`+)|(?P<open>!?\[)|(?P<close>\])|(?P<angle><[^<>\s]+>)|(?P<pair>\*\*|__|~~|\|\|)"
)
_DESTINATION = re.compile(
    r"\((?:<[^<>\r\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:[ \t]+(?:\"[^\"\r\n]*\"|'[^'\r\n]*'))?\)",
)
_BLANK = re.compile(r"\s")
_OPEN_TITLE = re.compile(r"[ \t]+(?:\"[^\"\r\n]*\"?|'[^'\r\n]*'?)?[ \t]*\Z")


@dataclass(slots=True)
class Spans:
    """The spans found, by how bad it is to cut them.

    Attributes:
        strict: Links, mentions, inline code: broken when cut.
        loose: Bold, struck and hidden text: cut only where there is no other way.
    """

    strict: list[Span] = field(default_factory=list)
    loose: list[Span] = field(default_factory=list)


class _Paragraph:
    """Finds the spans of one paragraph."""

    def __init__(self, text: str, start: int, end: int, spans: Spans) -> None:
        self._text = text
        self._end = end
        words = text[start:end].rsplit(maxsplit=1)
        self._last_word = end - len(words[-1]) if words else end
        self._spans = spans
        self.open = Spans()
        self._labels: list[int] = []
        self._pairs: dict[str, int] = {}
        self._runs: dict[int, list[int]] = {}
        for run in reversed(list(re.finditer(r"`+", text[start:end]))):
            self._runs.setdefault(len(run[0]), []).append(start + run.start())

    def find(self, position: int) -> None:
        """Collect the closed spans, and those that are still open at the end."""
        while (token := _TOKEN.search(self._text, position, self._end)) is not None:
            position = token.end()
            if token["ticks"]:
                position = self._code(token.start(), position)
            elif token["open"]:
                self._labels.append(token.start())
            elif token["close"]:
                position = self._link(position)
            elif token["angle"]:
                self._spans.strict.append(token.span())
            elif token["pair"]:
                self._pair(token["pair"], token.start(), position)
        self.open.strict.extend((label, self._end + 1) for label in self._labels)
        self.open.loose.extend((start, self._end + 1) for start in self._pairs.values())

    def _code(self, start: int, position: int) -> int:
        """Take the code span that these backticks open, up to the next run of the same length."""
        runs = self._runs.get(position - start, [])
        while runs and runs[-1] <= start:
            runs.pop()
        if not runs:
            self.open.strict.append((start, self._end + 1))
            return position
        end = runs.pop() + position - start
        self._spans.strict.append((start, end))
        return end

    def _link(self, position: int) -> int:
        """Close a label; with a destination after it, it is a link."""
        if not self._labels:
            return position
        if position == self._end:
            return position  # the destination may come: the label stays open
        label = self._labels.pop()
        found = _DESTINATION.match(self._text, position, self._end)
        if found is not None:
            self._spans.strict.append((label, found.end()))
            return found.end()
        if self._text[position] == "(" and self._is_open_destination(position):
            self._labels.append(label)
            return self._end
        return position

    def _is_open_destination(self, position: int) -> bool:
        if position >= self._last_word:
            return True
        blank = _BLANK.search(self._text, position, self._end)
        return blank is not None and _OPEN_TITLE.match(self._text, blank.start(), self._end) is not None

    def _pair(self, mark: str, start: int, position: int) -> None:
        """Open or close a pair; marks between blanks ("a || b") are neither."""
        is_after_blank = start == 0 or self._text[start - 1].isspace()
        is_before_blank = position < self._end and self._text[position].isspace()
        if mark in self._pairs and not is_after_blank:
            self._spans.loose.append((self._pairs.pop(mark), position))
        elif not is_before_blank:
            self._pairs.setdefault(mark, start)


def find_spans(text: str, start: int, end: int, spans: Spans, *, is_cut_off: bool, reach: int) -> None:
    """Add the spans of one paragraph.

    Args:
        text: The text that holds it.
        start: Where it begins.
        end: Where it ends.
        spans: Where to add them.
        is_cut_off: Whether it goes on: then what is open at its end is taken for a span, too.
        reach: How long such an open span may be. A mark that stands alone ("**kwargs") would else spoil everything
            after it.
    """
    paragraph = _Paragraph(text, start, end, spans)
    paragraph.find(start)
    if is_cut_off:
        spans.strict.extend(span for span in paragraph.open.strict if end - span[0] <= reach)
        spans.loose.extend(span for span in paragraph.open.loose if end - span[0] <= reach)
