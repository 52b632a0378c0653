"""What the tools of a run may know of it."""

from threadkeep.agent.archive import Archive
from threadkeep.agent.context import RunContext
from threadkeep.agent.desk import ToolDesk
from threadkeep.agent.history import current_runs, live_runs
from threadkeep.agent.personal import Personal
from threadkeep.agent.prompt import Past
from threadkeep.agent.request import RunRequest
from threadkeep.agent.rights_once import AskedOnce
from threadkeep.agent.state import RunState
from threadkeep.stores.base import Store, Transcript


def context_of(
    request: RunRequest,
    transcript: Transcript | None,
    state: RunState,
    *,
    store: Store,
    past: Past,
    began_at: float = 0.0,
) -> RunContext:
    """Give the context of a run.

    Args:
        request: The run.
        transcript: The session with its last runs; None if it is new.
        state: The session's state.
        store: Where memories and sessions are.
        past: What the model is shown of the session.
        began_at: When the run began, in seconds since the epoch.
    """
    return RunContext(
        run_id=request.run_id,
        session_id=request.session_id,
        user_id=request.user_id,
        speaker=request.speaker,
        place=request.place,
        runs=live_runs(current_runs(transcript)),
        session=transcript.session if transcript is not None else None,
        state=state.values,
        memories=_personal(request, store),
        archive=Archive(
            store=store,
            session_id=request.session_id,
            user_id=request.user_id,
            place=request.place,
            shown=len(past.runs),
        ),
        began_at=began_at,
        desk=ToolDesk(on_rights=None if request.rights is None else AskedOnce(request.rights)),
    )


def _personal(request: RunRequest, store: Store) -> Personal | None:
    if request.user_id is None:
        return None
    place = request.place
    is_shared = place is not None and place.is_shared
    return Personal(
        store=store,
        user_id=request.user_id,
        session_id=request.session_id,
        is_private=place is not None and (not is_shared or place.is_confidential),
        is_shared=is_shared,
    )
