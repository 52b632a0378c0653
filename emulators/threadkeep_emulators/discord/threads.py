"""Threads and forum posts: opened, archived, deleted.

https://discord.com/developers/docs/topics/threads
"""

from dataclasses import dataclass

from .errors import ApiError, FormErrors, empty_message
from .flags import FORUM_KINDS, THREAD_KINDS, ChannelKind, MessageKind, Permission
from .forms import Draft
from .gateway.events import channel_changed, message_changed
from .ids import Snowflake
from .model import ChannelState, Message, Payload, Reference, ThreadState, User
from .permissions import require
from .posting import Posting
from .realm import Realm
from .render import thread_member_payload

_ARCHIVE_MINUTES = frozenset({60, 1440, 4320, 10080})
_MOST_NAME = 100
_OPENS_THREADS = frozenset({ChannelKind.TEXT, ChannelKind.ANNOUNCEMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadForm:
    """Be how a thread is to be opened."""

    name: str
    auto_archive_minutes: int = 1440
    kind: ChannelKind = ChannelKind.PUBLIC_THREAD
    tag_ids: tuple[Snowflake, ...] = ()


def read_thread_form(form: Payload, *, default: ChannelKind) -> ThreadForm:
    """Read the form of a new thread.

    Raises:
        ApiError: 50035 with all that is wrong.
    """
    errors = FormErrors()
    name = form.get("name")
    if not name:
        errors.required("name")
    elif len(str(name)) > _MOST_NAME:
        errors.add("name", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {_MOST_NAME} in length.")
    minutes = form.get("auto_archive_duration") or 1440
    if minutes not in _ARCHIVE_MINUTES:
        text = "Value must be one of (60, 1440, 4320, 10080)."
        errors.add("auto_archive_duration", "BASE_TYPE_CHOICES", text)
    kind = default if form.get("type") is None else form["type"]
    if kind not in THREAD_KINDS:
        errors.add("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
    errors.raise_if_any()
    return ThreadForm(
        name=str(name),
        auto_archive_minutes=minutes,
        kind=ChannelKind(kind),
        tag_ids=tuple(Snowflake(int(tag_id)) for tag_id in form.get("applied_tags") or ()),
    )


class Threads:
    """Open, change and delete threads."""

    def __init__(self, realm: Realm, posting: Posting) -> None:
        self._realm = realm
        self._posting = posting

    def open_on(self, opener: User, message: Message, form: ThreadForm) -> ChannelState:
        """Open a thread on a message; it has the message's id.

        Raises:
            ApiError: 50001, 50013, 50024 or 160004.
        """
        parent = self._realm.world.channels[message.channel_id]
        self._require_opening(opener, parent, form)
        if message.id in self._realm.world.channels:
            text = "A thread has already been created for this message"
            raise ApiError(400, 160004, text)
        thread = self._open(opener, parent, form, message.id)
        self._realm.tell(message_changed(self._realm.world, message, "MESSAGE_UPDATE"))
        self._say(opener, thread, MessageKind.THREAD_STARTER_MESSAGE, "", message.id, parent.id)
        return thread

    def open_in(self, opener: User, parent: ChannelState, form: ThreadForm) -> ChannelState:
        """Open a thread that hangs on no message.

        Raises:
            ApiError: 50001, 50013 or 50024.
        """
        self._require_opening(opener, parent, form)
        thread = self._open(opener, parent, form, self._realm.ids.snowflake())
        if form.kind is not ChannelKind.PRIVATE_THREAD:
            self._say(opener, parent, MessageKind.THREAD_CREATED, form.name, None, thread.id)
        return thread

    def open_post(
        self, opener: User, forum: ChannelState, form: ThreadForm, draft: Draft
    ) -> tuple[ChannelState, Message]:
        """Open a post in a forum with its first message, which has the thread's id.

        Raises:
            ApiError: What posting refuses, and 50024 where there is no forum.
        """
        if forum.kind not in FORUM_KINDS:
            raise _wrong_channel()
        require(self._realm.world, opener, forum, Permission.SEND_MESSAGES)
        if draft.is_empty:
            raise empty_message()
        thread = self._open(opener, forum, form, self._realm.ids.snowflake())
        return thread, self._posting.post_first(opener, thread, draft)

    def change(self, changer: User, channel: ChannelState, form: Payload) -> None:
        """Rename, archive, lock or reopen a thread.

        Raises:
            ApiError: 50001, 50013 or 50083.
        """
        thread = channel.thread
        if thread is None:
            raise _wrong_channel()
        if changer.id != thread.owner_id or thread.is_locked or "locked" in form:
            # Whoever may write reopens a thread, but not one that a moderator has locked.
            reopens = set(form) <= {"archived"} and form.get("archived") is False and not thread.is_locked
            needed = Permission.SEND_MESSAGES_IN_THREADS if reopens else Permission.MANAGE_THREADS
            require(self._realm.world, changer, channel, needed)
        if thread.is_archived and form.get("archived") is not False:
            raise ApiError(400, 50083, "Thread is archived")
        channel.name = str(form.get("name", channel.name))
        thread.is_archived = bool(form.get("archived", thread.is_archived))
        thread.is_locked = bool(form.get("locked", thread.is_locked))
        thread.auto_archive_minutes = form.get("auto_archive_duration", thread.auto_archive_minutes)
        thread.changed_at = self._realm.clock()
        self._realm.tell(channel_changed(self._realm.world, channel, "UPDATE"))

    def delete(self, deleter: User, channel: ChannelState) -> None:
        """Delete a thread with all that stands in it.

        Raises:
            ApiError: 50001 or 50013.
        """
        require(self._realm.world, deleter, channel, Permission.MANAGE_THREADS)
        self._realm.world.remove_channel(channel)
        self._realm.tell(channel_changed(self._realm.world, channel, "DELETE"))

    def _require_opening(self, opener: User, parent: ChannelState, form: ThreadForm) -> None:
        if parent.kind not in _OPENS_THREADS:
            raise _wrong_channel()
        is_private = form.kind is ChannelKind.PRIVATE_THREAD
        needed = Permission.CREATE_PRIVATE_THREADS if is_private else Permission.CREATE_PUBLIC_THREADS
        require(self._realm.world, opener, parent, needed)

    def _open(self, opener: User, parent: ChannelState, form: ThreadForm, thread_id: Snowflake) -> ChannelState:
        now = self._realm.clock()
        thread = ThreadState(
            owner_id=opener.id,
            created_at=now,
            changed_at=now,
            auto_archive_minutes=form.auto_archive_minutes,
            members={opener.id: now},
            tag_ids=form.tag_ids,
        )
        channel = ChannelState(
            id=thread_id,
            kind=ChannelKind.ANNOUNCEMENT_THREAD if parent.kind is ChannelKind.ANNOUNCEMENT else form.kind,
            name=form.name,
            guild_id=parent.guild_id,
            parent_id=parent.id,
            thread=thread,
        )
        self._realm.world.add_channel(channel)
        members = [thread_member_payload(channel, opener, now)]
        event = channel_changed(self._realm.world, channel, "CREATE", newly_created=True, members=members)
        self._realm.tell(event)
        return channel

    def _say(
        self,
        author: User,
        channel: ChannelState,
        kind: MessageKind,
        content: str,
        about_message: Snowflake | None,
        about_channel: Snowflake,
    ) -> None:
        reference = Reference(message_id=about_message, channel_id=about_channel, guild_id=channel.guild_id)
        message = Message(
            id=self._realm.ids.snowflake(),
            channel_id=channel.id,
            author=author,
            created_at=self._realm.clock(),
            content=content,
            kind=kind,
            reference=reference,
        )
        self._posting.place(channel, message)


def _wrong_channel() -> ApiError:
    return ApiError(400, 50024, "Cannot execute action on this channel type")
