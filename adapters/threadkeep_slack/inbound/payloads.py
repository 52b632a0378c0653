"""What Slack sends of messages, checked at the door: only the fields that we read."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from threadkeep_slack.text.blocks import blocks_to_notation

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An id of a workspace, conversation, person or bot."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}")

Timestamp = Annotated[str, Field(max_length=32, pattern=r"^\d{1,12}\.\d{1,12}$")]
"""The identity of a message in its conversation, which is also its time."""

ConversationKind = Literal["channel", "group", "im", "mpim"]
"""Public channel, private channel, direct message, group direct message."""


def _known_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _known_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


LooseText = Annotated[str | None, BeforeValidator(_known_text)]
"""Text that may be missing or of another type: the message that holds it is not refused for it."""

LooseCount = Annotated[int | None, BeforeValidator(_known_count)]
"""A number that may be missing or of another type."""


class Payload(BaseModel):
    """Something that Slack sends: frozen, and blind to what we do not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Authorization(Payload):
    """One installation of the app that can see the event."""

    team_id: Id | None = None
    enterprise_id: Id | None = None
    user_id: Id | None = None
    is_bot: bool = True


class Envelope(Payload):
    """The outer payload of an event (https://docs.slack.dev/apis/events-api/#event-type-structure)."""

    event_id: str = Field(default="", max_length=128)
    team_id: Id | None = None
    context_team_id: Id | None = None
    authorizations: tuple[Authorization, ...] = ()


class Profile(Payload):
    """The part of a profile that comes along with messages of people from other workspaces."""

    display_name: str | None = None
    real_name: str | None = None
    team: LooseText = None


class BotProfile(Payload):
    """The part of a bot's profile that comes along with its messages."""

    name: str | None = None


class SharedFile(Payload):
    """A file that was posted with a message (https://docs.slack.dev/reference/objects/file-object/)."""

    id: LooseText = None
    name: LooseText = None
    title: LooseText = None
    mimetype: LooseText = None
    mode: LooseText = None
    size: LooseCount = None
    is_external: bool | None = None
    file_access: LooseText = None
    url_private: LooseText = None
    url_private_download: LooseText = None


class Edited(Payload):
    """When a message was last edited by its author."""

    ts: Timestamp


class SlackMessage(Payload):
    """A ``message`` or an ``app_mention`` (https://docs.slack.dev/reference/events/message/).

    The latter says nothing of the kind of its conversation: ``channel_type`` is None.
    """

    type: Literal["message", "app_mention"]
    subtype: str | None = None
    channel: Id
    channel_type: str | None = None
    ts: Timestamp
    thread_ts: Timestamp | None = None
    user: Id | None = None
    user_profile: Profile | None = None
    user_team: LooseText = None
    bot_id: str | None = None
    bot_profile: BotProfile | None = None
    username: str | None = None
    app_id: str | None = None
    text: str | None = None
    attachments: object = None
    files: tuple[SharedFile, ...] | None = None
    edited: Edited | None = None
    hidden: bool = False
    app_context: object = None

    @model_validator(mode="before")
    @classmethod
    def _read_blocks(cls, data: object) -> object:
        """Take the text from the blocks where there is none, or where a bot wrote only a notification into it."""
        if not isinstance(data, Mapping) or not (blocks := data.get("blocks")):
            return data
        text = data.get("text")
        if isinstance(text, str) and text.strip() and not data.get("bot_id"):
            return data
        found = blocks_to_notation(blocks)
        return data if isinstance(text, str) and len(text) >= len(found) else {**data, "text": found}

    @property
    def is_reply(self) -> bool:
        """Tell whether it stands in a thread, below the message that began it."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_tombstone(self) -> bool:
        """Tell whether it is what remains of a deleted message that has replies."""
        return self.subtype == "tombstone"


class SlackChange(Payload):
    """A message that was edited, decorated by Slack, or deleted.

    https://docs.slack.dev/reference/events/message/message_changed/ and
    https://docs.slack.dev/reference/events/message/message_deleted/
    """

    type: Literal["message"]
    subtype: Literal["message_changed", "message_deleted"]
    channel: Id
    channel_type: str | None = None
    ts: Timestamp
    message: SlackMessage | None = None
    previous_message: SlackMessage | None = None
    deleted_ts: Timestamp | None = None

    @model_validator(mode="before")
    @classmethod
    def _tell_messages_their_channel(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        inner = {name: data.get(name) for name in ("message", "previous_message")}
        return {
            **data,
            **{name: in_channel(record, data) for name, record in inner.items() if isinstance(record, Mapping)},
        }


class MessageEnvelope(Envelope):
    """The outer payload of something said."""

    event: SlackMessage


class ChangeEnvelope(Envelope):
    """The outer payload of an edit or a deletion."""

    event: SlackChange


class _Heading(Payload):
    type: str | None = None
    subtype: str | None = None


class _HeadedEnvelope(Payload):
    event: _Heading


def is_timestamp(text: str) -> bool:
    """Tell whether a text has the form of a message's identity."""
    return _TIMESTAMP.fullmatch(text) is not None


def in_channel(record: Mapping[str, object], place: Mapping[str, object]) -> dict[str, object]:
    """Complete a message as Slack writes it inside of events and in histories, where it does not name its channel.

    Args:
        record: The message.
        place: Where ``channel`` and ``channel_type`` are found.
    """
    return {
        **record,
        "type": "message",
        "channel": place.get("channel"),
        "channel_type": place.get("channel_type"),
    }


def read_heading(body: object) -> tuple[str | None, str | None]:
    """Give type and subtype of the event in an outer payload, whatever else is in it; None where there is none.

    Events such as ``message_changed`` have no speaker and no text of their own, so they are told apart before they are
    checked.
    """
    try:
        heading = _HeadedEnvelope.model_validate(body).event
    except ValidationError:
        return None, None
    return heading.type, heading.subtype
