"""The rooms of a store that serve many processes and the operator: signals, dead letters, places, traces."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageReceived, Place
from threadkeep.sessions import MessageKey


class SignalKind(StrEnum):
    """What happened to a session whose run is in progress."""

    MESSAGE = "message"
    """One more message waits."""
    EDITED = "edited"
    """A message that the run answers was edited."""
    DELETED = "deleted"
    """A message that the run answers was deleted."""
    STOP = "stop"
    """Somebody asked to stop."""
    MISSED = "missed"
    """Signals of any sessions may not have been heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Tells the worker that holds a session, wherever it is, that something happened to it.

    Attributes:
        session_id: The session; empty where signals were missed.
        kind: What happened.
        waiting: How many messages to be answered wait beyond those that the run takes.
        message: The key of the message that came, was edited or was deleted. Until the run has recorded how many
            messages it takes, all that it was claimed with count as its own: whoever hears of an edit or a deletion
            looks whether it is.
    """

    session_id: str
    kind: SignalKind
    waiting: int = 0
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Messages that could not be answered after all attempts.

    Attributes:
        letter_id: Its id.
        session_id: Where they were said.
        run_id: The run that was given up; its first eight characters are the reference that people were shown.
        reason: A short name of what went wrong.
        attempts: How often it was tried.
        events: The messages.
        died_at: When it was given up, in seconds since the epoch.
    """

    letter_id: str
    session_id: str
    run_id: str
    reason: str
    attempts: int
    events: tuple[MessageReceived, ...]
    died_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """A place where the bot takes part.

    Attributes:
        place: The place.
        last_message: The platform's id of the latest message that was accepted there.
        seen_at: When that was, in seconds since the epoch.
    """

    place: Place
    last_message: str
    seen_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTrace:
    """What the store did with a message.

    Attributes:
        key: The message.
        session_id: Its conversation.
        acceptance: What was done at its first arrival.
        accepted_at: When that was, in seconds since the epoch.
        waiting_before: How many messages to be answered waited before it.
        deliveries: How often it arrived.
    """

    key: MessageKey
    session_id: str
    acceptance: Acceptance
    accepted_at: float
    waiting_before: int
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What waits in a session, and how far the run in progress has come.

    Attributes:
        taken: The keys of the waiting messages that the run in progress answers or was shown, oldest first.
        waiting: The keys of those beyond them (bounded).
        run_id: The run in progress, also one that is between two attempts; None if there is none.
        attempt: The number of its latest attempt.
        steps: The names of what it recorded.
        worker: Who holds the session; None if nobody does.
        due_at: From when on a worker may take it, in seconds since the epoch: the end of the lease, unless it is
            renewed, or of a delay. None if any worker may take it now, or nothing waits.
    """

    taken: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    run_id: str | None = None
    attempt: int = 0
    steps: tuple[str, ...] = ()
    worker: str | None = None
    due_at: float | None = None


class DeadLetters(Protocol):
    """What was given up, for the operator. ``Inbox.commit`` adds to it; the latest ten thousand are kept."""

    async def list(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """List the letters, the latest first."""
        ...

    async def get(self, letter_id: str) -> DeadLetter | None:
        """Read one."""
        ...

    async def retry(self, letter_id: str) -> bool:
        """Let its messages wait in their session again, after what waits there now; False if there is no such letter.

        Atomic: the messages are in one of the two places.
        """
        ...

    async def drop(self, letter_id: str) -> bool:
        """Forget one; False if there is no such letter."""
        ...


class Places(Protocol):
    """Where the bot takes part; kept by ``Inbox.accept``."""

    async def recent(self, platform: str, *, since: float, limit: int) -> tuple[KnownPlace, ...]:
        """List the places of a platform in which something was said since then, the latest first."""
        ...


class Traces(Protocol):
    """What was done with messages; kept by ``Inbox.accept`` as long as the dedupe mark, 26 hours."""

    async def find(self, key: MessageKey) -> MessageTrace | None:
        """Tell what was done with a message; None if it never came, or is forgotten."""
        ...

    async def mailbox(self, session_id: str) -> Mailbox | None:
        """Tell what waits in a session now, without taking it; None if there is no such session."""
        ...

    async def workspaces(self, platform: str) -> tuple[str, ...]:
        """List the workspaces in which messages were accepted: a link to a message does not name its own."""
        ...
