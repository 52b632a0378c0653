"""The calls by which an event enters the mailbox: one script for each kind of event."""

from typing import Final

from threadkeep.chat.events import (
    ActionPressed,
    Event,
    FeedbackGiven,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
)
from threadkeep.stores.codec import encode_event, encode_place
from threadkeep.stores.options import (
    MAX_FEEDBACK,
    MAX_PLACES,
    MAX_PRESSES,
    MAX_SPEAKERS,
    SEEN_SECONDS,
    StoreOptions,
)
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

    def call(self, event: Event, session_id: str, origin: str) -> Command:
        """Give the call; its reply is what was done, and 1 if the session became ready by it.

        Args:
            event: The event.
            session_id: Its session.
            origin: What is published where it becomes ready; empty if nobody else needs to hear of it.
        """
        match event:
            case MessageReceived():
                return self._receive(event, session_id, origin)
            case MessageEdited():
                return self._amend(event, session_id, encode_event(event), origin)
            case MessageDeleted():
                return self._amend(event, session_id, b"", origin)
            case StopRequested():
                return self._stop(event, session_id, origin)
            case ActionPressed():
                return self._press(event, session_id, origin)
            case FeedbackGiven():
                return self._feedback(event, session_id)

    def _receive(self, event: MessageReceived, session_id: str, origin: str) -> Command:
        message = str(event.key)
        partition, platform = self._keys.partition_of(session_id), event.place.session.platform
        return script_call(
            scripts.ACCEPT,
            (
                *self._keys.scheduled(session_id),
                self._keys.seen(partition, message),
                self._keys.places(partition, platform),
                self._keys.workspaces(partition, platform),
                self._keys.platforms(partition),
            ),
            *(session_id, event.addressing.value, message, encode_event(event), str(event.user)),
            *(self._options.max_waiting, self._options.max_context, MAX_SPEAKERS, self._retention, _SEEN_MS),
            *(self._keys.wake_channel, origin, self._keys.control_channel),
            *(encode_place(event.place), event.key.message, event.key.workspace, MAX_PLACES),
            1 if event.key.revision is None else 0,
        )

    def _amend(self, event: MessageEdited | MessageDeleted, session_id: str, body: bytes, origin: str) -> Command:
        words = (str(event.key.original), self._retention, body, _SEEN_MS, self._keys.control_channel)
        return self._by_revision(scripts.AMEND, event, session_id, *words, self._keys.wake_channel, origin)

    def _stop(self, event: StopRequested, session_id: str, origin: str) -> Command:
        words = (str(event.user), self._retention, _SEEN_MS, self._keys.control_channel)
        return self._by_revision(scripts.STOP, event, session_id, *words, self._keys.wake_channel, origin)

    def _press(self, event: ActionPressed, session_id: str, origin: str) -> Command:
        words = (str(event.key), encode_event(event), self._retention, _SEEN_MS, self._keys.wake_channel)
        return self._by_revision(scripts.PRESS, event, session_id, *words, origin, MAX_PRESSES)

    def _feedback(self, event: FeedbackGiven, session_id: str) -> Command:
        name = f"{event.user} {event.key.original}"
        body = encode_event(event) if event.rating else b""
        words = (name, body, self._retention, _SEEN_MS, MAX_FEEDBACK)
        return self._by_revision(scripts.FEEDBACK, event, session_id, *words)

    def _by_revision(
        self,
        script: scripts.Script,
        event: Event,
        session_id: str,
        *words: str | bytes | int,
    ) -> Command:
        seen = self._keys.seen(self._keys.partition_of(session_id), str(event.key))
        return script_call(script, (*self._keys.scheduled(session_id), seen), session_id, *words)
