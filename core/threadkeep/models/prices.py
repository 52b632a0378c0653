"""What models cost, by the prices that the operator gives: providers change theirs, so none is built in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep.errors import ConfigError
from threadkeep.models.base import Usage

_MILLION: Final = 1_000_000
# What a provider puts behind a model's name for a state of it: a date.
_SNAPSHOT: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, in US dollars for a million tokens.

    Attributes:
        input: For those that are sent.
        output: For those that the model writes.
        cached: For those of the sent ones that the server had cached; None if they cost as much as the others.

    Raises:
        ConfigError: A price is less than nothing.
    """

    input: float
    output: float
    cached: float | None = None

    def __post_init__(self) -> None:
        if min(self.input, self.output, self.cached or 0.0) < 0:
            raise ConfigError(f"a price is 0 or more, got {self!r}")

    def of(self, usage: Usage) -> float:
        """Give what some tokens cost, in dollars."""
        cached = usage.cached_tokens or 0
        sent = max(0, (usage.input_tokens or 0) - cached)
        per_cached = self.input if self.cached is None else self.cached
        return (sent * self.input + cached * per_cached + (usage.output_tokens or 0) * self.output) / _MILLION


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Give the price of a model; None where it is not known.

    A snapshot (``gpt-4o-2024-08-06``) costs as much as its model, unless it has a price of its own.

    Args:
        model: The model's name.
        prices: The prices that are known, by model.
    """
    return prices.get(model) or prices.get(_SNAPSHOT.sub("", model))
