"""Where the bot takes part and what was done with messages, in Redis; written by the script that accepts a message."""

from itertools import chain

from threadkeep.chat.adapter import Acceptance
from threadkeep.sessions import MessageKey
from threadkeep.stores.codec import decode_place
from threadkeep.stores.operations import KnownPlace, Mailbox, MessageTrace
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.mailbox import mailbox_call, read_mailbox
from threadkeep.stores.redis.replies import as_bytes, as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, script_call


class RedisPlaces:
    """Where the bot takes part: the latest ten thousand places of a platform in each partition.

    Args:
        keys: Where everything is.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, lines: Lines) -> None:
        self._keys = keys
        self._lines = lines

    async def recent(self, platform: str, *, since: float, limit: int) -> tuple[KnownPlace, ...]:
        """List the places in which something was said since then, the latest first."""
        if limit < 1:
            return ()
        commands = [
            script_call(
                scripts.PLACES,
                [self._keys.places(partition, platform)],
                *(self._keys.session_base(partition), round(since * 1000), limit),
            )
            for partition in range(self._keys.partitions)
        ]
        replies = await self._lines.here().wire.call_all(*commands)
        places = [_read_place(as_list(found)) for found in chain.from_iterable(as_list(reply) for reply in replies)]
        return tuple(sorted(places, key=lambda place: place.seen_at, reverse=True)[:limit])


class RedisTraces:
    """What was done with messages.

    Args:
        keys: Where everything is.
        options: How long a lease holds.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions, lines: Lines) -> None:
        self._keys = keys
        self._options = options
        self._lines = lines

    async def find(self, key: MessageKey) -> MessageTrace | None:
        """Tell what was done with a message; a message that was ignored leaves no trace.

        Its session is not known, so that each partition is asked.
        """
        commands = [
            Command(("GET", self._keys.seen(partition, str(key)))) for partition in range(self._keys.partitions)
        ]
        marks = await self._lines.here().wire.call_all(*commands)
        return next((_read_trace(key, as_text(mark)) for mark in marks if mark is not None), None)

    async def mailbox(self, session_id: str) -> Mailbox | None:
        """Tell what waits in a session now; see ``Traces``."""
        options = self._options
        lease = round(options.lease_seconds * 1000)
        call = mailbox_call(self._keys, session_id, lease=lease, most=options.max_waiting + options.max_context)
        return read_mailbox(await self._lines.here().wire.call(call))

    async def workspaces(self, platform: str) -> tuple[str, ...]:
        """List the workspaces in which messages were accepted, in alphabetical order."""
        commands = [
            Command(("SMEMBERS", self._keys.workspaces(partition, platform)))
            for partition in range(self._keys.partitions)
        ]
        replies = await self._lines.here().wire.call_all(*commands)
        found = {as_text(name) for reply in replies if isinstance(reply, set | list) for name in reply}
        return tuple(sorted(found))


def _read_place(found: list[object]) -> KnownPlace:
    _, place, message, time = found
    return KnownPlace(place=decode_place(as_bytes(place)), last_message=as_text(message), seen_at=as_int(time) / 1000)


def _read_trace(key: MessageKey, mark: str) -> MessageTrace:
    _, deliveries, time, waiting, outcome, session_id = mark.split(" ", 5)
    return MessageTrace(
        key=key,
        session_id=session_id,
        acceptance=Acceptance(outcome),
        accepted_at=int(time) / 1000,
        waiting_before=int(waiting),
        deliveries=int(deliveries),
    )
