"""What a Slack message means for the bot: who said what to whom, and where the answer goes.

Pure functions from Slack's payloads to the core's events.
"""

from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep_slack.inbound.attachments import attachments_of
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.inbound.shared import below
from threadkeep_slack.limits import MENTIONED_NAMES
from threadkeep_slack.text.markup import leading_mention, mentioned_users, to_markdown, unnamed_ids
from threadkeep_slack.workspace import Workspace

PLATFORM: Final = "slack"

NOW: Final = "999999999999.0"
"""A time after all messages that there are."""


def addressing_of(message: SlackMessage, kind: str, workspace: Workspace) -> Addressing | None:
    """Tell to whom it is said; None for talk in a channel that does not concern the bot.

    The mention is looked for in the text, since Slack delivers one message both as ``message`` and as ``app_mention``
    and either may come first.

    Args:
        message: The message.
        kind: The kind of its conversation.
        workspace: The bot's installation.
    """
    text = message.text or ""
    if kind == "im" or message.type == "app_mention" or workspace.bot_user in mentioned_users(text):
        return Addressing.BOT
    if message.is_reply:
        return Addressing.OTHERS if leading_mention(text) else Addressing.THREAD
    return Addressing.OTHERS if kind == "mpim" else None


def place_of(message: SlackMessage, kind: str, *, team: str, is_agent_view: bool = False) -> Place:
    """Give the conversation of a message, which is where it is answered.

    A mention at the top of a channel begins a thread. Direct and group messages are answered in place and are one
    conversation; their threads are conversations of their own. In the agent view every top-level direct message begins
    a thread.

    Args:
        message: The message.
        kind: The kind of its conversation.
        team: The workspace under which it is kept.
        is_agent_view: Whether direct messages are threads.
    """
    thread = message.thread_ts if message.is_reply else None
    if thread is None and is_threaded(kind, is_agent_view=is_agent_view):
        thread = message.ts
    return place_in(message.channel, thread, kind, team=team, reply_to=message.ts)


def is_threaded(kind: str, *, is_agent_view: bool) -> bool:
    """Tell whether each message at the top of a conversation begins a thread."""
    return kind not in {"im", "mpim"} or (kind == "im" and is_agent_view)


def place_in(channel: str, thread: str | None, kind: str, *, team: str, reply_to: str | None) -> Place:
    """Give the place of a thread, or of a whole direct or group conversation."""
    session = SessionKey(platform=PLATFORM, workspace=team, channel=channel, thread=thread)
    place_kind, is_confidential = _place_kind(kind, thread), kind in {"group", "mpim"}
    return Place(session=session, kind=place_kind, reply_to=reply_to, is_confidential=is_confidential)


def people_in(message: SlackMessage, workspace: Workspace) -> tuple[str, ...]:
    """Give the ids whose names a message needs: the speaker's, then those of a few people and places in its text."""
    mentioned = dict.fromkeys(unnamed_ids(wording_of(message)))
    mentioned.pop(workspace.bot_user, None)
    speaker = (message.user,) if message.user else ()
    return (*speaker, *list(mentioned)[:MENTIONED_NAMES])


def key_of(message: SlackMessage, team: str, *, revision: str | None = None) -> MessageKey:
    """Give the identity of a message, or of what happened to it."""
    return MessageKey(platform=PLATFORM, workspace=team, channel=message.channel, message=message.ts, revision=revision)


def user_key(user: str, workspace: Workspace) -> UserKey:
    """Give the key of a person, who has one id in all of an organisation."""
    return UserKey(platform=PLATFORM, user=user, workspace=workspace.people)


def to_event(
    message: SlackMessage,
    *,
    place: Place,
    addressing: Addressing,
    workspace: Workspace,
    names: Mapping[str, str],
) -> MessageReceived:
    """Put what somebody said into the core's vocabulary.

    Args:
        message: The message; it has a user or is a bot's.
        place: Its conversation.
        addressing: To whom it is said.
        workspace: The bot's installation.
        names: Names of people by id, as far as known.
    """
    user = message.user or message.bot_id or ""
    return MessageReceived(
        key=key_of(message, place.session.workspace),
        place=place,
        user=user_key(user, workspace),
        speaker=speaker_of(message, names),
        text=_text(message, workspace, names),
        addressing=addressing,
        sent_at=float(message.ts),
        attachments=attachments_of(message),
    )


def wording_of(message: SlackMessage) -> str:
    """Give all that a message says, in Slack's notation: its text, what it shares, what its links lead to."""
    if not message.attachments:
        return message.text or ""
    return "\n".join(part for part in (message.text or "", *below(message.attachments)) if part)


def speaker_of(message: SlackMessage, names: Mapping[str, str]) -> str:
    """Give the name under which people know who wrote a message; of a bot it says that it is one."""
    user = message.user or message.bot_id or ""
    if message.bot_id or message.app_id:
        profile = message.bot_profile
        return f"{message.username or (profile and profile.name) or names.get(user) or user} (bot)"
    # Of people from other organisations Slack tells the name with the message, and often not when asked.
    return names.get(user) or _profile_name(message) or user


def _place_kind(kind: str, thread: str | None) -> PlaceKind:
    if kind == "im":
        return PlaceKind.DIRECT
    return PlaceKind.CHANNEL if thread is None else PlaceKind.THREAD


def _profile_name(message: SlackMessage) -> str:
    profile = message.user_profile
    return "" if profile is None else profile.display_name or profile.real_name or ""


def _text(message: SlackMessage, workspace: Workspace, names: Mapping[str, str]) -> str:
    return to_markdown(wording_of(message), bot_user=workspace.bot_user, names=names)
