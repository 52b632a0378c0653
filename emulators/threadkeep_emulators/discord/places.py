"""Channels, threads and direct messages as a test or demo sees them."""

from collections.abc import Callable, Coroutine, Sequence

from .errors import EmulatorError
from .flags import NO_PERMISSIONS, MessageKind, Permission
from .gateway.events import channel_changed
from .ids import Snowflake
from .model import ChannelState, Message, Overwrite, Role, User
from .realm import Realm

Look = Callable[[Sequence[Message]], object]
_SPOKEN = frozenset({MessageKind.DEFAULT, MessageKind.REPLY, MessageKind.CHAT_INPUT_COMMAND})


class Channel:
    """Look into a channel, a thread, a forum or a direct message, and wait for what happens there."""

    def __init__(self, realm: Realm, state: ChannelState) -> None:
        self._realm = realm
        self.state = state

    def __repr__(self) -> str:
        return f"<Channel {self.name} {self.id}>"

    @property
    def id(self) -> Snowflake:
        """Give the channel's id."""
        return self.state.id

    @property
    def name(self) -> str:
        """Give the channel's name."""
        return self.state.name

    @property
    def mention(self) -> str:
        """Give the text that links to this channel."""
        return f"<#{self.id}>"

    @property
    def messages(self) -> list[Message]:
        """Give what people see said here now, oldest first: edits applied, deleted ones gone."""
        return [message for message in self.all_messages if message.kind in _SPOKEN]

    @property
    def all_messages(self) -> list[Message]:
        """Give everything that stands here, with the system's own messages."""
        return sorted(self.state.messages.values(), key=lambda message: message.id)

    @property
    def threads(self) -> list["Channel"]:
        """Give the threads or posts under this channel, archived ones too, oldest first."""
        under = [one for one in self._realm.world.channels.values() if one.parent_id == self.id]
        return [Channel(self._realm, state) for state in sorted(under, key=lambda one: one.id)]

    @property
    def is_archived(self) -> bool:
        """Say whether this is a thread that is archived."""
        return self.state.thread is not None and self.state.thread.is_archived

    def message(self, message: Message) -> Message:
        """Give a message as it stands now.

        Raises:
            EmulatorError: It was deleted.
        """
        try:
            return self.state.messages[message.id]
        except KeyError:
            raise EmulatorError(f"message {message.id} does not stand in {self.name} any more") from None

    def thread_on(self, message: Message) -> "Channel":
        """Give the thread that was opened on a message.

        Raises:
            EmulatorError: There is none.
        """
        state = self._realm.world.channels.get(message.id)
        if state is None:
            raise EmulatorError(f"no thread was opened on message {message.id} in {self.name}")
        return Channel(self._realm, state)

    def wait_for(self, look: Look, *, timeout: float = 15.0) -> Coroutine[None, None, list[Message]]:
        """Wait until what people see here satisfies a condition, and give it.

        Args:
            look: Gets the messages, oldest first; called now and after each change.
            timeout: Seconds of real time to wait.

        Raises:
            NotSeenError: The time is up; the error shows what stands here.
        """
        return self._realm.bell.wait_for(
            lambda: messages if look(messages := self.messages) else [],
            within=timeout,
            describe=self.describe,
        )

    def wait_for_reply(
        self,
        *,
        to: Message,
        until: Callable[[Message], object] = lambda message: not message.is_loading,
        timeout: float = 15.0,
    ) -> Coroutine[None, None, Message]:
        """Wait for the bot's answer to a message: a reply, or what it says in the thread opened on it.

        In a thread or a direct message whatever the bot says after the message is an answer to it.

        Args:
            to: The message that is answered.
            until: Tells when the answer is as far as it is waited for, such as fully written.
            timeout: Seconds of real time to wait.

        Raises:
            NotSeenError: The time is up; the error shows what stands here.
        """

        def look() -> Message | None:
            return next((message for message in self._answers(to) if until(message)), None)

        return self._realm.bell.wait_for(look, within=timeout, describe=self.describe)

    def wait_for_thread(self, *, on: Message, timeout: float = 15.0) -> Coroutine[None, None, "Channel"]:
        """Wait until a thread is opened on a message.

        Raises:
            NotSeenError: The time is up.
        """

        def look() -> Channel | None:
            state = self._realm.world.channels.get(on.id)
            return None if state is None else Channel(self._realm, state)

        return self._realm.bell.wait_for(look, within=timeout, describe=self.describe)

    def deny(self, permissions: Permission, *, to: Role | User | None = None) -> None:
        """Take permissions away here, from a role or a member; from everyone, the bot included, if nobody is named."""
        self._overwrite(to, lambda known: (known.allowed & ~permissions, known.denied | permissions))

    def allow(self, permissions: Permission, *, to: Role | User | None = None) -> None:
        """Give permissions here to a role or a member; give back what was taken from everyone if nobody is named."""
        gained = NO_PERMISSIONS if to is None else permissions
        self._overwrite(to, lambda known: (known.allowed | gained, known.denied & ~permissions))

    def archive(self, *, is_locked: bool = False) -> None:
        """Archive this thread, as its time-out or a moderator does.

        Raises:
            EmulatorError: This is no thread.
        """
        thread = self.state.thread
        if thread is None:
            raise EmulatorError(f"{self.name} is no thread and cannot be archived")
        thread.is_archived = True
        thread.is_locked = is_locked
        thread.changed_at = self._realm.clock()
        self._realm.tell(channel_changed(self._realm.world, self.state, "UPDATE"))

    def describe(self) -> str:
        """Give what stands here as text, threads included, for an error."""
        lines = [f"{self.name} ({self.id}):"]
        lines += [_line(message) for message in self.all_messages]
        if len(lines) == 1:
            lines.append("  (nothing)")
        lines += [thread.describe() for thread in self.threads]
        return "\n".join(lines)

    def _answers(self, question: Message) -> list[Message]:
        is_own_place = self.state.is_dm or self.state.is_thread
        here = [
            message
            for message in self.messages
            if message.author.id == self._realm.bot.id
            and message.id > question.id
            and _answers_to(message, question, is_own_place=is_own_place)
        ]
        thread = self._realm.world.channels.get(question.id)
        if thread is None or thread.id == self.id:
            return here
        there = Channel(self._realm, thread).messages
        return here + [message for message in there if message.author.id == self._realm.bot.id]

    def _overwrite(self, to: Role | User | None, change: Callable[[Overwrite], tuple[Permission, Permission]]) -> None:
        target = Snowflake(self.state.guild_id or 0) if to is None else to.id
        allowed, denied = change(self.state.overwrites.get(target, Overwrite()))
        self.state.overwrites[target] = Overwrite(is_member=isinstance(to, User), allowed=allowed, denied=denied)
        self._realm.tell(channel_changed(self._realm.world, self.state, "UPDATE"))


def _answers_to(message: Message, question: Message, *, is_own_place: bool) -> bool:
    if message.reference is not None:
        return message.reference.message_id == question.id
    return is_own_place


def _line(message: Message) -> str:
    marks = [message.kind.name.lower()]
    if message.edited_at is not None:
        marks.append("edited")
    if message.is_loading:
        marks.append("thinking")
    return f"  {message.author.name} [{', '.join(marks)}] {message.text!r}"
