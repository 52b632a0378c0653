"""What Slack sends, checked at the door: only the fields that we read."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An id of a workspace, conversation, person or bot."""

Timestamp = Annotated[str, Field(max_length=32, pattern=r"^\d{1,12}\.\d{1,12}$")]
"""The identity of a message in its conversation, which is also its time."""

ConversationKind = Literal["channel", "group", "im", "mpim"]
"""Public channel, private channel, direct message, group direct message."""


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Authorization(_Payload):
    """One installation of the app that can see the event."""

    team_id: Id | None = None
    enterprise_id: Id | None = None


class EventEnvelope(_Payload):
    """The outer payload of an event (https://docs.slack.dev/apis/events-api/#event-type-structure)."""

    event_id: str = Field(default="", max_length=128)
    team_id: Id | None = None
    authorizations: tuple[Authorization, ...] = ()
    event: "SlackMessage"


class Profile(_Payload):
    """The part of a profile that comes along with messages of people from other workspaces."""

    display_name: str = ""
    real_name: str = ""


class SharedFile(_Payload):
    """A file that was posted with a message."""

    name: str | None = None
    title: str | None = None


class SlackMessage(_Payload):
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
    bot_id: str | None = None
    app_id: str | None = None
    text: str | None = None
    files: tuple[SharedFile, ...] | None = None
    hidden: bool = False

    @property
    def is_reply(self) -> bool:
        """Tell whether it stands in a thread, below the message that began it."""
        return self.thread_ts is not None and self.thread_ts != self.ts


class _Heading(_Payload):
    subtype: str | None = None


class _HeadedEnvelope(_Payload):
    event: _Heading


def read_subtype(body: object) -> str | None:
    """Give the subtype of the event in an outer payload, whatever else is in it; None where there is none.

    Events such as ``message_changed`` have no speaker and no text of their own, so they are told apart before they are
    checked as messages.
    """
    try:
        return _HeadedEnvelope.model_validate(body).event.subtype
    except ValidationError:
        return None
