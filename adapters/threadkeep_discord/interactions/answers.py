"""The first answer to an interaction, which Discord awaits within three seconds."""

from dataclasses import dataclass
from typing import Any, Final

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event, FeedbackGiven, MessageReceived, StopRequested
from threadkeep_discord.interactions.calls import DEFERRED_MESSAGE, DEFERRED_UPDATE, EPHEMERAL, MESSAGE
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.interactions.payloads import Interaction, Kind
from threadkeep_discord.limits import MESSAGE_LENGTH
from threadkeep_discord.text import shortened

STOPPING: Final = "Stopping."
NOTHING: Final = "Nothing is being answered here."
FULL: Final = "Too much is waiting here already. Please try again later."
THANKS: Final = "Thank you."
UNUSED: Final = "This has no meaning any more."
REFUSED: Final = "I may not do that for you here."

_PING_NOBODY: Final = {"parse": list[str](), "replied_user": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A first answer.

    Attributes:
        kind: Of which kind.
        data: What it says.
    """

    kind: int
    data: dict[str, Any] | None = None


def answer_to(interaction: Interaction, event: Event, acceptance: Acceptance) -> Answer:
    """Give the first answer to what the store has taken."""
    if acceptance is Acceptance.FULL:
        return whispered(FULL)
    match event:
        case StopRequested() if acceptance is Acceptance.IGNORED:
            return whispered(NOTHING)
        case StopRequested() if interaction.kind is Kind.COMMAND:
            return whispered(STOPPING)
        case FeedbackGiven():
            return whispered(THANKS)
        case MessageReceived():
            return _taken(event)
        case _:
            return Answer(kind=DEFERRED_UPDATE)


def whispered(text: str) -> Answer:
    """Give an answer that only the person sees."""
    return Answer(kind=MESSAGE, data=whisper_body(text))


def whisper_body(text: str) -> dict[str, Any]:
    """Give a message that only the person sees, and that pings nobody."""
    return {"content": shortened(text, MESSAGE_LENGTH), "flags": EPHEMERAL, "allowed_mentions": _PING_NOBODY}


def _taken(event: MessageReceived) -> Answer:
    asked = Asked.parse(event.place.reply_to)
    if asked is not None and not asked.is_deferred:
        # Others see that somebody asked, but not what: it is shown for them.
        quote = "\n".join(f"> {line}" for line in event.text.splitlines())
        return Answer(
            kind=MESSAGE, data={"content": shortened(quote, MESSAGE_LENGTH), "allowed_mentions": _PING_NOBODY}
        )
    return Answer(kind=DEFERRED_MESSAGE, data={"flags": EPHEMERAL} if event.is_private else None)
