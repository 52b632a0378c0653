"""A text that people read while it grows at its end: what its parts show, and where they may end."""

from dataclasses import dataclass

from threadkeep.chat.markdown.budget import Budget, Measure
from threadkeep.chat.markdown.cuts import choose_cut, find_natural_cut
from threadkeep.chat.markdown.reading import read_window
from threadkeep.chat.markdown.window import Carry, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingPart:
    """The part that grows, as the text stands now.

    Attributes:
        window: What was read of it.
    """

    window: Window

    @property
    def is_whole(self) -> bool:
        """Tell whether all of the text fits in it."""
        return self.window.is_last

    @property
    def is_blank(self) -> bool:
        """Tell whether there is nothing in it to be seen."""
        return self.window.first >= len(self.window.text)

    @property
    def end(self) -> int:
        """Give where the text that was read ends."""
        return self.window.end

    def begun(self, end: int) -> str:
        """Give what the part shows up to here while it goes on: a code fence stays open."""
        return self.window.begun(end)

    def closed(self, end: int) -> str:
        """Give what the part shows if it ends here."""
        return self.window.render(end)

    def natural_end(self, least: int) -> int:
        """Give a place at or after `least` where the part may end although more would fit; 0 if there is none yet."""
        return find_natural_cut(self.window, least)

    def full_end(self, least: int) -> int:
        """Give where a part ends that cannot take all of the text, at or after `least` if that can be."""
        return choose_cut(self.window, least=least)


class GrowingText:
    """Walks through the parts of a text that grows. Unlike ``split_markdown`` it can end a part before it is full.

    Args:
        limit: The greatest length of a part.
        measure: The unit of the limit.
    """

    def __init__(self, limit: int, measure: Measure = len) -> None:
        self._budget = Budget(limit=limit, measure=measure)
        self._start = 0
        self._carry = Carry()

    def read(self, text: str) -> GrowingPart:
        """Read the part that grows; the text must begin with what stood before it when it was ended."""
        return GrowingPart(window=read_window(text, self._start, self._carry, self._budget))

    def end_part(self, part: GrowingPart, end: int) -> None:
        """End the part here; the next one begins, and opens again what was left open."""
        self._carry = part.window.carry(end)
        self._start = end
