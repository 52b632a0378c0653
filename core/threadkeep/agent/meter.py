"""What a run costs: tokens, calls and time."""

from collections.abc import Callable, Mapping

from threadkeep.agent.steps import AnswerStep
from threadkeep.models.base import Usage
from threadkeep.models.prices import Price, price_of
from threadkeep.models.usage import sum_of
from threadkeep.runs import Metrics, ModelUse


class Meter:
    """Add up the cost of one run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: float | None = None
        self._ended: float | None = None
        self._first_text: float | None = None
        self._usage = Usage()
        self._model_calls = 0
        self._models: dict[str, ModelUse] = {}

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

    def add_call(self, step: AnswerStep, prices: Mapping[str, Price]) -> None:
        """Add one model call.

        Args:
            step: The answer.
            prices: What models cost, besides those whose price we know.
        """
        self._model_calls += 1
        self._usage = sum_of(self._usage, step.usage)
        counted = step.estimate or step.usage
        price = price_of(step.model, prices)
        known = self._models.get(step.model) or ModelUse(model=step.model, cost=None if price is None else 0.0)
        self._models[step.model] = ModelUse(
            model=step.model,
            calls=known.calls + 1,
            input_tokens=known.input_tokens + (counted.input_tokens or 0),
            cached_tokens=known.cached_tokens + (counted.cached_tokens or 0),
            output_tokens=known.output_tokens + (counted.output_tokens or 0),
            cost=None if price is None or known.cost is None else known.cost + price.of(counted),
            is_estimated=known.is_estimated or step.estimate is not None,
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
            models=tuple(self._models.values()),
        )

    def _since_start(self, now: float) -> float:
        # The clock is that of the wall, which may be set back.
        return max(0.0, now - self._began) if self._began is not None else 0.0
