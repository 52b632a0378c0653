"""Cut a Markdown text into messages."""

from dataclasses import dataclass

from threadkeep.chat.markdown.budget import Budget, Measure
from threadkeep.chat.markdown.cuts import choose_cut
from threadkeep.chat.markdown.reading import read_window
from threadkeep.chat.markdown.window import Carry

_LEAST_LIMIT = 20
"""Below this there is no room for a fence's opening, its closing and some code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a longer text.

    Attributes:
        text: What is posted: the source without blank edges, and with what it needs to render alone (the lines that
            open and close a code fence, the head of a table, quote marks).
        source: The stretch of the text that it stands for; the sources of all parts joined are the text.
    """

    text: str
    source: str


def split_markdown(text: str, limit: int, measure: Measure = len) -> list[Part]:
    """Cut a Markdown text into parts that fit the limit and render alone.

    A part ends before a paragraph or heading, else before a list item, a line, after a sentence or a word, and not
    inside a link, mention, inline code, bold or hidden text or a table row as long as there is another way. Only a
    word longer than a whole part is cut, and never between a character and its accent if that can be helped.

    The text may still be growing: a fence that is open at the end is closed in the last part. Whatever is
    appended, all parts but the last one stay as they are, so a message that is full is never written again.

    The cost is linear in the length of the text.

    Args:
        text: The text; blank text has no parts.
        limit: The greatest length of a part's text, at least 20.
        measure: The unit of the limit: ``len``, or ``utf16_length``.

    Raises:
        ValueError: The limit is below 20.
    """
    if limit < _LEAST_LIMIT:
        raise ValueError(f"the limit of a part must be at least {_LEAST_LIMIT}, got {limit}")
    trimmed = text.strip()
    if not trimmed:
        return []
    if "```" not in text and "~~~" not in text and measure(trimmed) <= limit:
        return [Part(text=trimmed, source=text)]  # most answers: short, without code, not worth reading line by line
    parts: list[Part] = []
    budget = Budget(limit=limit, measure=measure)
    start, carry = 0, Carry()
    while True:
        window = read_window(text, start, carry, budget)
        end = len(text) if window.is_last else choose_cut(window)
        parts.append(Part(text=window.render(end), source=text[start:end]))
        if window.is_last:
            return parts
        carry = window.carry(end)
        start = end
