"""What the rooms of a store give and take: claims and their leases, transcripts, memories, opinions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from threadkeep.chat.events import MessageEdited, MessageReceived
from threadkeep.runs import Run
from threadkeep.sessions import MessageKey, Session, UserKey

Amendments = Mapping[str, MessageEdited | None]
"""What became of messages since they were answered, by message key: their last edit, or None if they were deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's right to run one session, until it ends or lapses.

    Attributes:
        session_id: The session.
        worker: Who holds it.
        fence: A number that only grows from claim to claim of a session. Every write carries it, and the store refuses
            the write of a holder whose lease was taken over.
        token: The store's own handle of the lease.
    """

    session_id: str
    worker: str
    fence: int
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A session with work, taken by a worker.

    Attributes:
        lease: The right to run it.
        run_id: The id of the run to make: the proposed one, or that of an attempt that did not end.
        attempt: 1 for the first attempt of this run, then 2, ...
        events: What waits, oldest first, at most the store's ``max_claimed_events``: messages to be answered and,
            between them, messages kept as context.
        steps: What earlier attempts of this run recorded, by step name.
        session: The session as it stands.
        runs: Its last finished runs, oldest first.
        amendments: What became of the messages of these runs and of the events: an edit, or None for a deletion.
        has_more: Whether another claim may find something now. If not, it is worth waiting first.
    """

    lease: Lease
    run_id: str
    attempt: int
    events: tuple[MessageReceived, ...]
    steps: Mapping[str, str] = field(default_factory=dict)
    session: Session
    runs: tuple[Run, ...]
    amendments: Amendments = field(default_factory=dict)
    has_more: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A session and its last runs, oldest first.

    Attributes:
        session: The session.
        runs: Its last finished runs, as they were when they ended.
        amendments: What became of their messages: an edit, or None for a deletion.
        before: The number of the run before the first, where it was asked for by number.
    """

    session: Session
    runs: tuple[Run, ...]
    amendments: Amendments = field(default_factory=dict)
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """One thing that is remembered of a user.

    Attributes:
        memo_id: Its id, unique for the user.
        text: What is remembered.
        created_at: Since when, in seconds since the epoch.
        updated_at: When it was last changed or said again, in seconds since the epoch.
        topics: What it is about, in single words.
        source: The session in which it was learnt, where known.
        is_private: Whether it was learnt in a direct message, a private channel or a group conversation.
        user_id: Whose account has learnt it; filled where those of several are listed together.
    """

    memo_id: str
    text: str
    created_at: float
    updated_at: float = 0.0
    topics: tuple[str, ...] = ()
    source: str | None = None
    is_private: bool = False
    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody thinks of an answer.

    Attributes:
        message: The bot's message.
        user: Who says so.
        rating: 1 for good, -1 for bad.
        comment: What they wrote to it.
        given_at: When, in seconds since the epoch.
    """

    message: MessageKey
    user: UserKey
    rating: int
    comment: str = ""
    given_at: float = 0.0
