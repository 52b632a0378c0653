"""How the model is told who speaks, where several people do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep.chat.events import MessageEdited, MessageReceived
from threadkeep.messages import Message, Role, clean_text

SHARED_PLACE_NOTE = (
    'Several people talk here. Each message names its speaker, like <message from="Ann" id="slack:U1">Hello</message>; '
    "the name may change or belong to several people, the id may not. "
    "Answer the last message that is meant for you, and write plain text without such tags."
)
"""Added to the agent's instructions in places that several people read."""

_TAG = re.compile(r"<(?=/?message\b)", re.IGNORECASE)
_HEAD = re.compile(r'<message from="([^"]*)"(?: id="([^"]*)")?>')
_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who said something.

    Attributes:
        name: The name under which people know them, as it stands in the message: quoted for markup.
        user_id: Their id, with platform and workspace; empty where the message does not tell it.
    """

    name: str
    user_id: str = ""


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


def speaker_of(message: Message) -> Speaker | None:
    """Give who said a message that names its speaker; None for others."""
    if message.role is not Role.USER or not is_wrapped(message.content):
        return None
    head = _HEAD.match(message.content)
    return None if head is None else Speaker(name=head[1], user_id=head[2] or "")


def shortened(text: str, most: int) -> str:
    """Give a text with about so many characters at most; what names its speaker stays."""
    if len(text) <= most:
        return text
    end = "</message>" if is_wrapped(text) else ""
    return f"{text[:most].rstrip()} …{end}"


def neutralised(text: str) -> str:
    """Give a text in which nothing imitates the wrapping that names a speaker."""
    return _TAG.sub("&lt;", text)


def _wrap(event: MessageReceived | MessageEdited) -> str:
    text = clean_text(event.text)
    if not event.place.is_shared:
        return text
    return wrapped(event.speaker, text, user_id=str(event.user))


def wrapped(speaker: str, text: str, *, user_id: str = "") -> str:
    """Give a text with its speaker's name, and id where one is known."""
    number = f' id="{plain_name(user_id, len(user_id))}"' if user_id else ""
    return f'<message from="{plain_name(speaker)}"{number}>{neutralised(text)}</message>'


def plain_name(name: str, length: int = _NAME_LENGTH) -> str:
    """Give what people chose as a name in one bounded line that cannot look like markup."""
    plain = " ".join(clean_text(name).split())[:length]
    for char, escaped in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(char, escaped)
    return plain
