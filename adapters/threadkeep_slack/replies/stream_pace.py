"""When a streamed answer has grown enough for another call."""

import re
from typing import Final

_GROWTH: Final = 3
_MOST_HELD: Final = 3_500
_UNSETTLED: Final = re.compile(
    r"(?:<[\s\\]*(?:@[\s\\]*[A-Za-z0-9]*|![\s\\]*[A-Za-z]*)?|(?<![A-Za-z0-9_.+-])@[A-Za-z]*[.-]?)\Z"
)
_TAIL: Final = 64


class StreamPace:
    """Spaces the calls of one streamed answer: close together at first, wider the more there is to read already.

    A third more text is worth a call, and so is a wait that grows with each call. So an answer of 60,000 characters
    takes less than 40 calls, however fast or slowly it comes, and a short one is smooth.

    Args:
        interval: Seconds between the first calls.
    """

    def __init__(self, interval: float) -> None:
        self._interval: Final = interval
        self._calls = 0
        self._last = float("-inf")

    def note_call(self, now: float) -> None:
        """Note that the answer has grown visibly."""
        self._calls += 1
        self._last = now

    def is_due(self, now: float, *, shown: int, new: int) -> bool:
        """Tell whether another call is worth it.

        Args:
            now: The time.
            shown: How many characters are visible.
            new: How many more there are.
        """
        if new <= 0:
            return False
        return new >= min(shown / _GROWTH, _MOST_HELD) or now - self._last >= self._interval * (1 + self._calls)


def settled_end(text: str, end: int) -> int:
    """Give up to where a growing text can be sent: what may become a mention is not decided yet.

    A mention is made harmless by a character behind its first one, which could not be put there any more.
    """
    tail = max(0, end - _TAIL)
    found = _UNSETTLED.search(text, tail, end)
    return len(text[: found.start() if found else end].rstrip())
