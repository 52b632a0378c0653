"""Every subtype of ``message``, and what becomes of it.

https://docs.slack.dev/reference/events/message/#subtypes lists them. Those with ``group_`` in their names are what
Slack sent of private channels before it treated all conversations alike.
"""

from enum import Enum
from typing import Final


class Treatment(Enum):
    """What becomes of a message of a subtype."""

    SAID = "said"
    """Somebody said it: answered, or kept for the next answer."""
    SAID_BY_BOT = "said by a bot"
    """A bot said it: as before if the bot is allowed, else ignored."""
    CHANGE = "change"
    """An earlier message was edited or taken away."""
    IGNORED = "ignored"
    """Nothing for the bot."""


_NOTICE: Final = "Slack's own notice of what happened to the channel"
_MEMBERS: Final = "Slack's own notice of who came or went"

SUBTYPES: Final[dict[str, tuple[Treatment, str]]] = {
    "thread_broadcast": (Treatment.SAID, "a reply that is shown in the channel too; it stands in its thread"),
    "file_share": (Treatment.SAID, "a message with files"),
    "me_message": (Treatment.SAID, "what /me writes"),
    "bot_message": (Treatment.SAID_BY_BOT, "posted by an app or a webhook under a name of its own"),
    "message_changed": (Treatment.CHANGE, "an edit, a preview that Slack added, or what remains of a deleted message"),
    "message_deleted": (Treatment.CHANGE, "a message was taken away"),
    "assistant_app_thread": (Treatment.IGNORED, "the title of a thread in the former assistant view"),
    "bot_add": (Treatment.IGNORED, _MEMBERS),
    "bot_remove": (Treatment.IGNORED, _MEMBERS),
    "channel_archive": (Treatment.IGNORED, _NOTICE),
    "channel_canvas_updated": (Treatment.IGNORED, _NOTICE),
    "channel_convert_to_private": (Treatment.IGNORED, _NOTICE),
    "channel_convert_to_public": (Treatment.IGNORED, _NOTICE),
    "channel_join": (Treatment.IGNORED, _MEMBERS),
    "channel_leave": (Treatment.IGNORED, _MEMBERS),
    "channel_name": (Treatment.IGNORED, _NOTICE),
    "channel_posting_permissions": (Treatment.IGNORED, _NOTICE),
    "channel_purpose": (Treatment.IGNORED, _NOTICE),
    "channel_topic": (Treatment.IGNORED, _NOTICE),
    "channel_unarchive": (Treatment.IGNORED, _NOTICE),
    "document_mention": (Treatment.IGNORED, "a mention inside a canvas: there is no thread to answer in"),
    "ekm_access_denied": (Treatment.IGNORED, "the organisation withholds the text"),
    "file_comment": (Treatment.IGNORED, "a comment on a file, which Slack has replaced by threads"),
    "file_mention": (Treatment.IGNORED, "somebody named a file; what they said comes as a message of its own"),
    "group_archive": (Treatment.IGNORED, _NOTICE),
    "group_join": (Treatment.IGNORED, _MEMBERS),
    "group_leave": (Treatment.IGNORED, _MEMBERS),
    "group_name": (Treatment.IGNORED, _NOTICE),
    "group_purpose": (Treatment.IGNORED, _NOTICE),
    "group_topic": (Treatment.IGNORED, _NOTICE),
    "group_unarchive": (Treatment.IGNORED, _NOTICE),
    "huddle_thread": (Treatment.IGNORED, "Slack's own notice of a huddle; what is written in its thread is heard"),
    "message_replied": (Treatment.IGNORED, "the root of a thread has a further reply, which comes by itself"),
    "pinned_item": (Treatment.IGNORED, _NOTICE),
    "reminder_add": (Treatment.IGNORED, "Slack's own notice of a reminder"),
    "reply_broadcast": (Treatment.IGNORED, "the former double of thread_broadcast"),
    "sh_room_created": (Treatment.IGNORED, "Slack's own notice of a call"),
    "slackbot_response": (Treatment.IGNORED, "an automatic answer of Slack's"),
    "tombstone": (Treatment.IGNORED, "what remains of a deleted message; the change that made it is heard"),
    "unpinned_item": (Treatment.IGNORED, _NOTICE),
}
"""What becomes of each subtype, and why. A message without a subtype is ``SAID``; an unknown one is ignored."""


def treatment_of(subtype: str | None) -> Treatment:
    """Tell what becomes of a message."""
    if subtype is None:
        return Treatment.SAID
    found = SUBTYPES.get(subtype)
    return Treatment.IGNORED if found is None else found[0]
