"""The port of a chat platform: what an adapter gives to the bot, and what it gets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, runtime_checkable

from threadkeep.chat.elements import Element
from threadkeep.chat.events import Event, MessageReceived, Place
from threadkeep.messages import Attachment, File
from threadkeep.sessions import UserKey


class Acceptance(StrEnum):
    """What the store did with an event. All of them may be acknowledged to the platform."""

    ACCEPTED = "accepted"
    """Stored; it will be answered."""
    KEPT = "kept"
    """Stored as context for the next run; it is not answered by itself."""
    DUPLICATE = "duplicate"
    """Known already; nothing was changed."""
    IGNORED = "ignored"
    """Not for the bot: it takes no part in that place."""
    FULL = "full"
    """Refused: too much waits in this conversation already."""


Sink = Callable[[Event], Awaitable[Acceptance]]
"""Where an adapter hands events. It returns when the store has the event, and raises ``StoreUnavailableError`` when
the store cannot take it: then the adapter must not acknowledge the event, or must hand it over again later."""


class ToolStatus(StrEnum):
    """How far a tool call has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What an answer rests on.

    Attributes:
        url: Where it is.
        title: What it is called.
    """

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolActivity:
    """A tool call as people see it.

    Attributes:
        id: Its id within the run.
        title: What it does, in a few words: "Using calculator".
        status: How far it has come.
        details: What the tool said of its progress, or how it ended, in a line.
        sources: What it found and where.
        over: What stands in the place of the title where it is shown no more, if that is another thing to say.
    """

    id: str
    title: str
    status: ToolStatus = ToolStatus.RUNNING
    details: str = ""
    sources: tuple[Source, ...] = ()
    over: str = ""


class ReplyState(StrEnum):
    """How far a reply has come."""

    RUNNING = "running"
    WAITING = "waiting"
    """For a decision of the people: the elements ask for it. Nothing comes before that."""
    FINISHED = "finished"
    CLOSED = "closed"
    """Finished, and with it the conversation: what is said in the place from now on begins another one."""
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContent:
    """What the people should see of a run now.

    Attributes:
        text: The whole answer so far, as Markdown.
        activity: What the agent is doing, one short line each ("Using calculator"); shown while it runs only.
        is_final: Whether nothing will be added, or not before somebody has decided something.
        tools: The tool calls so far, in order, for platforms that show them as such; ``activity`` says the same in
            lines for the others.
        elements: What can be pressed and chosen under the last part.
        state: How far it has come.
    """

    text: str = ""
    activity: tuple[str, ...] = ()
    is_final: bool = False
    tools: tuple[ToolActivity, ...] = ()
    elements: tuple[Element, ...] = ()
    state: ReplyState = ReplyState.RUNNING


OnPosted = Callable[[int, str], Awaitable[None]]
"""Called with the number of a part (from 0) and the platform's message id, as soon as that part is visible. The reply
goes on when it returns: what is posted is recorded before anything else is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """What an adapter needs to open a reply.

    Attributes:
        place: Where the reply goes.
        run_id: The run, from which the platform's marks against double posting are made.
        posted: Message ids by part number that an earlier attempt of this run already posted: they are edited, not
            posted again.
        on_posted: Told of each new message.
        is_retry: Whether an earlier attempt of this run may have posted messages that are not in ``posted``: it ended
            between posting and recording. The adapter looks for them where the platform does not refuse them itself.
        asked_by: Who is answered.
        is_private: Whether only they may see the answer.
    """

    place: Place
    run_id: str
    posted: Mapping[int, str]
    on_posted: OnPosted
    is_retry: bool = False
    asked_by: UserKey | None = None
    is_private: bool = False


class Reply(Protocol):
    """The visible answer of one run. What it should show is declared; the reply makes the place show it."""

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon. Returns at once; of several calls the last one wins.

        Raises:
            PlatformError: An earlier state could not be shown for a reason that will not go away.
        """
        ...

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Raises:
            PlatformError: It could not be shown.
        """
        ...

    async def aclose(self) -> None:
        """Stop all work on this reply; what is visible stays as it is. Called after ``finish``, or instead of it."""
        ...


class SharedState(Protocol):
    """What the processes of one bot share, by name: small notes, numbered slots that one process holds, budgets."""

    async def recall(self, name: str) -> str | None:
        """Give what was noted; None if nothing was, or its time is over."""
        ...

    async def remember(self, name: str, text: str, *, seconds: float) -> None:
        """Note a text for a while; empty text forgets it."""
        ...

    async def take_slots(self, name: str, *, owner: str, total: int, most: int, seconds: float) -> frozenset[int]:
        """Keep the slots that the owner holds and take free ones, up to ``most`` of the numbers below ``total``.

        The owner holds them for some seconds: it repeats the call before they are over, which keeps them.
        """
        ...

    async def free_slots(self, name: str, *, owner: str) -> None:
        """Give all slots of an owner back."""
        ...

    async def spend(self, name: str, amount: int, *, limit: int, per_seconds: float) -> float:
        """Take so many of the units that all processes together may use within any stretch of so many seconds.

        Gives 0 if they were free and are taken now. Else nothing is taken, and it gives the seconds until so many are
        free, if nobody else takes them before.
        """
        ...


@runtime_checkable
class CatchesUp(Protocol):
    """An adapter that can read what was said while nobody listened."""

    def missed(self, place: Place, *, after: str, most: int) -> AsyncIterator[Event]:
        """Read what was said in a place after a message, oldest first, at most so many.

        Args:
            place: Where the bot takes part.
            after: The platform's id of the last message that is known.
            most: How many messages to read.

        Raises:
            PlatformError: The place cannot be read.
        """
        ...


@runtime_checkable
class TellsGaps(Protocol):
    """An adapter whose platform does not deliver again what was said while the connection was lost."""

    async def wait_gap(self) -> None:
        """Return when something may have been missed since the last call, or since the start."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """An adapter that can read the files that stand in messages."""

    async def read_file(self, place: Place, attachment: Attachment, *, most: int) -> File:
        """Read a file, from the platform's own hosts only.

        Args:
            place: Where its message stands.
            attachment: Which file.
            most: The most bytes to read.

        Raises:
            FileNotReadError: It is too large, gone, or not what it should be; the message says it to people.
            PlatformError: The platform cannot be reached or refuses.
        """
        ...


@runtime_checkable
class SendsFiles(Protocol):
    """An adapter that can post files."""

    async def send_file(self, place: Place, file: File, *, caption: str = "") -> str:
        """Post a file into a place and give the platform's id of it.

        Raises:
            PlatformError: It could not be posted.
        """
        ...


@runtime_checkable
class Whispers(Protocol):
    """An adapter that can tell one person something that others in the place do not see."""

    async def whisper(self, place: Place, user: UserKey, text: str) -> None:
        """Show a text to one person only; it may be gone when they look away.

        Raises:
            PlatformError: It could not be shown.
        """
        ...


@runtime_checkable
class TellsContext(Protocol):
    """An adapter that can read what was said in a place before the bot was called into it."""

    async def said_before(self, place: Place, *, before: str, most: int) -> Sequence[MessageReceived]:
        """Read what people said in a place, oldest first, the latest so many before a message.

        Args:
            place: The thread, or the channel.
            before: The platform's id of the message that called the bot; it is not read itself.
            most: How many messages to read.

        Raises:
            PlatformError: The place cannot be read.
        """
        ...


@runtime_checkable
class NamesPlaces(Protocol):
    """An adapter whose platform shows a title for a conversation."""

    async def name_place(self, place: Place, title: str) -> None:
        """Give a conversation a title; harmless to repeat.

        Raises:
            PlatformError: It could not be given.
        """
        ...


@runtime_checkable
class TellsHealth(Protocol):
    """An adapter that knows whether its connection stands."""

    @property
    def is_connected(self) -> bool:
        """Whether events come and replies go, or another process of the bot has the events and this one stands by."""
        ...


class Adapter(Protocol):
    """The translator for one platform: events in, replies out."""

    @property
    def name(self) -> str:
        """The platform part of every key: ``slack``, ``discord``, ``console``."""
        ...

    @property
    def description(self) -> str:
        """What it is connected to, for the operator: "Slack workspace Acme as @threadkeep (Socket Mode)"."""
        ...

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Build the adapter from environment variables; None if none of its variables is set.

        Raises:
            ConfigError: Some are set but others are missing or wrong; the message says which and where to get them.
        """
        ...

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        """Connect and begin to hand events to the sink. Returns when connected.

        Args:
            sink: Takes the events. None connects for replies only: the process is a worker without ingress.
            shared: What this process shares with the others of the bot; None if it is alone.

        Raises:
            PlatformAuthError: The platform refuses the token.
            PlatformUnavailableError: It cannot be reached.
        """
        ...

    async def wait_closed(self) -> None:
        """Return when there is nothing more to come, such as at the end of a terminal's input.

        Raises:
            PlatformError: The platform ended the connection for good; the message says what to do.
        """
        ...

    async def stop(self) -> None:
        """Stop taking events and close every connection. Harmless when not started."""
        ...

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open the reply of a run. Nothing is posted before ``show`` or ``finish``."""
        ...
