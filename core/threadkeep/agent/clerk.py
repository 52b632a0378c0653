"""Asking a model one thing for a session when nobody waits, and keeping what that has cost."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from threadkeep.agent.meter import Meter
from threadkeep.agent.steps import AnswerStep
from threadkeep.agent.tokens import Gauge
from threadkeep.errors import ModelResponseError, StoreError
from threadkeep.messages import Message, Role
from threadkeep.models.base import Model, ModelAnswer, ModelSettings
from threadkeep.models.prices import Price
from threadkeep.models.streams import closing_stream
from threadkeep.runs import ModelUse, Run
from threadkeep.stores.base import Store
from threadkeep.stores.charges import Charge

_SECONDS: Final = 120.0
_SETTINGS: Final = ModelSettings(is_streamed=False)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """A model that works in the background.

    Attributes:
        model: Who is asked.
        purpose: What for: ``summary`` or ``memory``.
        gauge: Estimates tokens where a server does not tell them.
        prices: What models cost.
        clock: Gives the seconds since the epoch.
    """

    model: Model
    purpose: str
    gauge: Gauge
    prices: Mapping[str, Price]
    clock: Callable[[], float]

    async def ask(self, *, instructions: str, text: str, run: Run, store: Store) -> str:
        """Ask without tools and give what is said; what it costs is kept with the session.

        Args:
            instructions: The system message.
            text: What is asked.
            run: After which run.
            store: Where its session is.

        Raises:
            ModelError: The model gave no usable answer.
            TimeoutError: It took longer than two minutes.
        """
        messages = (Message(role=Role.SYSTEM, content=instructions), Message(role=Role.USER, content=text))
        answer: ModelAnswer | None = None
        async with asyncio.timeout(_SECONDS), closing_stream(self.model.stream(messages, (), _SETTINGS)) as events:
            async for event in events:
                answer = event if isinstance(event, ModelAnswer) else answer
        if answer is not None:
            await self._charge(self._use(messages, answer), run, store)
        said = "" if answer is None else answer.message.content.strip()
        if not said:
            raise ModelResponseError("the model answered with nothing")
        return said

    def _use(self, messages: tuple[Message, ...], answer: ModelAnswer) -> ModelUse:
        model = answer.model or self.model.id
        is_told = answer.usage.input_tokens is not None
        estimate = None if is_told else self.gauge.estimate(messages, answer.message, model)
        meter = Meter(self.clock)
        step = AnswerStep(message=answer.message, usage=answer.usage, model=model, estimate=estimate)
        meter.add_call(step, self.prices)
        (use,) = meter.metrics().models
        return use

    async def _charge(self, use: ModelUse, run: Run, store: Store) -> None:
        charge = Charge(session_id=run.session_id, purpose=self.purpose, use=use, user_id=run.user_id, at=self.clock())
        try:
            await store.digests.charge(charge)
        except StoreError as error:
            # What was asked for is worth more than its bill.
            _log.warning("not_charged", session_id=run.session_id, purpose=self.purpose, error=str(error))
