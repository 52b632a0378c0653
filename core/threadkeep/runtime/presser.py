"""Who pressed a button: their roles, where the platform does not send them along."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import structlog

from threadkeep.agent.questions import Question
from threadkeep.chat.adapter import Adapter
from threadkeep.chat.events import ActionPressed
from threadkeep.chat.rights import TellsRights
from threadkeep.errors import PlatformError

_log = structlog.get_logger(__name__)

_ASKING_SECONDS: Final = 5.0


async def with_roles(event: ActionPressed, questions: Iterable[Question], adapter: Adapter) -> ActionPressed:
    """Give a press with the roles of who pressed, as far as they matter for what is asked.

    Somebody whose roles cannot be told has none.

    Args:
        event: The press.
        questions: What is asked.
        adapter: The platform.
    """
    user = str(event.user)
    matters = any(not question.may_be_decided_by(user, event.roles) for question in questions)
    if event.roles or not matters or not isinstance(adapter, TellsRights):
        return event
    try:
        async with asyncio.timeout(_ASKING_SECONDS):
            rights = await adapter.rights(event.place, event.user)
    except (PlatformError, TimeoutError) as error:
        _log.warning("roles_not_told", user_id=user, error=str(error) or type(error).__name__)
        return event
    return replace(event, roles=tuple(sorted(rights.roles)))
