"""Events as Slack makes them: which ones a happening causes, and how they are wrapped."""

from collections.abc import Iterator

from .ids import Ids
from .records import App, Channel, ChannelKind, Message, Team
from .wire import Authorization, EventCallback, Payload

_HISTORY_SCOPE: dict[ChannelKind, str] = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
_MESSAGE_SUBSCRIPTION: dict[ChannelKind, str] = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
# What Slack itself writes names people without speaking to them.
_NO_MENTION = frozenset({"channel_join", "tombstone"})
_EVENT_SCOPE = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "agent_session_stopped": "chat:write",
    "member_joined_channel": "channels:read",
}


def wants(app: App, team: Team, event_type: str, channel: Channel | None = None) -> bool:
    """Tell whether the app is subscribed to an event, has its scope, and is in the conversation.

    Args:
        app: The app's configuration.
        team: The workspace in which the event happens.
        event_type: The inner event's ``type``.
        channel: The conversation in which it happens, if it happens in one.
    """
    if channel is not None and team.bot_user not in channel.members:
        return False
    subscription, scope = event_type, _EVENT_SCOPE.get(event_type)
    if event_type == "message" and channel is not None:
        subscription, scope = _MESSAGE_SUBSCRIPTION[channel.kind], _HISTORY_SCOPE[channel.kind]
    return subscription in app.events and (scope is None or scope in team.scopes)


def wrap(app: App, team: Team, event: Payload, *, ids: Ids, now: float) -> EventCallback:
    """Put an inner event into the outer payload, with an event id of its own.

    What somebody of another organisation does in a shared channel names the workspace of that organisation first.

    https://docs.slack.dev/apis/events-api/#event-type-structure
    """
    home = str(event.get("user_team") or team.id)
    organisation = None if team.organisation is None else team.organisation.id
    authorization: Authorization = {
        "enterprise_id": organisation,
        "team_id": team.id,
        "user_id": team.bot_user,
        "is_bot": True,
        "is_enterprise_install": organisation is not None,
    }
    return {
        "token": app.verification_token,
        "team_id": home,
        "context_team_id": team.id,
        "context_enterprise_id": organisation,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": ids.entity("Ev"),
        "event_time": int(now),
        "authorizations": [authorization],
        "is_ext_shared_channel": home != team.id,
        "event_context": f"4-{ids.entity('')}",
    }


def posted_events(team: Team, channel: Channel, message: Message, rendered: Payload) -> Iterator[Payload]:
    """Give the events of a new message: a ``message``, and an ``app_mention`` too if it names our bot.

    https://docs.slack.dev/reference/events/message/ and https://docs.slack.dev/reference/events/app_mention/
    """
    place = {"channel": channel.id, "event_ts": message.ts}
    shape = rendered | place | {"channel_type": channel.kind}
    if message.subtype == "thread_broadcast" and message.thread_ts is not None:
        root = channel.messages.get(message.thread_ts)
        if root is not None:
            shape["root"] = {"type": "message", "user": root.user, "ts": root.ts, "text": root.text}
    yield shape
    if names_bot(team, channel, message):
        yield _mention(rendered, place)


def edited_events(
    team: Team, channel: Channel, *, message: Message, before: Payload, after: Payload, event_ts: str
) -> Iterator[Payload]:
    """Give the events of an edit: ``message_changed``, and an ``app_mention`` if the edit brought the mention.

    https://docs.slack.dev/reference/events/message/message_changed/
    """
    yield {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": channel.id,
        "channel_type": channel.kind,
        "hidden": True,
        "ts": event_ts,
        "event_ts": event_ts,
    }
    was_named = f"<@{team.bot_user}>" in str(before.get("text", ""))
    if not was_named and names_bot(team, channel, message):
        yield _mention(after, {"channel": channel.id, "event_ts": event_ts})


def deleted_event(channel: Channel, *, before: Payload, event_ts: str) -> Payload:
    """Give the ``message_deleted`` event.

    https://docs.slack.dev/reference/events/message/message_deleted/
    """
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "deleted_ts": before["ts"],
        "channel": channel.id,
        "channel_type": channel.kind,
        "hidden": True,
        "ts": event_ts,
        "event_ts": event_ts,
    }


def reaction_event(kind: str, channel: Channel, message: Message, *, user: str, name: str, event_ts: str) -> Payload:
    """Give a ``reaction_added`` or ``reaction_removed`` event.

    https://docs.slack.dev/reference/events/reaction_added/
    """
    return {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user,
        "event_ts": event_ts,
    }


def names_bot(team: Team, channel: Channel, message: Message) -> bool:
    """Tell whether a message is an ``app_mention``: it names our bot, elsewhere than in a direct message."""
    is_ours = message.bot_id == team.bot.id or message.user == team.bot_user
    token = f"<@{team.bot_user}"
    is_named = f"{token}>" in message.text or f"{token}|" in message.text
    return is_named and not is_ours and message.subtype not in _NO_MENTION and channel.kind != "im"


def _mention(rendered: Payload, place: Payload) -> Payload:
    kept = ("user", "ts", "client_msg_id", "text", "team", "thread_ts", "parent_user_id", "blocks", "files")
    also = ("edited", "bot_id", "bot_profile", "app_id", "attachments", "user_team", "source_team", "user_profile")
    shape = {key: rendered[key] for key in (*kept, *also) if key in rendered}
    return {"type": "app_mention"} | shape | place
