"""The calls by which an event enters the mailbox: one script for each kind of event."""

from typing import Final

from threadkeep.chat.events import Event, MessageDeleted, MessageEdited, MessageReceived, StopRequested
from threadkeep.stores.codec import encode_event, encode_place
from threadkeep.stores.options import MAX_PLACES, MAX_SPEAKERS, SEEN_SECONDS, StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.wire import Command, script_call

_SEEN_MS: Final = SEEN_SECONDS * 1000


class AcceptCalls:
    """Builds the call that stores an event.

    Args:
        keys: Where everything is.
        options: How much is kept.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions) -> None:
        self._keys = keys
        self._options = options
        self._retention = round(options.retention.total_seconds() * 1000)

    def call(self, event: Event, origin: str) -> Command:
        """Give the call; its reply is what was done, and 1 if the session became ready by it.

        Args:
            event: The event.
            origin: What is published where it becomes ready; empty if nobody else needs to hear of it.
        """
        match event:
            case MessageReceived():
                return self._receive(event, origin)
            case MessageEdited():
                return self._amend(event, encode_event(event))
            case MessageDeleted():
                return self._amend(event, b"")
            case StopRequested():
                return self._stop(event)

    def _receive(self, event: MessageReceived, origin: str) -> Command:
        session_id, message = str(event.place.session), str(event.key)
        partition, platform = self._keys.partition_of(session_id), event.place.session.platform
        return script_call(
            scripts.ACCEPT,
            (
                *self._keys.scheduled(session_id),
                self._keys.seen(partition, message),
                self._keys.places(partition, platform),
                self._keys.workspaces(partition, platform),
            ),
            *(session_id, event.addressing.value, message, encode_event(event), str(event.user)),
            *(self._options.max_waiting, self._options.max_context, MAX_SPEAKERS, self._retention, _SEEN_MS),
            *(self._keys.wake_channel, origin, self._keys.control_channel),
            *(encode_place(event.place), event.key.message, event.key.workspace, MAX_PLACES),
        )

    def _amend(self, event: MessageEdited | MessageDeleted, body: bytes) -> Command:
        words = (str(event.key.original), self._retention, body, _SEEN_MS, self._keys.control_channel)
        return self._by_revision(scripts.AMEND, event, *words)

    def _stop(self, event: StopRequested) -> Command:
        words = (str(event.user), self._retention, _SEEN_MS, self._keys.control_channel)
        return self._by_revision(scripts.STOP, event, *words)

    def _by_revision(
        self, script: scripts.Script, event: MessageEdited | MessageDeleted | StopRequested, *words: str | bytes | int
    ) -> Command:
        session_id = str(event.place.session)
        seen = self._keys.seen(self._keys.partition_of(session_id), str(event.key))
        return script_call(script, (*self._keys.scheduled(session_id), seen), session_id, *words)
