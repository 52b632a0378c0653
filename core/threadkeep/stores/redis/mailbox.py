"""What waits in a session of a Redis store, read for the operator."""

from typing import Final

from threadkeep.stores.operations import Mailbox
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.replies import as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, script_call

_STEP: Final = "s:"


def mailbox_call(keys: RedisKeys, session_id: str, *, lease: int, most: int) -> Command:
    """Give the call that reads a session's mailbox.

    Args:
        keys: Where everything is.
        session_id: The session.
        lease: How long a lease holds, in milliseconds.
        most: How many messages beyond those that the run takes are named.
    """
    return script_call(scripts.MAILBOX, keys.scheduled(session_id), session_id, lease, most)


def read_mailbox(reply: object) -> Mailbox | None:
    """Read the reply of that call; None if there is no such session."""
    words = as_list(reply)
    if not words:
        return None
    taken, waiting, run_id, attempt, fields, worker, due_at = words
    names = sorted(as_text(field) for field in as_list(fields))
    return Mailbox(
        taken=tuple(as_text(name) for name in as_list(taken)),
        waiting=tuple(as_text(name) for name in as_list(waiting)),
        run_id=as_text(run_id) or None,
        attempt=as_int(attempt),
        steps=tuple(name.removeprefix(_STEP) for name in names if name.startswith(_STEP)),
        worker=as_text(worker) or None,
        due_at=None if as_int(due_at) < 0 else as_int(due_at) / 1000,
    )
