"""What is done with a session when a run has ended and nobody waits: summing up, and remembering."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from threadkeep.agent.clerk import Clerk
from threadkeep.agent.extraction import Extraction
from threadkeep.agent.memory import Memory
from threadkeep.agent.summary import Folding, Summary
from threadkeep.agent.tokens import Gauge
from threadkeep.agent.window import Window
from threadkeep.models.base import Model
from threadkeep.models.prices import Price
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.base import Store

_log = structlog.get_logger(__name__)


class Aftercare:
    """Sum up and remember.

    Args:
        model: The agent's model, which does it unless another is named.
        window: What the model is shown.
        gauge: Measures messages.
        summary: Whether and how to sum up.
        memory: Whether and how to remember.
        prices: What models cost.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        model: Model,
        window: Window,
        gauge: Gauge,
        *,
        summary: Summary | None,
        memory: Memory | None,
        prices: Mapping[str, Price],
        clock: Callable[[], float],
    ) -> None:
        def clerk(own: Model | None, purpose: str) -> Clerk:
            return Clerk(model=own or model, purpose=purpose, gauge=gauge, prices=prices, clock=clock)

        self._works: list[Folding | Extraction] = []
        self._models: list[Model] = []
        if summary is not None:
            measure = lambda message: gauge.measure(message, model.id)  # noqa: E731 - it is one expression
            self._works.append(Folding(summary, clerk(summary.model, "summary"), window, measure))
        if memory is not None and memory.after_run:
            self._works.append(Extraction(clerk(memory.model, "memory")))
        named = (None if summary is None else summary.model, None if memory is None else memory.model)
        self._models = [one for one in named if one is not None]

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._works)

    async def after_run(self, session: Session, store: Store, runs: Sequence[Run] = ()) -> None:
        """Do it all for a session; what fails is logged, and done after a later run.

        Args:
            session: The session as it was known before its last run.
            store: Where it is.
            runs: Its last runs, as far as they are known.
        """
        for work in self._works:
            try:
                await work.after_run(session, store, runs)
            except Exception as error:  # noqa: BLE001 - whatever a model or store raises: nobody waits for it
                _log.warning(
                    "not_looked_after",
                    session_id=session.session_id,
                    work=type(work).__name__,
                    error=str(error) or type(error).__name__,
                )

    async def aclose(self) -> None:
        """Close the models that only this uses, on the running event loop."""
        for model in self._models:
            await model.aclose()
