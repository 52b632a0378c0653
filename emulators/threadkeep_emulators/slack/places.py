"""What people see: conversations, threads and messages, now, and waiting for them to change."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from .delivery import Delivery
from .records import AgentSession, Channel, Message, StoredFile, Team
from .text import pings, visible_text
from .wire import Payload
from .world import World

# Slack takes a status line away after two minutes without a message.
STATUS_LIFETIME = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Hold a message as it stood on the screen at one moment.

    Attributes:
        author: The display name of who wrote it.
        author_id: The user id of who wrote it; empty if only a bot's name is known.
        text: What people read: blocks where there are any, else the text.
        source_text: The ``text`` field as it is stored, which notifications show.
        is_ours: Whether the app under test wrote it.
        is_streaming: Whether it is still being written.
        pings: Whom it notifies: user ids, group ids, ``channel``, ``here``, ``everyone``.
        files: The files that stand in it.
    """

    channel_id: str
    ts: str
    author: str
    author_id: str
    text: str
    source_text: str
    is_bot: bool
    is_ours: bool
    is_streaming: bool
    is_edited: bool
    thread_ts: str | None
    subtype: str | None
    blocks: tuple[Payload, ...]
    attachments: tuple[Payload, ...]
    reactions: dict[str, tuple[str, ...]]
    metadata: Payload | None
    tasks: tuple[Payload, ...]
    pings: tuple[str, ...]
    files: tuple[StoredFile, ...] = ()


def show(team: Team, message: Message) -> Shown:
    """Give a message as people see it now."""
    stream = message.stream
    return Shown(
        channel_id=message.channel,
        ts=message.ts,
        author=_author(team, message),
        author_id=message.user or "",
        text=visible_text(message),
        source_text=message.text,
        is_bot=message.bot_id is not None,
        is_ours=message.bot_id == team.bot.id,
        is_streaming=stream is not None and stream.state == "in_progress",
        is_edited=message.edited is not None,
        thread_ts=message.thread_ts,
        subtype=message.subtype,
        blocks=tuple(message.blocks),
        attachments=tuple(message.attachments),
        reactions={name: tuple(users) for name, users in message.reactions.items()},
        metadata=message.metadata,
        tasks=tuple(stream.tasks.values()) if stream is not None else (),
        pings=pings(message),
        files=tuple(team.files[name] for name in message.files),
    )


def transcript(messages: Iterable[Shown]) -> str:
    """Write messages one under the other, for errors and for people."""
    lines = [f"  [{seen.ts}] {seen.author}: {seen.text}{' ...' if seen.is_streaming else ''}" for seen in messages]
    return "\n".join(lines) or "  (nothing)"


class _Place(ABC):
    """Share the waiting between threads and conversations."""

    def __init__(self, world: World, team: Team, channel: Channel) -> None:
        self._world = world
        self._team = team
        self._channel = channel

    @property
    @abstractmethod
    def messages(self) -> list[Shown]:
        """Give what stands here now, oldest first."""

    @property
    def channel_id(self) -> str:
        """Give the id of the conversation."""
        return self._channel.id

    def wait_for(self, check: Callable[[list[Shown]], bool], *, timeout: float = 5.0) -> Awaitable[list[Shown]]:
        """Wait until the messages here satisfy a check, and give them.

        Raises:
            WaitTimeoutError: If they do not in time; the error shows what stood here.
        """

        def look() -> list[Shown] | None:
            seen = self.messages
            return seen if check(seen) else None

        return self._world.changes.until(look, within=timeout, describe=self._describe)

    def wait_for_reply(
        self, *, contains: str = "", after: "MessageHandle | Shown | None" = None, timeout: float = 5.0
    ) -> Awaitable[Shown]:
        """Wait for a message of the app under test that is complete, and give it.

        Args:
            contains: What it must contain.
            after: The message that it must come after.
            timeout: Seconds to wait.

        Raises:
            WaitTimeoutError: If none comes in time; the error shows what stood here.
        """
        earliest = after.ts if after is not None else ""

        def look() -> Shown | None:
            for seen in self.messages:
                is_candidate = seen.is_ours and not seen.is_streaming and seen.ts > earliest
                if is_candidate and contains in seen.text:
                    return seen
            return None

        return self._world.changes.until(look, within=timeout, describe=self._describe)

    def _describe(self) -> str:
        return f"in {self._channel.name or self._channel.id} stands\n{transcript(self.messages)}"


class Conversation(_Place):
    """Show one channel or direct conversation; threads are shown by their own."""

    @property
    def id(self) -> str:
        """Give the channel's id."""
        return self._channel.id

    @property
    def name(self) -> str:
        """Give the channel's name; empty for direct conversations."""
        return self._channel.name

    @property
    def mention(self) -> str:
        """Give what a person types to link the channel."""
        return f"<#{self._channel.id}|{self._channel.name}>"

    @property
    def record(self) -> Channel:
        """Give the record behind the view."""
        return self._channel

    @property
    def messages(self) -> list[Shown]:
        """Give the messages outside of threads, oldest first."""
        return [show(self._team, message) for message in self._channel.top_level()]

    @property
    def all_messages(self) -> list[Shown]:
        """Give all messages, those in threads too, oldest first."""
        return [show(self._team, message) for message in self._channel.messages.values()]

    def thread(self, root_ts: str) -> "Thread":
        """Give the thread below a message."""
        return Thread(self._world, self._team, self._channel, root_ts)

    def archive(self) -> None:
        """Archive the channel."""
        self._channel.is_archived = True

    def ephemerals_for(self, user_id: str) -> list[Shown]:
        """Give what one user alone sees here."""
        return [
            show(self._team, seen.message)
            for seen in self._team.ephemerals
            if seen.visible_to == user_id and seen.message.channel == self._channel.id
        ]


class Thread(_Place):
    """Show one thread with its root."""

    def __init__(self, world: World, team: Team, channel: Channel, root_ts: str) -> None:
        super().__init__(world, team, channel)
        self.root_ts = root_ts

    @property
    def messages(self) -> list[Shown]:
        """Give the root, if it still stands, and the replies, oldest first."""
        root = self._channel.messages.get(self.root_ts)
        standing = [*([root] if root is not None else []), *self._channel.replies(self.root_ts)]
        return [show(self._team, message) for message in standing]

    @property
    def replies(self) -> list[Shown]:
        """Give the replies, oldest first."""
        return [seen for seen in self.messages if seen.ts != self.root_ts]

    @property
    def status(self) -> str:
        """Give the status line that assistant.threads.setStatus shows now; empty if none."""
        shown = self._team.assistant_thread(self._channel.id, self.root_ts)
        is_fresh = self._world.clock() - shown.status_set_at <= STATUS_LIFETIME
        return shown.status if is_fresh else ""

    @property
    def title(self) -> str | None:
        """Give the title that assistant.threads.setTitle or a session gave."""
        session = self.session
        given = self._team.assistant_thread(self._channel.id, self.root_ts).title
        return given or (session.title if session is not None else None)

    @property
    def prompts(self) -> list[Payload]:
        """Give the prompts suggested here."""
        return list(self._team.assistant_thread(self._channel.id, self.root_ts).prompts)

    @property
    def session(self) -> AgentSession | None:
        """Give the agent session of the thread, if there is one."""
        return self._team.sessions.get((self._channel.id, self.root_ts))


class MessageHandle:
    """Follow one message through edits, reactions and deletion."""

    def __init__(self, world: World, team: Team, message: Message) -> None:
        self._world = world
        self._team = team
        self.record = message

    @property
    def ts(self) -> str:
        """Give the message's timestamp, which is its id in the channel."""
        return self.record.ts

    @property
    def channel_id(self) -> str:
        """Give the id of the channel in which it stands."""
        return self.record.channel

    @property
    def now(self) -> Shown:
        """Give the message as people see it now."""
        return show(self._team, self.record)

    @property
    def text(self) -> str:
        """Give the text that people read now."""
        return visible_text(self.record)

    @property
    def is_deleted(self) -> bool:
        """Tell whether the message is gone or a tombstone."""
        standing = self._team.channels[self.channel_id].messages.get(self.ts)
        return standing is not self.record or self.record.is_tombstone

    @property
    def thread(self) -> Thread:
        """Give the thread that the message begins or belongs to."""
        channel = self._team.channels[self.channel_id]
        return Thread(self._world, self._team, channel, self.record.thread_ts or self.ts)

    @property
    def conversation(self) -> Conversation:
        """Give the conversation in which the message stands."""
        return Conversation(self._world, self._team, self._team.channels[self.channel_id])

    def unfurl(self, card: Payload) -> None:
        """Let Slack add the preview of a link, of which the app is told as of any change.

        https://docs.slack.dev/messaging/unfurling-links-in-messages/
        """

        def change(target: Message) -> None:
            target.attachments = [*target.attachments, card]

        self._world.edit(self._team, self.record, change)

    @property
    def deliveries(self) -> list[Delivery]:
        """Give the deliveries that told the app of this message: ``message``, ``app_mention``, and doubles."""
        return [
            delivery
            for delivery in self._world.courier.deliveries
            if delivery.event.get("ts") == self.ts
            and delivery.event.get("channel") == self.channel_id
            and self._team.id in {delivery.payload.get("context_team_id"), delivery.payload.get("team_id")}
        ]


def _author(team: Team, message: Message) -> str:
    if message.username:
        return message.username
    if message.bot_id is not None:
        return team.bots[message.bot_id].name
    user = team.users.get(message.user or "")
    return user.display_name if user is not None else (message.user or "")
