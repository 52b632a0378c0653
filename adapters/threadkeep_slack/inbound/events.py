"""What a Slack message means for the bot: who said what to whom, and where the answer goes.

Pure functions from Slack's payloads to the core's events.
"""

from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.limits import MENTIONED_NAMES
from threadkeep_slack.text.markup import leading_mention, mentioned_users, to_markdown
from threadkeep_slack.workspace import Workspace

PLATFORM: Final = "slack"

_SPOKEN_SUBTYPES: Final = frozenset({None, "thread_broadcast", "file_share", "me_message"})
_NAMED_FILES: Final = 10


def is_spoken(subtype: str | None) -> bool:
    """Tell whether a subtype of ``message`` is something that somebody said.

    All others are edits, deletions, joins, topics, reminders and messages of bots
    (https://docs.slack.dev/reference/events/message/#subtypes).
    """
    return subtype in _SPOKEN_SUBTYPES


def is_from_person(message: SlackMessage, workspace: Workspace) -> bool:
    """Tell whether a person said it: not a bot, an app, Slack itself, or this bot."""
    if message.hidden or message.bot_id or message.app_id:
        return False
    return message.user not in {None, workspace.bot_user, "USLACKBOT"}


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
    return Place(session=session, kind=_place_kind(kind, thread), reply_to=reply_to)


def people_in(message: SlackMessage, workspace: Workspace) -> tuple[str, ...]:
    """Give the ids whose names a message needs: the speaker's, then those of a few who are mentioned."""
    mentioned = dict.fromkeys(mentioned_users(message.text or ""))
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
    """Put a message of a person into the core's vocabulary.

    Args:
        message: The message; it has a user.
        place: Its conversation.
        addressing: To whom it is said.
        workspace: The bot's installation.
        names: Names of people by id, as far as known.
    """
    user = message.user or ""
    return MessageReceived(
        key=key_of(message, place.session.workspace),
        place=place,
        user=user_key(user, workspace),
        speaker=names.get(user) or _profile_name(message) or user,
        text=_text(message, workspace, names),
        addressing=addressing,
        sent_at=float(message.ts),
    )


def _place_kind(kind: str, thread: str | None) -> PlaceKind:
    if kind == "im":
        return PlaceKind.DIRECT
    return PlaceKind.CHANNEL if thread is None else PlaceKind.THREAD


def _profile_name(message: SlackMessage) -> str:
    profile = message.user_profile
    return "" if profile is None else profile.display_name or profile.real_name


def _text(message: SlackMessage, workspace: Workspace, names: Mapping[str, str]) -> str:
    text = to_markdown(message.text or "", bot_user=workspace.bot_user, names=names)
    files = message.files or ()
    # Files are not read: the model is told so, or it would pretend to have seen them.
    notes = [f"[attached file, not read: {file.name or file.title or 'unnamed'}]" for file in files[:_NAMED_FILES]]
    if len(files) > _NAMED_FILES:
        notes.append(f"[and {len(files) - _NAMED_FILES} more files, not read]")
    return "\n".join(part for part in (text, *notes) if part)
