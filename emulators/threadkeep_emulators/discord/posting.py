"""Posting, editing and deleting messages, by the bot and by people alike."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from .cdn import signed_url
from .errors import ApiError, empty_message, invalid_form, thread_archived, unknown_message
from .flags import MessageFlag, MessageKind, Permission
from .forms import Changes, Draft, Upload
from .gateway.events import channel_changed, message_changed, message_deleted
from .ids import Snowflake
from .membership import join_thread
from .mentions import ALL_MENTIONS, USER_MENTIONS, AllowedMentions, Mentioned, find_mentions, pings_of
from .model import (
    NO_PINGS,
    Attachment,
    ChannelState,
    InteractionMark,
    Message,
    PingRecord,
    Reference,
    User,
)
from .permissions import permissions_in, require, require_posting
from .realm import Realm

_NONCE_SECONDS = 300.0
_ANSWERABLE = frozenset({MessageKind.DEFAULT, MessageKind.REPLY, MessageKind.CHAT_INPUT_COMMAND})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    channel_id: Snowflake
    message_id: Snowflake
    at: float


class Posting:
    """Change what stands in channels, and tell everyone of it."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._nonces: OrderedDict[tuple[Snowflake, str], _Sent] = OrderedDict()

    def post(self, author: User, channel: ChannelState, draft: Draft) -> Message:
        """Post a message where its author may write.

        Raises:
            ApiError: Whatever Discord refuses: permissions, an empty message, an unknown message to answer.
        """
        require_posting(self._realm.world, author, channel)
        if draft.is_empty:
            raise empty_message()
        if draft.nonce is not None and draft.is_nonce_enforced:
            known = self._posted_before(author, draft.nonce)
            if known is not None:
                return known
        answered = self._answered(author, channel, draft)
        message = self._compose(author, channel, draft, answered)
        return self.place(channel, message)

    def post_first(self, author: User, thread: ChannelState, draft: Draft) -> Message:
        """Post the first message of a forum post, which bears the thread's id."""
        message = self._compose(author, thread, draft, None)
        return self.place(thread, replace(message, id=thread.id))

    def post_unchecked(self, author: User, channel: ChannelState, draft: Draft) -> Message:
        """Post a message of somebody who is no member, as webhooks do.

        Raises:
            ApiError: 50006 when there is nothing in it.
        """
        if not (draft.content or draft.embeds or draft.components or draft.uploads):
            raise empty_message()
        return self.place(channel, self._compose(author, channel, draft, None))

    def place(self, channel: ChannelState, message: Message) -> Message:
        """Put a composed message into a channel and dispatch it."""
        self._wake_thread(channel)
        self._remember_nonce(message)
        channel.messages[message.id] = message
        if channel.thread is not None:
            channel.thread.messages_sent += 1
            for user in (message.author, *message.mentions):
                join_thread(self._realm, channel, user)
        self._record_pings(message)
        self._realm.tell(message_changed(self._realm.world, message, "MESSAGE_CREATE"))
        return message

    def compose_answer(
        self,
        author: User,
        channel: ChannelState,
        draft: Draft,
        *,
        mark: InteractionMark,
        kind: MessageKind = MessageKind.DEFAULT,
    ) -> Message:
        """Compose what an interaction answers, without posting it: it may be for one person alone."""
        if draft.allowed is None:
            draft = replace(draft, allowed=USER_MENTIONS)
        message = self._compose(author, channel, draft, None)
        return replace(message, kind=kind, interaction=mark)

    def edit(self, editor: User, message: Message, changes: Changes) -> Message:
        """Edit a message; only its author may change what it says.

        Raises:
            ApiError: 50005, 50006, 50013 or 50083.
        """
        channel = self._realm.world.channels[message.channel_id]
        refuse_if_archived(channel)
        if message.author.id != editor.id:
            if changes.given - {"flags"}:
                raise ApiError(403, 50005, "Cannot edit a message authored by another user")
            require(self._realm.world, editor, channel, Permission.MANAGE_MESSAGES)
        edited = self.revise(message, changes)
        self.replace(edited)
        return edited

    def revise(self, message: Message, changes: Changes) -> Message:
        """Give a message as it reads after an edit.

        Raises:
            ApiError: 50006 when nothing would be left.
        """
        channel = self._realm.world.channels[message.channel_id]
        given = changes.given
        attachments = message.attachments
        if "attachments" in given:
            attachments = tuple(one for one in attachments if one.id in changes.kept_attachments)
        revised = replace(
            message,
            content=changes.content if "content" in given else message.content,
            embeds=changes.embeds if "embeds" in given else message.embeds,
            components=changes.components if "components" in given else message.components,
            attachments=attachments + self._store(channel, changes.uploads),
            flags=_revised_flags(message, changes),
            edited_at=self._realm.clock(),
        )
        if not (revised.content or revised.embeds or revised.components or revised.attachments):
            raise empty_message()
        allowed = changes.allowed or ALL_MENTIONS
        answered = self._still_mentioned(message)
        found = self._mentioned(message.author, channel, revised.text, allowed, answered)
        return replace(
            revised,
            mentions=found.users,
            role_mentions=found.role_ids,
            is_everyone_mentioned=found.is_everyone,
        )

    def replace(self, message: Message) -> None:
        """Put another version of a message in its place and dispatch the edit."""
        channel = self._realm.world.channels[message.channel_id]
        channel.messages[message.id] = message
        self._realm.tell(message_changed(self._realm.world, message, "MESSAGE_UPDATE"))

    def delete(self, deleter: User, message: Message) -> None:
        """Delete a message: one's own, or with the permission to manage messages.

        Raises:
            ApiError: 50003, 50013 or 50083.
        """
        channel = self._realm.world.channels[message.channel_id]
        refuse_if_archived(channel)
        if message.author.id != deleter.id:
            if channel.is_dm:
                raise ApiError(403, 50003, "Cannot execute action on a DM channel")
            require(self._realm.world, deleter, channel, Permission.MANAGE_MESSAGES)
        self.remove(message)

    def remove(self, message: Message) -> None:
        """Take a message away and dispatch that."""
        channel = self._realm.world.channels[message.channel_id]
        del channel.messages[message.id]
        self._realm.tell(message_deleted(channel, message))

    def notify(self, message: Message) -> Message:
        """Notify whom a deferred answer mentions, now that it has a text."""
        channel = self._realm.world.channels[message.channel_id]
        found = Mentioned(
            users=message.mentions,
            role_ids=message.role_mentions,
            is_everyone=message.is_everyone_mentioned,
        )
        pings = pings_of(self._realm.world, message.author, channel, found, is_silent=False)
        message = replace(message, pings=pings)
        self._record_pings(message)
        return message

    def _record_pings(self, message: Message) -> None:
        if message.pings:
            record = PingRecord(
                message_id=message.id,
                channel_id=message.channel_id,
                author=message.author,
                pings=message.pings,
            )
            self._realm.world.pings.append(record)

    def _compose(self, author: User, channel: ChannelState, draft: Draft, answered: Message | None) -> Message:
        message = Message(
            id=self._realm.ids.snowflake(),
            channel_id=channel.id,
            author=author,
            created_at=self._realm.clock(),
            content=draft.content,
            kind=MessageKind.DEFAULT if answered is None else MessageKind.REPLY,
            flags=draft.flags,
            nonce=draft.nonce,
            attachments=self._store(channel, draft.uploads),
            embeds=draft.embeds,
            components=draft.components,
            reference=None if answered is None else _reference(channel, answered),
            extras=draft.extras,
        )
        found = self._mentioned(author, channel, message.text, draft.allowed or ALL_MENTIONS, answered)
        is_silent = MessageFlag.SUPPRESS_NOTIFICATIONS in draft.flags
        return replace(
            message,
            mentions=found.users,
            role_mentions=found.role_ids,
            is_everyone_mentioned=found.is_everyone,
            pings=pings_of(self._realm.world, author, channel, found, is_silent=is_silent) or NO_PINGS,
        )

    def _mentioned(
        self,
        author: User,
        channel: ChannelState,
        text: str,
        allowed: AllowedMentions,
        answered: Message | None,
    ) -> Mentioned:
        return find_mentions(self._realm.world, author, channel, text, allowed, answered=answered)

    def _answered(self, author: User, channel: ChannelState, draft: Draft) -> Message | None:
        if draft.answers is None:
            return None
        if Permission.READ_MESSAGE_HISTORY not in permissions_in(self._realm.world, author, channel):
            raise ApiError(403, 160002, "Cannot reply without permission to read message history")
        answered = channel.messages.get(draft.answers)
        if draft.answers_in not in {None, channel.id} or answered is None:
            if draft.fails_without_answered:
                raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            return None
        if answered.kind not in _ANSWERABLE:
            text = "Cannot reply to a system message"
            raise invalid_form("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", text)
        return answered

    def _still_mentioned(self, message: Message) -> Message | None:
        # An edit neither adds nor takes away the mention that a reply makes of whom it answers.
        if message.reference is None or message.reference.message_id is None:
            return None
        place = self._realm.world.channels[message.reference.channel_id]
        answered = place.messages.get(message.reference.message_id)
        return answered if answered is not None and answered.author in message.mentions else None

    def _posted_before(self, author: User, nonce: str | int) -> Message | None:
        sent = self._nonces.get((author.id, str(nonce)))
        if sent is None or self._realm.clock() - sent.at > _NONCE_SECONDS:
            return None
        message = self._realm.world.channels[sent.channel_id].messages.get(sent.message_id)
        if message is None:
            raise unknown_message()
        return message

    def _remember_nonce(self, message: Message) -> None:
        now = self._realm.clock()
        while self._nonces and now - next(iter(self._nonces.values())).at > _NONCE_SECONDS:
            self._nonces.popitem(last=False)
        if message.nonce is not None:
            key = (message.author.id, str(message.nonce))
            self._nonces[key] = _Sent(channel_id=message.channel_id, message_id=message.id, at=now)

    def _wake_thread(self, channel: ChannelState) -> None:
        thread = channel.thread
        if thread is not None and thread.is_archived:
            thread.is_archived = False
            thread.changed_at = self._realm.clock()
            self._realm.tell(channel_changed(self._realm.world, channel, "UPDATE"))

    def _store(self, channel: ChannelState, uploads: tuple[Upload, ...]) -> tuple[Attachment, ...]:
        return tuple(self._attachment(channel, upload) for upload in uploads)

    def _attachment(self, channel: ChannelState, upload: Upload) -> Attachment:
        attachment_id = self._realm.ids.snowflake()
        return Attachment(
            id=attachment_id,
            filename=upload.filename,
            content_type=upload.content_type,
            data=upload.data,
            url=signed_url(self._realm, channel.id, attachment_id, upload.filename),
            description=upload.description,
        )


def refuse_if_archived(channel: ChannelState) -> None:
    """Refuse a change in a thread that is archived.

    Raises:
        ApiError: 50083.
    """
    if channel.thread is not None and channel.thread.is_archived:
        raise thread_archived()


def _reference(channel: ChannelState, answered: Message) -> Reference:
    return Reference(message_id=answered.id, channel_id=channel.id, guild_id=channel.guild_id)


def _revised_flags(message: Message, changes: Changes) -> MessageFlag:
    if "flags" not in changes.given:
        return message.flags & ~MessageFlag.LOADING
    kept = message.flags & ~(MessageFlag.SUPPRESS_EMBEDS | MessageFlag.LOADING)
    return kept | changes.flags
