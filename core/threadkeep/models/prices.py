"""What models cost: a table of prices that the operator completes and overrides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
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


PRICES: Final[Mapping[str, Price]] = MappingProxyType(
    {
        "gpt-4o": Price(input=2.50, cached=1.25, output=10.00),
        "gpt-4o-mini": Price(input=0.15, cached=0.075, output=0.60),
        "gpt-4.1": Price(input=2.00, cached=0.50, output=8.00),
        "gpt-4.1-mini": Price(input=0.40, cached=0.10, output=1.60),
        "gpt-4.1-nano": Price(input=0.10, cached=0.025, output=0.40),
        "gpt-5": Price(input=1.25, cached=0.125, output=10.00),
        "gpt-5-mini": Price(input=0.25, cached=0.025, output=2.00),
        "gpt-5-nano": Price(input=0.05, cached=0.005, output=0.40),
        "o3": Price(input=2.00, cached=0.50, output=8.00),
        "o4-mini": Price(input=1.10, cached=0.275, output=4.40),
    }
)
"""Prices that were published when this release was made. Providers change them: override what you rely on."""


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Give the price of a model; None where it is not known.

    A snapshot (``gpt-4o-2024-08-06``) costs as much as its model, unless it has a price of its own.

    Args:
        model: The model's name.
        prices: What the operator says; it goes before ``PRICES``.
    """
    names = (model, _SNAPSHOT.sub("", model))
    found = (table.get(name) for table in (prices, PRICES) for name in names)
    return next((price for price in found if price is not None), None)
