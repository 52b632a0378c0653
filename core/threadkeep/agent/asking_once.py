"""Asking a model one thing, outside of any conversation."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import structlog

from threadkeep.errors import ModelResponseError
from threadkeep.messages import Message, Role
from threadkeep.models.base import Model, ModelAnswer, ModelSettings

_SECONDS: Final = 120.0
_SETTINGS: Final = ModelSettings(is_streamed=False)
_log = structlog.get_logger(__name__)


async def ask_once(model: Model, *, instructions: str, text: str) -> str:
    """Ask a model without tools and give what it says.

    Raises:
        ModelError: It gave no usable answer.
        TimeoutError: It took longer than two minutes.
    """
    said = ""
    messages = (Message(role=Role.SYSTEM, content=instructions), Message(role=Role.USER, content=text))
    events = model.stream(messages, (), _SETTINGS)
    try:
        async with asyncio.timeout(_SECONDS):
            async for event in events:
                if isinstance(event, ModelAnswer):
                    said = event.message.content.strip()
                    # What this costs belongs to no run.
                    _log.info(
                        "asked_in_the_background",
                        model=model.id,
                        input_tokens=event.usage.input_tokens,
                        output_tokens=event.usage.output_tokens,
                    )
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
    if not said:
        raise ModelResponseError("the model answered with nothing")
    return said
