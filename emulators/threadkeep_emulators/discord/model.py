"""What the emulated platform consists of: people, guilds, channels, threads and messages.

Messages, people and roles are immutable: whoever holds one sees the state of that moment. Guilds and channels
are the rooms in which that changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .extras import NO_EXTRAS, Extras
from .flags import (
    NO_FLAGS,
    NO_PERMISSIONS,
    THREAD_KINDS,
    ChannelKind,
    InteractionKind,
    MessageFlag,
    MessageKind,
    Permission,
)
from .ids import Snowflake

Payload = dict[str, Any]

_BUTTON = 2
_TEXT_DISPLAY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Be an account: a person or a bot."""

    id: Snowflake
    name: str
    display_name: str | None = None
    is_bot: bool = False

    @property
    def mention(self) -> str:
        """Give the text that mentions this account."""
        return f"<@{self.id}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Be a role of a guild; the role whose id is the guild's is everyone's."""

    id: Snowflake
    name: str
    permissions: Permission
    position: int
    is_mentionable: bool = False

    @property
    def mention(self) -> str:
        """Give the text that mentions this role."""
        return f"<@&{self.id}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Be a user's place in a guild."""

    user: User
    joined_at: float
    nick: str | None = None
    role_ids: tuple[Snowflake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Be a file that was posted with a message."""

    id: Snowflake
    filename: str
    content_type: str
    data: bytes
    url: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Say who was notified by a message when it was posted."""

    user_ids: frozenset[Snowflake] = frozenset()
    role_ids: frozenset[Snowflake] = frozenset()
    is_everyone: bool = False
    is_silent: bool = False

    def __bool__(self) -> bool:
        return bool(self.user_ids or self.role_ids or self.is_everyone)


NO_PINGS = Pings()


@dataclass(frozen=True, slots=True, kw_only=True)
class PingRecord:
    """Keep who was notified by which message of whom."""

    message_id: Snowflake
    channel_id: Snowflake
    author: User
    pings: Pings


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Point to the message that another one answers, or to the thread that it announces."""

    message_id: Snowflake | None
    channel_id: Snowflake
    guild_id: Snowflake | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoji:
    """Be what a reaction shows: a Unicode emoji by its name, a custom one by name and id."""

    name: str
    id: Snowflake | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Be one emoji under a message and who put it there, in order."""

    emoji: Emoji
    user_ids: tuple[Snowflake, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionMark:
    """Say on a message which interaction it answers."""

    id: Snowflake
    kind: InteractionKind
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Be a message as it stood at one moment; an edit makes another of the same id."""

    id: Snowflake
    channel_id: Snowflake
    author: User
    created_at: float
    content: str = ""
    edited_at: float | None = None
    kind: MessageKind = MessageKind.DEFAULT
    flags: MessageFlag = NO_FLAGS
    nonce: str | int | None = None
    mentions: tuple[User, ...] = ()
    role_mentions: tuple[Snowflake, ...] = ()
    is_everyone_mentioned: bool = False
    attachments: tuple[Attachment, ...] = ()
    embeds: tuple[Payload, ...] = ()
    components: tuple[Payload, ...] = ()
    reference: Reference | None = None
    reactions: tuple[Reaction, ...] = ()
    interaction: InteractionMark | None = None
    pings: Pings = NO_PINGS
    extras: Extras = NO_EXTRAS

    @property
    def text(self) -> str:
        """Give what people read: the content, or the texts of a message made of components."""
        if MessageFlag.IS_COMPONENTS_V2 in self.flags:
            return "\n".join(str(part["content"]) for part in walk(self.components, _TEXT_DISPLAY))
        return self.content

    @property
    def buttons(self) -> dict[str, str]:
        """Give the label of each button that can be clicked, by its custom id."""
        return {
            str(part["custom_id"]): str(part.get("label", ""))
            for part in walk(self.components, _BUTTON)
            if "custom_id" in part and not part.get("disabled")
        }

    @property
    def is_loading(self) -> bool:
        """Say whether people see "is thinking..." in its place."""
        return MessageFlag.LOADING in self.flags


@dataclass(slots=True, kw_only=True)
class ThreadState:
    """Be what a thread has beyond a channel."""

    owner_id: Snowflake
    created_at: float
    changed_at: float
    is_archived: bool = False
    is_locked: bool = False
    auto_archive_minutes: int = 1440
    members: dict[Snowflake, float] = field(default_factory=dict)
    messages_sent: int = 0
    tag_ids: tuple[Snowflake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """Be what a channel says otherwise for a role or a member; the role of everyone has the guild's id.

    https://discord.com/developers/docs/topics/permissions#permission-overwrites
    """

    is_member: bool = False
    allowed: Permission = NO_PERMISSIONS
    denied: Permission = NO_PERMISSIONS

    def apply(self, granted: Permission) -> Permission:
        """Give what is left of permissions, and what is added to them."""
        return granted & ~self.denied | self.allowed


@dataclass(slots=True, kw_only=True)
class ChannelState:
    """Be a channel, a thread or a direct message, with what stands in it now."""

    id: Snowflake
    kind: ChannelKind
    name: str
    guild_id: Snowflake | None = None
    parent_id: Snowflake | None = None
    position: int = 0
    topic: str | None = None
    recipient: User | None = None
    recipients: tuple[User, ...] = ()
    is_closed_to_bot: bool = False
    overwrites: dict[Snowflake, Overwrite] = field(default_factory=dict)
    thread: ThreadState | None = None
    messages: dict[Snowflake, Message] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        """Say whether this is a thread or a forum post."""
        return self.kind in THREAD_KINDS

    @property
    def is_dm(self) -> bool:
        """Say whether this is a direct message, of two people or of a group."""
        return self.kind in {ChannelKind.DM, ChannelKind.GROUP_DM}

    @property
    def last_message_id(self) -> Snowflake | None:
        """Give the id of the newest message that still stands."""
        return max(self.messages, default=None)


@dataclass(slots=True, kw_only=True)
class GuildState:
    """Be a server: its people, its roles and its channels."""

    id: Snowflake
    name: str
    owner_id: Snowflake
    created_at: float
    roles: dict[Snowflake, Role] = field(default_factory=dict)
    members: dict[Snowflake, Member] = field(default_factory=dict)
    channels: dict[Snowflake, ChannelState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Be the registered application with its bot."""

    id: Snowflake
    name: str
    bot: User
    owner: User
    token: str
    verify_key: str


def walk(components: tuple[Payload, ...] | list[Payload], kind: int | None = None) -> list[Payload]:
    """Give all components inside others, outermost first, of one kind or of every kind."""
    found: list[Payload] = []
    for component in components:
        if kind is None or component.get("type") == kind:
            found.append(component)
        nested = list(component.get("components") or ())
        nested += [component[slot] for slot in ("accessory", "component") if slot in component]
        found += walk([part for part in nested if isinstance(part, dict)], kind)
    return found


def emoji_key(emoji: Emoji) -> str:
    """Give the spelling of an emoji in a route."""
    return emoji.name if emoji.id is None else f"{emoji.name}:{emoji.id}"


def reactions_of(message: Message) -> Mapping[str, tuple[Snowflake, ...]]:
    """Give who reacted to a message with what."""
    return {emoji_key(reaction.emoji): reaction.user_ids for reaction in message.reactions}
