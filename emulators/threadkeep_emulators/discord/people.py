"""People who act on the emulated platform: they write, answer, edit, react and click."""

import asyncio
import mimetypes
from collections.abc import Mapping, Sequence
from functools import partial

from .desk import Desk
from .dms import direct_channel
from .errors import EmulatorError
from .extras import Extras, poll_of, snapshot_of, sticker_of
from .flags import ALL_INTENTS, NO_FLAGS, ChannelKind, InteractionKind, MessageFlag
from .forms import Changes, Draft, Upload, layout_draft
from .gateway.events import typing_started
from .guests import require_listed
from .ids import Snowflake
from .mentions import AllowedMentions
from .menus import MESSAGE_MENU, USER_MENU, completing, menu_data
from .modals import filled
from .model import ChannelState, Message, Payload, User, walk
from .places import Channel
from .pressed import Interaction
from .reactions import react, read_emoji, take_back
from .render import member_payload, timestamp, user_payload
from .render_message import message_payload
from .slash import command_data
from .threads import ThreadForm

Files = Mapping[str, bytes]
_BUTTON = 2
_POLL_SECONDS = 86_400.0
# A table of its own: the global one reads files of the machine at its first use.
_TYPES = mimetypes.MimeTypes()
_NO_REPLY_PING = AllowedMentions(parse=frozenset({"users", "roles", "everyone"}))


class Person:
    """Act as one human being.

    Each act gives the gateway a turn to send its event before it returns.

    Raises:
        ApiError: Any act raises what Discord would refuse, such as writing where one may not.
    """

    def __init__(self, desk: Desk, user: User) -> None:
        self._desk = desk
        self._realm = desk.realm
        self.user = user

    def __repr__(self) -> str:
        return f"<Person {self.name} {self.id}>"

    @property
    def id(self) -> Snowflake:
        """Give the person's user id."""
        return self.user.id

    @property
    def name(self) -> str:
        """Give the person's user name."""
        return self.user.name

    @property
    def mention(self) -> str:
        """Give the text that mentions this person."""
        return self.user.mention

    @property
    def dm_channel(self) -> Channel:
        """Give the direct message with the bot, opened at its first use."""
        return Channel(self._realm, direct_channel(self._realm, self.user))

    async def says(self, where: Channel, text: str, *, files: Files | None = None, is_silent: bool = False) -> Message:
        """Write into a channel, thread or direct message."""
        flags = MessageFlag.SUPPRESS_NOTIFICATIONS if is_silent else NO_FLAGS
        draft = Draft(content=text.strip(), uploads=_uploads(files), flags=flags)
        return await self._post(where.state, draft)

    async def dm(self, text: str, *, files: Files | None = None) -> Message:
        """Write to the bot directly."""
        return await self.says(self.dm_channel, text, files=files)

    async def replies(self, to: Message, text: str, *, files: Files | None = None, is_pinging: bool = True) -> Message:
        """Answer a message with a reply; its author is pinged unless that is switched off."""
        draft = Draft(
            content=text.strip(),
            uploads=_uploads(files),
            answers=to.id,
            allowed=None if is_pinging else _NO_REPLY_PING,
        )
        return await self._post(self._place(to), draft)

    async def lays_out(self, where: Channel, components: Sequence[Payload]) -> Message:
        """Send a message that is made of components, as only bots can.

        Raises:
            ApiError: Discord would refuse it.
            EmulatorError: This is no bot.
        """
        if not self.user.is_bot:
            raise EmulatorError(f"{self.name} is no bot: people send no components")
        return await self._post(where.state, layout_draft(components))

    async def sends_sticker(self, where: Channel, name: str) -> Message:
        """Send a sticker alone."""
        sticker = sticker_of(self._realm.ids.snowflake(), name)
        return await self._post(where.state, Draft(extras=Extras(stickers=(sticker,))))

    async def asks_around(self, where: Channel, question: str, answers: Sequence[str], *, text: str = "") -> Message:
        """Send a poll."""
        poll = poll_of(question, answers, expiry=timestamp(self._realm.clock() + _POLL_SECONDS))
        return await self._post(where.state, Draft(content=text, extras=Extras(poll=poll)))

    async def speaks(self, where: Channel, *, seconds: float, data: bytes = b"OggS") -> Message:
        """Send a voice message."""
        upload = Upload(filename="voice-message.ogg", content_type="audio/ogg", data=data)
        extras = Extras(voice_seconds=seconds)
        return await self._post(
            where.state, Draft(uploads=(upload,), flags=MessageFlag.IS_VOICE_MESSAGE, extras=extras)
        )

    async def forwards(self, message: Message, to: Channel) -> Message:
        """Forward a message into another place."""
        copy = snapshot_of(message_payload(self._realm.world, self._current(message), ALL_INTENTS))
        source = (message.channel_id, message.id)
        return await self._post(to.state, Draft(extras=Extras(snapshots=(copy,), forwarded_from=source)))

    async def edits(self, message: Message, text: str) -> Message:
        """Edit an own message."""
        changes = Changes(given=frozenset({"content"}), content=text.strip())
        edited = self._desk.posting.edit(self.user, self._current(message), changes)
        await asyncio.sleep(0)
        return edited

    async def deletes(self, message: Message) -> None:
        """Delete an own message."""
        self._desk.posting.delete(self.user, self._current(message))
        await asyncio.sleep(0)

    async def reacts(self, message: Message, emoji: str) -> None:
        """Put an emoji under a message."""
        react(self._realm, self.user, self._current(message), read_emoji(emoji))
        await asyncio.sleep(0)

    async def takes_back(self, message: Message, emoji: str) -> None:
        """Take an own reaction back."""
        take_back(self._realm, self.user, self._current(message), read_emoji(emoji))
        await asyncio.sleep(0)

    async def types(self, where: Channel) -> None:
        """Start to type."""
        guild = self._realm.world.guild_of(where.state)
        member = None if guild is None else guild.members.get(self.id)
        self._realm.tell(typing_started(where.state, self.user, self._realm.clock(), member))
        await asyncio.sleep(0)

    async def opens_thread(self, name: str, *, on: Message | Channel, is_private: bool = False) -> Channel:
        """Open a thread on a message, or in a channel on none."""
        kind = ChannelKind.PRIVATE_THREAD if is_private else ChannelKind.PUBLIC_THREAD
        form = ThreadForm(name=name, kind=kind)
        if isinstance(on, Message):
            state = self._desk.threads.open_on(self.user, self._current(on), form)
        else:
            state = self._desk.threads.open_in(self.user, on.state, form)
        await asyncio.sleep(0)
        return Channel(self._realm, state)

    async def posts(self, forum: Channel, title: str, text: str) -> Channel:
        """Open a post in a forum and give its thread; the first message in it is the text."""
        form = ThreadForm(name=title)
        state, _ = self._desk.threads.open_post(self.user, forum.state, form, Draft(content=text.strip()))
        await asyncio.sleep(0)
        return Channel(self._realm, state)

    async def clicks(self, message: Message, custom_id: str) -> Interaction:
        """Press a button, named by its custom id or its label."""
        return await self._uses(message, custom_id, None)

    async def selects(self, message: Message, custom_id: str, values: Sequence[str]) -> Interaction:
        """Choose from a select menu."""
        return await self._uses(message, custom_id, values)

    async def slash(self, where: Channel, command: str, **options: object) -> Interaction:
        """Use a registered slash command; a subcommand is named after its command and a space.

        Raises:
            EmulatorError: The command is not registered there, or has no such option.
        """
        world = self._realm.world
        require = partial(require_listed, world, where.state)
        data = command_data(self._registered(where), command, options, require=require)
        return await self._start(where.state, InteractionKind.APPLICATION_COMMAND, data, None)

    async def completes(self, where: Channel, command: str, **written: str) -> Interaction:
        """Write an option of a command so far, and look what it may become.

        Raises:
            EmulatorError: The command is not registered there, or its option asks for no completion.
        """
        commands = self._registered(where)
        data = completing(commands, command_data(commands, command, written), next(iter(written)))
        return await self._start(where.state, InteractionKind.AUTOCOMPLETE, data, None)

    async def chooses_on(self, message: Message, name: str) -> Interaction:
        """Choose from the menu of a message.

        Raises:
            EmulatorError: There is no such entry.
        """
        world, state = self._realm.world, self._place(message)
        where = Channel(self._realm, state)
        resolved = {"messages": {str(message.id): message_payload(world, message, ALL_INTENTS)}}
        data = menu_data(self._registered(where), name, MESSAGE_MENU, str(message.id), resolved)
        return await self._start(state, InteractionKind.APPLICATION_COMMAND, data, None)

    async def chooses_about(self, where: Channel, person: "Person", name: str) -> Interaction:
        """Choose from the menu of somebody who is in a channel.

        Raises:
            EmulatorError: There is no such entry.
        """
        target, guild = str(person.id), self._realm.world.guild_of(where.state)
        resolved: Payload = {"users": {target: user_payload(person.user)}}
        if guild is not None:
            resolved["members"] = {target: member_payload(guild.members[person.id], with_user=False)}
        data = menu_data(self._registered(where), name, USER_MENU, target, resolved)
        return await self._start(where.state, InteractionKind.APPLICATION_COMMAND, data, None)

    async def submits(self, interaction: Interaction, fields: Mapping[str, str]) -> Interaction:
        """Send off the modal that an interaction was answered with, with a text for each custom id.

        Raises:
            EmulatorError: No modal was shown, it has no such field, or a required one is empty.
        """
        modal = interaction.modal
        if modal is None:
            raise EmulatorError("the interaction was not answered with a modal")
        data: Payload = {"custom_id": modal["custom_id"], "components": filled(modal, fields)}
        state = interaction.state
        return await self._start(state.channel, InteractionKind.MODAL_SUBMIT, data, state.source)

    def closes_dms(self) -> None:
        """Take no more direct messages from the bot."""
        self.dm_channel.state.is_closed_to_bot = True

    def _registered(self, where: Channel) -> list[Payload]:
        registered = self._realm.world.commands
        return [*registered.get(where.state.guild_id, ()), *registered.get(None, ())]

    async def _post(self, channel: ChannelState, draft: Draft) -> Message:
        message = self._desk.posting.post(self.user, channel, draft)
        await asyncio.sleep(0)
        return message

    async def _uses(self, message: Message, name: str, values: Sequence[str] | None) -> Interaction:
        current = self._current(message)
        component = _component(current, name)
        data: Payload = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component.get("id", 1),
        }
        if values is not None:
            data["values"] = list(values)
        place = self._place(message)
        return await self._start(place, InteractionKind.MESSAGE_COMPONENT, data, current)

    async def _start(
        self, channel: ChannelState, kind: InteractionKind, data: Payload, source: Message | None
    ) -> Interaction:
        state = self._desk.interactions.start(self.user, channel, kind, data, source=source)
        await asyncio.sleep(0)
        return Interaction(self._realm, self._desk.interactions, state)

    def _place(self, message: Message) -> ChannelState:
        return self._realm.world.channel(message.channel_id)

    def _current(self, message: Message) -> Message:
        private = self._desk.interactions.private_message(message.id)
        return private or self._realm.world.message(message.channel_id, message.id)


def _component(message: Message, name: str) -> Payload:
    for component in walk(message.components):
        if component.get("disabled") or "custom_id" not in component:
            continue
        is_labelled = component.get("type") == _BUTTON and component.get("label") == name
        if component["custom_id"] == name or is_labelled:
            return component
    text = f"nothing called {name!r} can be used on message {message.id}; there is {message.buttons}"
    raise EmulatorError(text)


def _uploads(files: Files | None) -> tuple[Upload, ...]:
    return tuple(
        Upload(
            filename=name,
            content_type=_TYPES.guess_type(name)[0] or "application/octet-stream",
            data=data,
        )
        for name, data in (files or {}).items()
    )
