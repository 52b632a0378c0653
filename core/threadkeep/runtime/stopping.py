"""Who may stop an answer: nobody may who has no part in the conversation."""

from collections.abc import Collection

import structlog

from threadkeep.chat.adapter import Acceptance, Adapter, Sink
from threadkeep.chat.events import Event, StopRequested
from threadkeep.chat.policy import may_stop
from threadkeep.runtime.people import whisper
from threadkeep.stores.base import History

_log = structlog.get_logger(__name__)

NOT_YOURS = "Only those who take part in this conversation may stop its answer."
"""What is whispered to everybody else."""


def guard_stops(sink: Sink, adapter: Adapter, history: History, admins: Collection[str]) -> Sink:
    """Give a sink that passes on only the stops of those who may stop.

    Args:
        sink: Takes every event.
        adapter: The platform from which they come.
        history: Knows who takes part in a conversation.
        admins: The ids of users who may stop every answer.
    """

    async def accept(event: Event) -> Acceptance:
        if isinstance(event, StopRequested) and event.place.is_shared:
            found = await history.load(str(event.place.session), runs=0)
            if found is not None and not may_stop(event, found.session, admins):
                _log.info("stop_refused", session_id=found.session.session_id, user_id=str(event.user))
                await whisper(adapter, event, NOT_YOURS)
                return Acceptance.IGNORED
        return await sink(event)

    return accept
