"""What runs have cost, by who asked, where, and of which model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from threadkeep.errors import InvalidKeyError
from threadkeep.runs import ModelUse, Run
from threadkeep.sessions import SessionKey
from threadkeep.stores.charges import Charge

By = Literal["model", "user", "session", "channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some runs have cost, with what was done for them in the background: summaries and memories.

    Attributes:
        runs: How many they are: those for which a model was asked.
        input_tokens: Tokens that were sent.
        cached_tokens: Those of them that servers had cached.
        output_tokens: Tokens that models wrote.
        money: US dollars, as far as prices are known.
        is_estimated: Whether some tokens were estimated, because a server did not tell.
        is_whole: Whether the price of every model is known.
        background_calls: How often a model was asked in the background; all other numbers include that.
        background_money: US dollars of it.
    """

    runs: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0
    is_estimated: bool = False
    is_whole: bool = True
    background_calls: int = 0
    background_money: float = 0.0

    def plus(self, use: ModelUse, *, is_background: bool = False) -> "Cost":
        """Give the cost with what one model has cost besides."""
        return replace(
            self,
            background_calls=self.background_calls + use.calls * is_background,
            background_money=self.background_money + (use.cost or 0.0) * is_background,
            input_tokens=self.input_tokens + use.input_tokens,
            cached_tokens=self.cached_tokens + use.cached_tokens,
            output_tokens=self.output_tokens + use.output_tokens,
            money=self.money + (use.cost or 0.0),
            is_estimated=self.is_estimated or use.is_estimated,
            is_whole=self.is_whole and use.cost is not None,
        )

    def and_also(self, other: "Cost") -> "Cost":
        """Give what two have cost together."""
        return Cost(
            runs=self.runs + other.runs,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            money=self.money + other.money,
            is_estimated=self.is_estimated or other.is_estimated,
            is_whole=self.is_whole and other.is_whole,
            background_calls=self.background_calls + other.background_calls,
            background_money=self.background_money + other.background_money,
        )


def total_cost(runs: Iterable[Run], charges: Iterable[Charge] = ()) -> Cost:
    """Give what runs, and what was done for them in the background, have cost together."""
    return _summed(runs, charges, lambda _session, _user, _use: "").get("", Cost())


def costs(runs: Iterable[Run], charges: Iterable[Charge] = (), *, by: By) -> Mapping[str, Cost]:
    """Give what runs have cost: by model, user, session, or channel, of which the threads are parts.

    Args:
        runs: The runs.
        charges: What was done in the background; it counts for who was answered before.
        by: By what to sum up. What belongs to unknown users stands under an empty text.
    """
    return _summed(runs, charges, _NAMES[by])


def charged_since(runs: Sequence[Run], charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Give what was done in the background since the first of some runs; nothing where there are none."""
    return tuple(charge for charge in charges if runs and charge.at >= runs[0].created_at)


_NameOf = Callable[[str, str | None, ModelUse], str]
"""Gives under what a use is summed up, by its session and user."""


def _channel(session_id: str) -> str:
    try:
        return str(replace(SessionKey.parse(session_id), thread=None))
    except InvalidKeyError:
        return session_id


_NAMES: Final[Mapping[By, _NameOf]] = {
    "model": lambda _session, _user, use: use.model,
    "user": lambda _session, user, _use: user or "",
    "session": lambda session, _user, _use: session,
    "channel": lambda session, _user, _use: _channel(session),
}


def _summed(runs: Iterable[Run], charges: Iterable[Charge], name_of: _NameOf) -> dict[str, Cost]:
    found: dict[str, Cost] = {}
    for run in runs:
        named: set[str] = set()
        for use in run.metrics.models:
            name = name_of(run.session_id, run.user_id, use)
            found[name] = found.get(name, Cost()).plus(use)
            named.add(name)
        for name in named:
            found[name] = replace(found[name], runs=found[name].runs + 1)
    for charge in charges:
        name = name_of(charge.session_id, charge.user_id, charge.use)
        found[name] = found.get(name, Cost()).plus(charge.use, is_background=True)
    return found
