"""Where to end a part: the best place among those that a reader would choose."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from threadkeep.chat.markdown.spans import Span, Spans, find_spans
from threadkeep.chat.markdown.window import Line, LineKind, Window

_WIDE_STOPS = "\u3002\uff01\uff1f"
"""The stops of Chinese and Japanese, which no blank follows."""
_GAP = re.compile(rf"(?<=\S)[^\S\r\n\u00a0\u2007\u202f]+(?=\S)|(?<=[{_WIDE_STOPS}])(?=[^\s{_WIDE_STOPS}])")
_SENTENCE_END = re.compile(rf"[.!?\u2026{_WIDE_STOPS}][\"')\]\u00bb\u201d\u2019*_]{{0,3}}\Z")
_MARKERS = re.compile(r"(?:[ \t]|>|#{1,6}(?=[ \t])|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t]))*")
_JOINERS = frozenset("\u200d\u2060")
_FENCE_MARKS = ("`", "~", ">")
"""With these a line begins that may become a closing fence."""
_TABLE_KINDS = frozenset({LineKind.TABLE_HEAD, LineKind.TABLE_RULE, LineKind.TABLE_ROW})
_CODE_KINDS = frozenset({LineKind.CODE, LineKind.FENCE_CLOSING})
_PROSE_KINDS = frozenset({LineKind.TEXT, LineKind.HEADING, LineKind.ITEM}) | _TABLE_KINDS
_BLOCK_STARTS = frozenset({LineKind.HEADING, LineKind.RULE, LineKind.FENCE_OPENING, LineKind.TABLE_HEAD})
_HARD_CUT_STEPS = 64
_LEAST_REACH = 80
"""An open mark this close to the end of a window counts as the start of a span, however short the window is."""


class Rank(IntEnum):
    """How natural a cut is; less is better."""

    BLOCK = 0
    ITEM = 1
    LINE = 2
    SENTENCE = 3
    SPACE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A place where a part may end.

    Attributes:
        position: The first character of the next part.
        rank: How natural it is.
        is_poor: Whether it leaves a heading without its text, or a closing fence without its code.
        is_in_code: Whether it follows code.
    """

    position: int
    rank: Rank
    is_poor: bool = False
    is_in_code: bool = False


def choose_cut(window: Window, *, least: int = 0) -> int:
    """Give where the part ends. Something is left on either side.

    Args:
        window: What was read.
        least: Where the part ends at the earliest, if that can be: so far it is visible already.
    """
    return _Chooser(window, max(window.half, least)).choose()


def find_natural_cut(window: Window, least: int) -> int:
    """Give the first of the most natural places at or after `least` where a part may end; 0 if there is none."""
    return _Chooser(window, least).first_natural()


class _Chooser:
    """Weighs the cuts of one window."""

    def __init__(self, window: Window, least: int) -> None:
        self._window = window
        self._least = least
        spans = _spans(window)
        self._strict = _merged(spans.strict)
        self._loose = _merged(spans.loose)

    def choose(self) -> int:
        """Go from the cuts that harm nothing to those that harm most."""
        cuts = [cut for cut in _cuts(self._window) if self._is_allowed(cut.position, is_in_code=cut.is_in_code)]
        kept = [cut for cut in cuts if not _is_inside(cut.position, self._strict)]
        whole = [cut for cut in kept if not _is_inside(cut.position, self._loose)]
        found = (
            self._best([cut for cut in whole if not cut.is_poor])
            or self._best(whole)
            or self._hard(self._least, (self._strict, self._loose))
            or self._best(kept)
            or self._hard(self._window.first, (self._strict,))
            or self._best(cuts)
            or self._hard(self._window.first, ())
        )
        return found or max(self._window.end - 1, self._window.first + 1)

    def first_natural(self) -> int:
        """Give the first of the most natural cuts that harm nothing, else 0."""
        cuts = [
            cut
            for cut in _cuts(self._window)
            if cut.position >= self._least
            and not cut.is_poor
            and self._is_allowed(cut.position, is_in_code=cut.is_in_code)
            and not _is_inside(cut.position, self._strict)
            and not _is_inside(cut.position, self._loose)
        ]
        return min(cuts, key=lambda cut: (cut.rank, cut.position)).position if cuts else 0

    def _is_allowed(self, position: int, *, is_in_code: bool) -> bool:
        """Tell whether a cut here parts no character and leaves a text that fits.

        Only code that ends like a part of a closing fence can turn out too long: it needs a whole closing line.
        """
        window = self._window
        if _is_joined(window.text, position):
            return False
        if not is_in_code or _last_ink(window.text, position) not in _FENCE_MARKS:
            return True
        return window.budget.measure(window.render(position)) <= window.budget.limit

    def _best(self, cuts: list[Cut]) -> int:
        """Give the most natural cut that fills half of the part, else the last one, else 0."""
        filling = [cut for cut in cuts if cut.position >= self._least]
        if filling:
            return min(filling, key=lambda cut: (cut.rank, -cut.position)).position
        return max((cut.position for cut in cuts), default=0)

    def _hard(self, least: int, spared: tuple[list[Span], ...]) -> int:
        """Give the last place beyond `least` that parts no character and no spared span, else 0."""
        position = self._window.end - 1
        for _ in range(_HARD_CUT_STEPS):
            if position <= max(least, self._window.first):
                return 0
            around = next((span for spans in spared if (span := _is_inside(position, spans))), None)
            if around is not None:
                position = around[0]
            elif not self._is_allowed(position, is_in_code=True) or self._window.text[position].isspace():
                position -= 1
            else:
                return position
        return 0


def _last_ink(text: str, end: int) -> str:
    """Give the last character before `end` that is not blank."""
    while text[end - 1].isspace():
        end -= 1
    return text[end - 1]


def _cuts(window: Window) -> Iterator[Cut]:
    """Give all natural cuts in order."""
    last = LineKind.BLANK
    is_after_blank = False
    for line in window.lines:
        if line.kind is LineKind.BLANK:
            is_after_blank = True
            continue
        if line.start > window.first and last is not LineKind.FENCE_OPENING:
            yield Cut(
                position=line.start,
                rank=_line_rank(line, last, is_after_blank=is_after_blank),
                is_poor=last is LineKind.HEADING or line.kind is LineKind.FENCE_CLOSING,
                is_in_code=last is LineKind.CODE,
            )
        if line.kind in _PROSE_KINDS or line.kind is LineKind.CODE:
            yield from _gaps(window, line)
        last = line.kind
        is_after_blank = False


def _line_rank(line: Line, last: LineKind, *, is_after_blank: bool) -> Rank:
    if line.kind in _CODE_KINDS:
        return Rank.ITEM if is_after_blank else Rank.LINE
    if is_after_blank or line.kind in _BLOCK_STARTS or last is LineKind.FENCE_CLOSING:
        return Rank.BLOCK
    return Rank.ITEM if line.kind is LineKind.ITEM else Rank.LINE


def _gaps(window: Window, line: Line) -> Iterator[Cut]:
    """Give the cuts inside a line, beyond the marks of a quote, list item or heading."""
    markers = _MARKERS.match(window.text, line.start, line.end)
    start = markers.end() if markers else line.start
    for gap in _GAP.finditer(window.text, max(start, window.first + 1), line.end):
        is_in_code = line.kind is LineKind.CODE
        ends = _SENTENCE_END.search(window.text, max(gap.start() - 4, line.start), gap.start())
        rank = Rank.SENTENCE if ends and not is_in_code else Rank.SPACE
        yield Cut(position=gap.end(), rank=rank, is_in_code=is_in_code)


def _spans(window: Window) -> Spans:
    """Find what should stay whole: table rows, table heads with their first row, and inline spans."""
    spans = Spans()
    paragraph: list[Line] = []
    for line in [*window.lines, None]:
        if paragraph and (line is None or line.kind is not LineKind.TEXT):
            _add_paragraph(window, paragraph, spans)
            paragraph = []
        if line is None:
            break
        if line.kind in _TABLE_KINDS or _is_row_like(window, line):
            is_head = line.kind in {LineKind.TABLE_HEAD, LineKind.TABLE_RULE}
            spans.strict.append((line.start, line.end + is_head))
        if line.kind in _PROSE_KINDS:
            paragraph.append(line)
    return spans


def _is_row_like(window: Window, line: Line) -> bool:
    """Tell whether a line may become a table's head; with two bars it is hidden text."""
    start = window.text[line.start : min(line.start + 2, line.end)]
    return line.kind is LineKind.TEXT and start.startswith("|") and start != "||"


def _add_paragraph(window: Window, lines: list[Line], spans: Spans) -> None:
    end = lines[-1].end
    find_spans(
        window.text,
        lines[0].start,
        end,
        spans,
        is_cut_off=end == window.end,
        reach=max(window.end - window.half, _LEAST_REACH),
    )


def _merged(spans: list[Span]) -> list[Span]:
    """Sort the spans and join those that overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_inside(position: int, spans: list[Span]) -> Span | None:
    """Give the span that a cut here would part."""
    index = bisect_left(spans, position, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and position < spans[index][1] else None


def _is_joined(text: str, position: int) -> bool:
    """Tell whether a cut here would part what is seen as one character."""
    before, after = text[position - 1], text[position]
    if before in _JOINERS or after in _JOINERS or (before, after) == ("\r", "\n"):
        return True
    if unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True  # accents, variation selectors, skin tones
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    return _is_flag_half(before) and _is_flag_half(after)


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
