"""What became of a message: edited by its author, or taken away.

Pure functions from Slack's payloads to the core's events.
"""

from collections.abc import Mapping
from dataclasses import replace

from threadkeep.chat.events import Addressing, MessageDeleted, MessageEdited
from threadkeep_slack.home.answering import addressed_in
from threadkeep_slack.home.notes import AnswerWhen
from threadkeep_slack.inbound.bots import Hearing
from threadkeep_slack.inbound.events import addressing_of, key_of, place_of, to_event
from threadkeep_slack.inbound.payloads import SlackChange, SlackMessage
from threadkeep_slack.inbound.shared import shared_messages
from threadkeep_slack.workspace import Workspace


def deleted_message(change: SlackChange) -> SlackMessage | None:
    """Give the message that is gone, as it was; None if the change is no deletion.

    A deleted message that has replies is not deleted at Slack: it changes into a tombstone.
    """
    before, after = change.previous_message, change.message
    if change.subtype == "message_deleted":
        return before or _without_a_trace(change)
    return before if after is not None and after.is_tombstone else None


def edited_message(change: SlackChange) -> SlackMessage | None:
    """Give the message as it reads now; None if it says what it said.

    Slack also tells of its own changes, such as previews of links and counts of replies. Where it added the message to
    which a link leads, the message says more than before.
    """
    before, after = change.previous_message, change.message
    if change.subtype != "message_changed" or after is None:
        return None
    if before is None:
        return after if after.edited is not None else None
    return None if _says_same(before, after) else after


def concerns_bot(
    change: SlackChange,
    subject: SlackMessage,
    kind: str,
    *,
    workspace: Workspace,
    hearing: Hearing,
    when: AnswerWhen = AnswerWhen.FOLLOWED,
) -> bool:
    """Tell whether a message changed that was for the bot, or is now.

    Args:
        change: The edit or deletion.
        subject: The message, as it is after an edit or was before the deletion.
        kind: The kind of its conversation.
        workspace: The bot's installation.
        hearing: Whose words count.
        when: When the bot answers there.
    """
    if subject.user is None and change.subtype == "message_deleted" and change.previous_message is None:
        return True  # Slack did not say whose it was; nothing is kept of a message that the bot does not know.
    if not hearing.is_heard(subject, workspace):
        return False
    versions = (subject, change.previous_message)
    return any(
        version is not None and addressed_in(addressing_of(version, kind, workspace), version, kind, when)
        for version in versions
    )


def to_deletion(subject: SlackMessage, *, kind: str, team: str, is_agent_view: bool) -> MessageDeleted:
    """Put a deletion into the core's vocabulary.

    Args:
        subject: The message as it was.
        kind: The kind of its conversation.
        team: The workspace under which it is kept.
        is_agent_view: Whether direct messages are threads.
    """
    place = place_of(subject, kind, team=team, is_agent_view=is_agent_view)
    return MessageDeleted(key=key_of(subject, team, revision="deleted"), place=place)


def to_edit(
    change: SlackChange,
    subject: SlackMessage,
    *,
    kind: str,
    team: str,
    workspace: Workspace,
    names: Mapping[str, str],
    is_agent_view: bool,
) -> MessageEdited:
    """Put an edit into the core's vocabulary.

    Args:
        change: The change, which gives the edit its identity where the message does not.
        subject: The message as it reads now.
        kind: The kind of its conversation.
        team: The workspace under which it is kept.
        workspace: The bot's installation.
        names: Names of people by id, as far as known.
        is_agent_view: Whether direct messages are threads.
    """
    place = place_of(subject, kind, team=team, is_agent_view=is_agent_view)
    said = to_event(subject, place=place, addressing=Addressing.OTHERS, workspace=workspace, names=names)
    before = change.previous_message
    is_by_author = subject.edited is not None and (before is None or before.edited != subject.edited)
    edited_at = subject.edited.ts if is_by_author and subject.edited is not None else change.ts
    key = replace(said.key, revision=f"edited:{edited_at}")
    return MessageEdited(key=key, place=place, user=said.user, speaker=said.speaker, text=said.text)


def _says_same(before: SlackMessage, after: SlackMessage) -> bool:
    if before.text != after.text:
        return False
    return before.attachments == after.attachments or (
        shared_messages(before.attachments) == shared_messages(after.attachments)
    )


def _without_a_trace(change: SlackChange) -> SlackMessage | None:
    if change.deleted_ts is None:
        return None
    return SlackMessage(
        type="message", channel=change.channel, channel_type=change.channel_type, ts=change.deleted_ts, user=None
    )
