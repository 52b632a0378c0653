"""The port of the store: small rooms, implemented on Redis and on SQLite, held by one contract test suite."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, Self

from threadkeep.chat.adapter import Acceptance, SharedState
from threadkeep.chat.events import Event, MessageReceived
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.digests import Digests, Links
from threadkeep.stores.operations import DeadLetters, Places, Signal, Traces
from threadkeep.stores.records import Amendments, Claim, Feedback, Lease, Memo, Transcript
from threadkeep.vault import Vault

__all__ = [
    "Amendments",
    "Claim",
    "Control",
    "Feedback",
    "History",
    "Inbox",
    "Lease",
    "Memo",
    "Memories",
    "Store",
    "Transcript",
]


class Inbox(Protocol):
    """Accepted events by session, leased to workers: the mailbox of an actor.

    A session that has something to answer is ready exactly once; it is taken by one worker at a time.
    """

    async def accept(self, event: Event) -> Acceptance:
        """Store an event and make its session ready, atomically; one call.

        Events that are handed over one after the other stay in that order. Repeating the call is harmless.

        A message that waits and that the run in progress does not take is edited and deleted in place. What became of
        other messages is kept as amendments; the deletion of a question that the run in progress takes sets its step
        ``stop`` to ``deleted``. The wish to stop sets that step to the user's id; it is IGNORED where no run is in
        progress or unfinished, and stops no later one when it is delivered once more. Edits and deletions are IGNORED
        where there is no such session, ACCEPTED where they change what is to be answered or is being answered, and KEPT
        where they only change what was said.

        A press is recorded as the step ``press:{key}`` of the run in progress or suspended (bounded), which is ready
        again at once; it is IGNORED where there is none. Feedback is KEPT with the session, the last word of each
        person about each message of the bot; it is IGNORED where there is no such session.

        Raises:
            StoreUnavailableError: The store does not have it; do not acknowledge it.
        """
        ...

    async def claim(
        self, worker: str, *, run_id: str, runs: int, most_runs: int = 0, platforms: frozenset[str] | None = None
    ) -> Claim | None:
        """Take a ready session, or one whose worker's lease has lapsed; None if there is none. One call.

        Args:
            worker: Who takes it.
            run_id: The id for the run, unless an unfinished one is continued.
            runs: How many of the session's last runs to read.
            most_runs: How many together with those before them that no summary covers; less than ``runs`` leaves these.
            platforms: Whose sessions it can answer; None for those of all. The others stay for other workers.

        Raises:
            StoreUnavailableError: Try again later.
        """
        ...

    async def wait(self, seconds: float) -> None:
        """Return when there may be something to claim, at the latest after that time."""
        ...

    async def record(self, lease: Lease, steps: Mapping[str, str]) -> None:
        """Record finished steps of the run in progress, by name; one call. Repeating it is harmless.

        Raises:
            LeaseLostError: Another worker holds the session.
            StoreUnavailableError: It is not known whether they are recorded.
        """
        ...

    async def commit(
        self,
        lease: Lease,
        run: Run,
        *,
        consumed: int,
        dead: str | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        """Append the run, drop the first ``consumed`` events and end the lease; one atomic call.

        The session is ready again if more waits. Repeating the call with the same run is harmless.

        Args:
            lease: The right to write.
            run: The finished run.
            consumed: How many of the claimed events it answers.
            dead: Why they could not be answered at all: they are kept as a dead letter.
            state: The session state from now on; None leaves it as it is.

        Raises:
            LeaseLostError: Another worker holds the session; nothing was written.
            StoreUnavailableError: It is not known whether it was written.
        """
        ...

    async def renew(self, leases: Sequence[Lease]) -> frozenset[Lease]:
        """Keep leases alive, all in one call; return those that are lost.

        Raises:
            StoreUnavailableError: They were not renewed.
        """
        ...

    async def suspend(self, lease: Lease, *, seconds: float, handled: Sequence[str] = ()) -> None:
        """Let a run wait for people: nobody holds its session, and this attempt does not count.

        The session is ready again at a press, a message to be answered, a stop or the deletion of a question, and
        after that time. If one of these came since the claim, it is ready at once. Harmless if the lease is lost.

        Args:
            lease: The right to run it.
            seconds: How long to wait at most.
            handled: The names of presses that the run has dealt with: they are forgotten.

        Raises:
            StoreUnavailableError: It was not given back; it will be when the lease lapses.
        """
        ...

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:
        """Hand a session back unanswered; it is ready again after ``delay`` seconds. Harmless if the lease is lost.

        Raises:
            StoreUnavailableError: It was not handed back; it will be when the lease lapses.
        """
        ...


class Control(Protocol):
    """What the worker that holds a session must hear at once, wherever it is."""

    def signals(self) -> AbstractAsyncContextManager[AsyncIterator[Signal]]:
        """Listen to the signals of all sessions, from now on.

        Some are lost while the connection is, or where too many wait for this listener. Then a signal of the kind
        MISSED follows, after which ``repeat`` tells what they said.
        """
        ...

    async def repeat(self, leases: Sequence[Lease]) -> tuple[Signal, ...]:
        """Tell once more what those who hold sessions must know, as it stands now; all in one call.

        STOP where the step ``stop`` of the run says so, and MESSAGE where messages wait beyond what it takes. Leases
        that are lost are passed over.

        Raises:
            StoreUnavailableError: Try again later.
        """
        ...

    async def waiting(self, lease: Lease) -> tuple[MessageReceived, ...]:
        """Read what waits in the session, oldest first, what the run takes included (bounded).

        Raises:
            LeaseLostError: Another worker holds the session.
            StoreUnavailableError: Try again later.
        """
        ...

    async def pull(self, lease: Lease, message: str) -> bool:
        """Let the run in progress take one more of the waiting messages, before those that came earlier.

        It is moved behind what the run takes already; False if it does not wait there.

        Args:
            lease: The right to run the session, in a run that has recorded what it takes.
            message: The key of the message.

        Raises:
            LeaseLostError: Another worker holds the session.
            StoreUnavailableError: It is not known whether it was written; repeating gives False if it was.
        """
        ...

    async def answer_aside(self, lease: Lease, run: Run, message: str) -> None:
        """Append the run that answers one waiting message, and drop that message; the run in progress goes on.

        Its steps whose names begin with ``aside:`` are forgotten. Repeating it is harmless.

        Args:
            lease: The right to run the session.
            run: The finished run.
            message: The key of the message, which the run in progress does not take.

        Raises:
            LeaseLostError: Another worker holds the session; nothing was written.
            StoreUnavailableError: It is not known whether it was written.
        """
        ...

    async def extend(self, lease: Lease, taken: int) -> None:
        """Let the run in progress take the first ``taken`` waiting events, more than it was claimed with.

        Raises:
            LeaseLostError: Another worker holds the session.
            StoreUnavailableError: It is not known whether it was written; repeating is harmless.
        """
        ...


class History(Protocol):
    """Sessions and their finished runs. No cost grows with a session's length.

    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    async def load(self, session_id: str, *, runs: int, most_runs: int = 0) -> Transcript | None:
        """Read a session with its last ``runs`` runs, oldest first; None if there is no such session.

        Before them those that no summary covers, as long as they are together at most ``most_runs``.
        """
        ...

    async def append(self, run: Run, *, state: Mapping[str, object] | None = None) -> None:
        """Add a finished run to its session, which begins if it did not exist; one atomic call.

        Repeating the call is harmless while the run is the session's last.

        Args:
            run: The run.
            state: The session state from now on; None leaves it as it is.
        """
        ...

    async def sessions(self, user_id: str, *, limit: int = 50) -> tuple[Session, ...]:
        """List the sessions in which a user was answered, the latest first."""
        ...

    async def rename(self, session_id: str, name: str | None) -> bool:
        """Give a session a name, or none; False if there is no such session."""
        ...

    async def set_state(self, session_id: str, state: Mapping[str, object]) -> bool:
        """Replace the session state by a JSON object; False if there is no such session."""
        ...

    async def feedback(self, session_id: str) -> tuple[Feedback, ...]:
        """Give what people think of the answers of a session, oldest first: the last word of each about each message.

        The latest 500 are kept; none where there is no such session.
        """
        ...

    async def delete(self, session_id: str) -> bool:
        """Delete a session with its runs and waiting events; False if there was none.

        A run in progress cannot commit any more.
        """
        ...


class Memories(Protocol):
    """What is remembered of users across sessions.

    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    async def add(
        self,
        user_id: str,
        text: str,
        *,
        topics: Sequence[str] = (),
        source: str | None = None,
        is_private: bool = False,
    ) -> Memo:
        """Remember something of a user.

        What is known already, but for case and spaces, is not remembered twice: the known memo is given back, with its
        time renewed. What was learnt in private stays so, unless it is now said where others read it.
        """
        ...

    async def change(self, user_id: str, memo_id: str, text: str, *, topics: Sequence[str] = ()) -> bool:
        """Replace what is remembered under an id; False if it was not known."""
        ...

    async def list(self, user_id: str, *, limit: int) -> tuple[Memo, ...]:
        """List what is remembered of a user, the oldest first, at most the latest ``limit``."""
        ...

    async def remove(self, user_id: str, memo_id: str) -> bool:
        """Forget one thing; False if it was not known."""
        ...

    async def clear(self, user_id: str) -> int:
        """Forget everything of a user; return how much that was."""
        ...


class Store(Protocol):
    """A store: its rooms, opened and closed together.

    A store opens itself at the first call where it was not opened; ``async with store`` checks that it works.
    """

    @property
    def inbox(self) -> Inbox:
        """Accepted events, leased to workers."""
        ...

    @property
    def history(self) -> History:
        """Sessions and finished runs."""
        ...

    @property
    def memories(self) -> Memories:
        """What is remembered of users."""
        ...

    @property
    def digests(self) -> Digests:
        """How far sessions have been summed up."""
        ...

    @property
    def links(self) -> Links:
        """Accounts of one person."""
        ...

    @property
    def control(self) -> Control:
        """Signals to the workers."""
        ...

    @property
    def dead_letters(self) -> DeadLetters:
        """What could not be answered."""
        ...

    @property
    def places(self) -> Places:
        """Where the bot takes part."""
        ...

    @property
    def traces(self) -> Traces:
        """What was done with messages."""
        ...

    @property
    def shared(self) -> SharedState:
        """What the processes of a bot share."""
        ...

    @property
    def vault(self) -> Vault:
        """Sealed values, such as the tokens of workspaces that install a bot."""
        ...

    @property
    def lease_seconds(self) -> float:
        """How long a claim holds without being renewed; after it another worker takes the session over."""
        ...

    @property
    def description(self) -> str:
        """Where it is, for the operator, without secrets: ``Redis 6.2.14 at redis://127.0.0.1:6379/0``."""
        ...

    async def __aenter__(self) -> Self:
        """Connect and check the server and its settings.

        Raises:
            StoreUnavailableError: It cannot be reached; the message says where it was looked for.
            StoreConfigError: The server is too old.
        """
        ...

    async def __aexit__(self, *exc_info: object) -> None:
        """Close every connection."""
        ...
