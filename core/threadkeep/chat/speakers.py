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
    attachments = event.attachments if isinstance(event, MessageReceived) else ()
    return Message(role=Role.USER, content=_wrap(event), source=str(event.key.original), attachments=tuple(attachments))


def is_wrapped(text: str) -> bool:
    """Tell whether a message for the model names its speaker."""
    return text.startswith('<message from="') and text.endswith("</message>")


def speaker_in(text: str) -> str:
    """Give what names the speaker of a message for the model; empty where it names none."""
    return text.partition(">")[0] if is_wrapped(text) else ""


def neutralised(text: str) -> str:
    """Give a text in which nothing imitates the wrapping that names a speaker."""
    return _TAG.sub("&lt;", text)


def _wrap(event: MessageReceived | MessageEdited) -> str:
    text = clean_text(event.text)
    if not event.place.is_shared:
        return text
    return wrapped(event.speaker, text)


def wrapped(speaker: str, text: str) -> str:
    """Give a text with its speaker's name."""
    return f'<message from="{plain_name(speaker)}">{neutralised(text)}</message>'


def plain_name(name: str, length: int = _NAME_LENGTH) -> str:
    """Give what people chose as a name in one bounded line that cannot look like markup."""
    plain = " ".join(clean_text(name).split())[:length]
    for char, escaped in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(char, escaped)
    return plain
