"""A session's metadata, as the hash that Redis keeps of it."""

from collections.abc import Mapping

from threadkeep.sessions import Session
from threadkeep.stores.codec import decode_state

_SPEAKER = "u:"


def read_session(session_id: str, fields: Mapping[str, bytes]) -> Session:
    """Give what is known of a session.

    Raises:
        StoreError: Its state is damaged.
    """
    speakers = sorted(
        (int(place), name.removeprefix(_SPEAKER)) for name, place in fields.items() if name.startswith(_SPEAKER)
    )
    name = fields.get("name")
    state = fields.get("state")
    return Session(
        session_id=session_id,
        name=None if name is None else name.decode(),
        user_ids=tuple(user for _, user in speakers),
        created_at=int(fields.get("created", 0)) / 1000,
        updated_at=int(fields.get("updated", 0)) / 1000,
        run_count=int(fields.get("runs", 0)),
        state={} if state is None else decode_state(state),
        summary=fields.get("summary", b"").decode(),
        summarised=int(fields.get("summarised", 0)),
        read=int(fields.get("read", 0)),
    )
