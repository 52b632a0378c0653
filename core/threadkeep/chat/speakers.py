"""How the model is told who speaks, where several people do."""

import re
from collections.abc import Sequence

from threadkeep.chat.events import MessageEdited, MessageReceived
from threadkeep.messages import Message, Role, clean_text

SHARED_PLACE_NOTE = (
    'Several people talk here. Each message names its speaker, like <message from="Ann">Hello</message>. '
    "Answer the last message that is meant for you, and write plain text without such tags."
)
"""Added to the agent's instructions in places that several people read."""

_TAG = re.compile(r"<(?=/?message\b)", re.IGNORECASE)
_NAME_LENGTH = 80


def to_messages(events: Sequence[MessageReceived]) -> tuple[Message, ...]:
    """Turn what people said into messages for the model.

    In a direct message the text stands alone. In a shared place it is wrapped with the speaker's name, and a text that
    imitates the wrapping is neutralised, so that nobody can speak under another's name.
    """
    return tuple(to_message(event) for event in events)


def to_message(event: MessageReceived | MessageEdited) -> Message:
    """Turn what a person said, or says after an edit, into a message for the model."""
    return Message(role=Role.USER, content=_wrap(event), source=str(event.key.original))


def _wrap(event: MessageReceived | MessageEdited) -> str:
    text = clean_text(event.text)
    if not event.place.is_shared:
        return text
    name = " ".join(clean_text(event.speaker).split())[:_NAME_LENGTH]
    for char, escaped in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        name = name.replace(char, escaped)
    return f'<message from="{name}">{_TAG.sub("&lt;", text)}</message>'
