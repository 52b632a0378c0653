"""What runs have cost, by who asked, where, and of which model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from threadkeep.errors import InvalidKeyError
from threadkeep.runs import ModelUse, Run
from threadkeep.sessions import SessionKey

By = Literal["model", "user", "session", "channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some runs have cost.

    Attributes:
        runs: How many they are: those for which a model was asked.
        input_tokens: Tokens that were sent.
        cached_tokens: Those of them that servers had cached.
        output_tokens: Tokens that models wrote.
        money: US dollars, as far as prices are known.
        is_estimated: Whether some tokens were estimated, because a server did not tell.
        is_whole: Whether the price of every model is known.
    """

    runs: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0
    is_estimated: bool = False
    is_whole: bool = True

    def plus(self, use: ModelUse) -> "Cost":
        """Give the cost with what one model has cost besides."""
        return replace(
            self,
            input_tokens=self.input_tokens + use.input_tokens,
            cached_tokens=self.cached_tokens + use.cached_tokens,
            output_tokens=self.output_tokens + use.output_tokens,
            money=self.money + (use.cost or 0.0),
            is_estimated=self.is_estimated or use.is_estimated,
            is_whole=self.is_whole and use.cost is not None,
        )


def total_cost(runs: Iterable[Run]) -> Cost:
    """Give what runs have cost together."""
    return _summed(runs, lambda _run, _use: "").get("", Cost())


def costs(runs: Iterable[Run], *, by: By) -> Mapping[str, Cost]:
    """Give what runs have cost: by model, user, session, or channel, of which the threads are parts.

    Args:
        runs: The runs.
        by: By what to sum up. Runs of unknown users stand under an empty text.
    """
    return _summed(runs, _NAMES[by])


def _channel(run: Run, _use: ModelUse) -> str:
    try:
        return str(replace(SessionKey.parse(run.session_id), thread=None))
    except InvalidKeyError:
        return run.session_id


_NAMES: Final[Mapping[By, Callable[[Run, ModelUse], str]]] = {
    "model": lambda _run, use: use.model,
    "user": lambda run, _use: run.user_id or "",
    "session": lambda run, _use: run.session_id,
    "channel": _channel,
}


def _summed(runs: Iterable[Run], name_of: Callable[[Run, ModelUse], str]) -> dict[str, Cost]:
    found: dict[str, Cost] = {}
    for run in runs:
        named: set[str] = set()
        for use in run.metrics.models:
            name = name_of(run, use)
            found[name] = found.get(name, Cost()).plus(use)
            named.add(name)
        for name in named:
            found[name] = replace(found[name], runs=found[name].runs + 1)
    return found
