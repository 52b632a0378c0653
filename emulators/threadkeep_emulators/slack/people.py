"""Acting as a person, or as another app's bot."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from .delivery import Delivery
from .interactions import Interaction, Interactions
from .places import Conversation, MessageHandle, Shown, Thread
from .records import Bot, Channel, EphemeralMessage, Message, StoredFile, Team, User
from .sharing import share
from .text import encode_typed
from .wire import Payload
from .world import World


class MessageRef(Protocol):
    """Name a message by channel and timestamp; handles and shown messages do."""

    @property
    def channel_id(self) -> str:
        """Give the channel's id."""
        ...

    @property
    def ts(self) -> str:
        """Give the message's timestamp."""
        ...


class Person:
    """Act as one person of a workspace."""

    def __init__(self, world: World, team: Team, user: User, interactions: Interactions) -> None:
        self._world = world
        self._team = team
        self._interactions = interactions
        self.user = user

    @property
    def id(self) -> str:
        """Give the user's id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """Give what others type to mention this person."""
        return f"<@{self.user.id}>"

    @property
    def direct(self) -> Conversation:
        """Give the direct messages between this person and the app."""
        channel, _ = self._world.open_direct(self._team, {self.id, self._team.bot_user})
        return Conversation(self._world, self._team, channel)

    async def says(
        self,
        where: Conversation,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[StoredFile] = (),
        is_broadcast: bool = False,
        app_context: Payload | None = None,
    ) -> MessageHandle:
        """Post a message and give a handle on it.

        Args:
            where: The conversation.
            text: What is typed; mentions in Slack's notation, all else as a person types it.
            thread_ts: The root of the thread to post in.
            files: Uploaded files to share with it.
            is_broadcast: Whether a reply is shown in the channel too.
            app_context: What the person is looking at, as agents are told in direct messages.
        """
        subtype = "file_share" if files else None
        draft = Message(
            channel="",
            ts="",
            text=encode_typed(text),
            user=self.id,
            thread_ts=thread_ts,
            subtype="thread_broadcast" if is_broadcast else subtype,
            client_msg_id=self._world.ids.uuid(),
            files=[file.id for file in files],
            app_context=app_context if self._world.app.has_agent_view else None,
        )
        return self._post(where.record, draft)

    async def replies(
        self, message: MessageRef, text: str, *, files: Sequence[StoredFile] = (), is_broadcast: bool = False
    ) -> MessageHandle:
        """Post into the thread that a message begins or belongs to."""
        channel = self._team.channels[message.channel_id]
        record = self._find(message)
        root = record.thread_ts or record.ts
        where = Conversation(self._world, self._team, channel)
        return await self.says(where, text, thread_ts=root, files=files, is_broadcast=is_broadcast)

    async def dm(
        self,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[StoredFile] = (),
        app_context: Payload | None = None,
    ) -> MessageHandle:
        """Write to the app directly."""
        return await self.says(self.direct, text, thread_ts=thread_ts, files=files, app_context=app_context)

    async def emotes(self, where: Conversation, text: str) -> MessageHandle:
        """Post a ``/me`` message."""
        draft = Message(channel="", ts="", text=encode_typed(text), user=self.id, subtype="me_message")
        return self._post(where.record, draft)

    async def forwards(self, message: MessageRef, where: Conversation, comment: str = "") -> MessageHandle:
        """Share a message elsewhere, as *Forward message* does."""
        origin = self._team.channels[message.channel_id]
        shared = share(self._team, origin, self._find(message))
        draft = Message(channel="", ts="", text=encode_typed(comment), user=self.id, attachments=[shared])
        return self._post(where.record, draft)

    async def edits(self, message: MessageRef, text: str) -> None:
        """Change the text of an own message."""
        record = self._own(message)
        now = f"{self._world.clock():.6f}"

        def change(target: Message) -> None:
            target.text = encode_typed(text)
            target.edited = {"user": self.id, "ts": now}

        self._world.edit(self._team, record, change)

    async def deletes(self, message: MessageRef) -> None:
        """Delete an own message."""
        self._world.delete(self._team, self._own(message))

    async def reacts(self, message: MessageRef, emoji: str) -> None:
        """Add a reaction."""
        self._world.react(self._team, self._find(message), user=self.id, name=emoji, is_added=True)

    async def unreacts(self, message: MessageRef, emoji: str) -> None:
        """Take a reaction back."""
        self._world.react(self._team, self._find(message), user=self.id, name=emoji, is_added=False)

    async def joins(self, where: Conversation) -> None:
        """Join a channel, with the message that Slack posts about it."""
        self._world.join(self._team, where.record, self.id)

    async def clicks(self, message: MessageRef, button: str) -> Interaction:
        """Press a button, named by its ``action_id``, text or value.

        Raises:
            LookupError: If the message has no such button.
        """
        ephemeral = self._find_ephemeral(message)
        record = ephemeral.message if ephemeral is not None else self._find(message)
        return self._interactions.click(
            self._team, user=self.user, message=record, button=button, is_ephemeral=ephemeral is not None
        )

    async def chooses(self, message: MessageRef, select: str, option: str) -> Interaction:
        """Choose an option of a select, both named by what stands on them or by id and value.

        Raises:
            LookupError: If the message has no such select or option.
        """
        ephemeral = self._find_ephemeral(message)
        return self._interactions.click(
            self._team,
            user=self.user,
            message=ephemeral.message if ephemeral is not None else self._find(message),
            button=select,
            option=option,
            is_ephemeral=ephemeral is not None,
        )

    async def uses_shortcut(self, callback_id: str, message: MessageRef | None = None) -> Interaction:
        """Use a shortcut of the app: a global one, or on a message."""
        record = None if message is None else self._find(message)
        return self._interactions.shortcut(self._team, user=self.user, callback_id=callback_id, message=record)

    @property
    def modal(self) -> Payload | None:
        """Give the modal that this person sees; None if none is open."""
        return self._interactions.modal(self._team, self.user)

    def wait_for_modal(self, *, timeout: float = 5.0) -> Awaitable[Payload]:
        """Wait until a modal is open, and give it.

        Raises:
            WaitTimeoutError: If none opens in time.
        """
        return self._world.changes.until(lambda: self.modal, within=timeout, describe=lambda: "an open modal")

    async def submits(self, values: Mapping[str, str]) -> Interaction:
        """Fill in and send the open modal; it closes if the app takes it.

        Args:
            values: What is filled in, by the label, ``block_id`` or ``action_id`` of the field.

        Raises:
            LookupError: If no modal is open, or it has no such field.
            ValueError: If a field that must be filled in is not.
        """
        return await self._interactions.submit(self._team, user=self.user, values=values)

    async def closes_modal(self) -> Delivery | None:
        """Close the open modal, and give what the app is told of it."""
        return self._interactions.close(self._team, self.user)

    async def commands(self, where: Conversation, command: str, text: str = "") -> Interaction:
        """Send a slash command, and see what the app says in its acknowledgement."""
        interaction = self._interactions.command(
            self._team, user=self.user, channel=where.record, command=command, text=text
        )
        delivery = interaction.delivery
        await self._world.changes.until(
            lambda: delivery if delivery.is_acked or delivery.is_given_up else None,
            within=60.0,
            describe=delivery.describe,
        )
        self._interactions.show_ack(interaction)
        return interaction

    async def opens_app(self, *, tab: str = "messages", context: Payload | None = None) -> Delivery | None:
        """Open the app's home or messages tab.

        https://docs.slack.dev/reference/events/app_home_opened/
        """
        event: Payload = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.direct.id,
            "tab": tab,
            "event_ts": f"{self._world.clock():.6f}",
        }
        if tab == "home" and self.id in self._team.homes:
            event["view"] = self._team.homes[self.id]
        if context is not None and self._world.app.has_agent_view:
            event["context"] = context
        return self._world.publish(self._team, event)

    async def looks_at(self, context: Payload) -> Delivery | None:
        """Look at something else while the app is open; only apps with the agent view are told.

        Slack's page shows the event without its user, whom the authorization names.

        https://docs.slack.dev/reference/events/app_context_changed
        """
        if not self._world.app.has_agent_view:
            return None
        return self._world.publish(self._team, {"type": "app_context_changed", "context": context}, seen_by=self.id)

    async def opens_assistant(self, *, looking_at: Conversation | None = None) -> Thread:
        """Begin a thread in the former assistant view, which Slack opens with a message of the app's.

        https://docs.slack.dev/reference/events/assistant_thread_started/

        Raises:
            LookupError: If the app has no assistant view.
        """
        app = self._world.app
        if not app.is_agent or app.has_agent_view:
            raise LookupError("the app has no assistant view")
        channel = self.direct.record
        draft = Message(channel="", ts="", text="New Assistant Thread", user=self._team.bot_user)
        draft.subtype, draft.bot_id = "assistant_app_thread", self._team.bot.id
        root = self._world.post(self._team, channel, draft)
        thread = Thread(self._world, self._team, channel, root.ts)
        await self.moves_assistant(thread, looking_at, kind="assistant_thread_started")
        return thread

    async def moves_assistant(
        self, thread: Thread, looking_at: Conversation | None, *, kind: str = "assistant_thread_context_changed"
    ) -> Delivery | None:
        """Look at another channel beside a thread of the former assistant view.

        https://docs.slack.dev/reference/events/assistant_thread_context_changed/
        """
        context: Payload = {} if looking_at is None else {"channel_id": looking_at.id, "team_id": self._team.id}
        about = {"user_id": self.id, "context": context, "channel_id": thread.channel_id, "thread_ts": thread.root_ts}
        return self._world.publish(
            self._team, {"type": kind, "assistant_thread": about, "event_ts": f"{self._world.clock():.6f}"}
        )

    async def presses_home(self, button: str) -> Interaction:
        """Press a button of the app's Home tab, named by its ``action_id``, text or value.

        Raises:
            LookupError: If there is no Home tab, or no such button.
        """
        return self._interactions.press_home(self._team, user=self.user, button=button)

    async def stops(self, thread: Thread) -> Delivery | None:
        """Press the stop button of an agent session.

        https://docs.slack.dev/reference/events/agent_session_stopped/

        Raises:
            LookupError: If no stop button is shown: the session is not processing, or the app is not subscribed.
        """
        session = thread.session
        is_subscribed = "agent_session_stopped" in self._world.app.events
        if session is None or session.status != "processing" or not is_subscribed:
            raise LookupError(f"no stop button in the thread {thread.root_ts}: session {session}")
        channel = self._team.channels[thread.channel_id]
        stopped: list[str] = []
        for message in channel.replies(thread.root_ts):
            if message.stream is not None and message.stream.state == "in_progress":
                message.stream.state = "stopped_by_user"
                stopped.append(message.ts)
        event = {
            "type": "agent_session_stopped",
            "channel": channel.id,
            "thread_ts": thread.root_ts,
            "streaming_message_ts": stopped,
            "user": self.id,
            "event_ts": f"{self._world.clock():.6f}",
        }
        self._world.changes.ring()
        return self._world.publish(self._team, event, channel)

    def sees_ephemerals(self, where: Conversation) -> list[Shown]:
        """Give what this person alone sees in a conversation."""
        return where.ephemerals_for(self.id)

    def _post(self, channel: Channel, draft: Message) -> MessageHandle:
        if self.id not in channel.members:
            channel.members.append(self.id)
        message = self._world.post(self._team, channel, draft)
        return MessageHandle(self._world, self._team, message)

    def _find(self, message: MessageRef) -> Message:
        return self._team.channels[message.channel_id].messages[message.ts]

    def _find_ephemeral(self, message: MessageRef) -> EphemeralMessage | None:
        for seen in self._team.ephemerals:
            is_same = seen.message.ts == message.ts and seen.message.channel == message.channel_id
            if is_same and seen.visible_to == self.id:
                return seen
        return None

    def _own(self, message: MessageRef) -> Message:
        record = self._find(message)
        if record.user != self.id:
            raise PermissionError(f"{self.user.display_name} did not write the message {message.ts}")
        return record


class OtherBot:
    """Act as the bot of another app in the workspace."""

    def __init__(self, world: World, team: Team, bot: Bot) -> None:
        self._world = world
        self._team = team
        self.bot = bot

    @property
    def mention(self) -> str:
        """Give what people type to mention this bot."""
        return f"<@{self.bot.user_id}>"

    async def says(
        self,
        where: Conversation,
        text: str,
        *,
        thread_ts: str | None = None,
        is_classic: bool = False,
        blocks: Sequence[Payload] = (),
    ) -> MessageHandle:
        """Post a message as Slack apps do.

        Args:
            where: The conversation.
            text: The text in Slack's notation.
            thread_ts: The root of the thread to post in.
            is_classic: Whether it comes as an incoming webhook's or classic app's ``bot_message``, without a user.
            blocks: Its blocks.
        """
        draft = Message(
            channel="",
            ts="",
            text=text,
            user=None if is_classic else self.bot.user_id,
            bot_id=self.bot.id,
            app_id=self.bot.app_id,
            subtype="bot_message" if is_classic else None,
            username=self.bot.name if is_classic else None,
            thread_ts=thread_ts,
            blocks=list(blocks),
        )
        message = self._world.post(self._team, where.record, draft)
        return MessageHandle(self._world, self._team, message)
