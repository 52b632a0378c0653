"""Instructions: a text, one that differs by place, or what a function makes of who asks, where and when."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from threadkeep.agent.context import RunContext
from threadkeep.chat.events import PlaceKind
from threadkeep.chat.places import by_place

MakeInstructions = Callable[[RunContext], str | Awaitable[str | None] | None]
"""Gives the instructions for a run. It is called once for each attempt of it, in the event loop: it must not block."""
Told = str | MakeInstructions
"""Instructions as an agent takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """Instructions that differ by place: what is said everywhere, then what is said in this place.

    Attributes:
        everywhere: What is said everywhere; a text or a function.
        by_place: What is said besides: for a session id, a channel (``slack:T1:C1``) or a kind of place (``direct``,
            ``channel``, ``thread``). The most particular one of a place counts.
    """

    everywhere: Told | None = None
    by_place: Mapping[PlaceKind | str, Told] = field(default_factory=dict)

    async def __call__(self, context: RunContext) -> str:
        """Give the instructions for a run."""
        parts = (self.everywhere, by_place(self.by_place, context.place))
        texts = [await instructions_text(part, context) for part in parts if part is not None]
        return "\n\n".join(text for text in texts if text)


async def instructions_text(told: Told | None, context: RunContext) -> str:
    """Give the text of some instructions; nothing is filled into it.

    Args:
        told: The instructions.
        context: The run; a function may read it.

    Raises:
        Exception: Whatever the function raises; the run fails with it.
    """
    if told is None or isinstance(told, str):
        return told or ""
    made = told(context)
    return (await made if inspect.isawaitable(made) else made) or ""
