"""What becomes of presses: those of questions go to the run that asks, the others are said to the agent."""

from threadkeep.chat.adapter import Acceptance, Adapter, Sink
from threadkeep.chat.elements import ANSWER
from threadkeep.chat.events import ActionPressed, Event, MessageReceived
from threadkeep.runtime.people import OVER, whisper


def hear_presses(sink: Sink, adapter: Adapter) -> Sink:
    """Give a sink that takes presses too.

    Args:
        sink: Takes every event.
        adapter: The platform from which they come.
    """

    async def accept(event: Event) -> Acceptance:
        if not isinstance(event, ActionPressed):
            return await sink(event)
        if not event.action.startswith(ANSWER):
            return await sink(as_message(event))
        acceptance = await sink(event)
        if acceptance is Acceptance.IGNORED:
            await whisper(adapter, event, OVER)
        return acceptance

    return accept


def as_message(event: ActionPressed) -> MessageReceived:
    """Give a press as what it says to the agent: its value or label, and what was filled in."""
    lines = [event.value or event.label or event.action, *(f"{name}: {text}" for name, text in event.fields.items())]
    return MessageReceived(
        key=event.key, place=event.place, user=event.user, speaker=event.speaker, text="\n".join(lines)
    )
