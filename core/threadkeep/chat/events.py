"""What a platform told us, in one vocabulary for all platforms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from threadkeep.messages import Attachment
from threadkeep.sessions import MessageKey, SessionKey, UserKey


class PlaceKind(StrEnum):
    """What kind of place a conversation is in."""

    DIRECT = "direct"
    CHANNEL = "channel"
    THREAD = "thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to answer.

    Attributes:
        session: The conversation of this place.
        kind: Direct message, channel or thread; other people may read the last two.
        reply_to: The platform's id of the message to which the answer refers, where the platform shows that.
        is_confidential: Whether several people read it but not everybody may: a private channel, a group conversation.
    """

    session: SessionKey
    kind: PlaceKind
    reply_to: str | None = None
    is_confidential: bool = False

    @property
    def is_shared(self) -> bool:
        """Tell whether several people may speak here."""
        return self.kind is not PlaceKind.DIRECT


class Addressing(StrEnum):
    """To whom a message is said, which decides whether it is answered."""

    BOT = "bot"
    """To the bot: a direct message, a mention, a reply to it. Always answered."""
    THREAD = "thread"
    """Into a thread: answered if the bot already takes part in it."""
    OTHERS = "others"
    """To others, in a place where the bot takes part: kept as context for its next run, not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """Somebody said something.

    Attributes:
        key: The message's identity, by which it is deduplicated.
        place: Where the answer goes.
        user: Who spoke.
        speaker: The name under which people know the speaker; the id where no name is known.
        text: What was said, as plain Markdown without the mention that addressed the bot.
        addressing: To whom it was said.
        sent_at: When the platform says that it was posted, in seconds since the epoch.
        attachments: The files that stand in it.
        command: The command that it is, without its sign: ``new``, ``retry``; then ``text`` holds what follows it.
        is_private: Whether only the speaker may see the answer, as with a slash command in a channel.
        looking_at: What the speaker has open on the platform while asking, in words: "channel #sales (C123)".
    """

    key: MessageKey
    place: Place
    user: UserKey
    speaker: str
    text: str
    addressing: Addressing = Addressing.BOT
    sent_at: float = 0.0
    attachments: tuple[Attachment, ...] = ()
    command: str | None = None
    is_private: bool = False
    looking_at: str = ""
    kind: Literal["message"] = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """Somebody changed what they had said.

    Attributes:
        key: The message, with the edit as its revision: each edit is an event of its own.
        place: Where the message stands.
        user: Whose message it is.
        speaker: The name under which people know them.
        text: What it says now, written as in ``MessageReceived``.
    """

    key: MessageKey
    place: Place
    user: UserKey
    speaker: str
    text: str
    kind: Literal["edited"] = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """A message was taken away.

    Attributes:
        key: The message, with ``deleted`` as its revision.
        place: Where it stood.
    """

    key: MessageKey
    place: Place
    kind: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """Somebody wants the run in progress of a place to stop.

    Attributes:
        key: What asks: a message, or a press, command or reaction, whose own id is then the revision.
        place: Where.
        user: Who.
        speaker: The name under which people know them.
    """

    key: MessageKey
    place: Place
    user: UserKey
    speaker: str
    kind: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPressed:
    """Somebody pressed a button, chose an option or sent a form that stands under a reply of the bot.

    Attributes:
        key: The message under which it stands, with the press as its revision: each press is an event of its own.
        place: Where.
        user: Who.
        speaker: The name under which people know them.
        action: The element's action.
        value: The button's value, or the chosen option's.
        label: What people read on it.
        fields: What was filled in, by the names of the form's fields.
        roles: The platform's ids of the person's roles, where it has roles.
    """

    key: MessageKey
    place: Place
    user: UserKey
    speaker: str
    action: str
    value: str = ""
    label: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    kind: Literal["action"] = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven:
    """Somebody said whether an answer was good.

    Attributes:
        key: The message of the bot, with the feedback as its revision.
        place: Where it stands.
        user: Who.
        rating: 1 for good, -1 for bad, 0 when they take it back.
        comment: What they wrote to it.
    """

    key: MessageKey
    place: Place
    user: UserKey
    rating: Literal[-1, 0, 1]
    comment: str = ""
    kind: Literal["feedback"] = "feedback"


Event = MessageReceived | MessageEdited | MessageDeleted | StopRequested | ActionPressed | FeedbackGiven
"""Everything that an adapter may hand to its sink."""
