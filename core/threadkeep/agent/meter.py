"""What a run costs: tokens, calls and time."""

from collections.abc import Callable

from threadkeep.models.base import Usage
from threadkeep.runs import Metrics


class Meter:
    """Add up the cost of one run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: float | None = None
        self._ended: float | None = None
        self._first_text: float | None = None
        self._usage = Usage()
        self._model_calls = 0

    @property
    def began(self) -> float:
        """When the run began; now, if it has not."""
        return self._clock() if self._began is None else self._began

    def start(self) -> None:
        """Note that the run begins."""
        self._began = self._clock()

    def stop(self) -> None:
        """Note that the run is over."""
        self._ended = self._clock()

    def note_text(self) -> None:
        """Note that there is text to see."""
        if self._first_text is None:
            self._first_text = self._since_start(self._clock())

    def add_call(self, usage: Usage) -> None:
        """Add one model call."""
        self._model_calls += 1
        self._usage = Usage(
            input_tokens=_sum(self._usage.input_tokens, usage.input_tokens),
            cached_tokens=_sum(self._usage.cached_tokens, usage.cached_tokens),
            output_tokens=_sum(self._usage.output_tokens, usage.output_tokens),
        )

    def metrics(self) -> Metrics:
        """Give the cost so far."""
        return Metrics(
            input_tokens=self._usage.input_tokens,
            cached_tokens=self._usage.cached_tokens,
            output_tokens=self._usage.output_tokens,
            time_to_first_token=self._first_text,
            duration=self._since_start(self._clock() if self._ended is None else self._ended),
            model_calls=self._model_calls,
        )

    def _since_start(self, now: float) -> float:
        # The clock is that of the wall, which may be set back.
        return max(0.0, now - self._began) if self._began is not None else 0.0


def _sum(known: int | None, more: int | None) -> int | None:
    if known is None or more is None:
        return more if known is None else known
    return known + more
