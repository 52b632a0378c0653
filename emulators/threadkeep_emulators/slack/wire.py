"""Shapes of what travels between the emulator and an app."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

# Slack's JSON is open-ended: blocks, metadata and view state hold whatever the app put there.
Payload: TypeAlias = dict[str, Any]

DeliveryKind: TypeAlias = Literal["events_api", "interactive", "slash_commands"]
DisconnectReason: TypeAlias = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


class Authorization(TypedDict):
    """Name an installation that may see an event."""

    enterprise_id: str | None
    team_id: str
    user_id: str
    is_bot: bool
    is_enterprise_install: bool


class EventCallback(TypedDict):
    """Wrap one event on its way to an app (https://docs.slack.dev/apis/events-api/)."""

    token: str
    team_id: str
    context_team_id: str
    context_enterprise_id: str | None
    api_app_id: str
    event: Payload
    type: Literal["event_callback"]
    event_id: str
    event_time: int
    authorizations: list[Authorization]
    is_ext_shared_channel: bool
    event_context: str


class SocketEnvelope(TypedDict):
    """Wrap one payload on a socket (https://docs.slack.dev/apis/events-api/using-socket-mode/)."""

    envelope_id: str
    type: DeliveryKind
    payload: Payload
    accepts_response_payload: bool
    retry_attempt: NotRequired[int]
    retry_reason: NotRequired[str]
