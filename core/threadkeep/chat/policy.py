"""What becomes of messages that arrive while the bot is answering, and which of the waiting ones become one run."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind, StopRequested
from threadkeep.sessions import Session


class Policy(StrEnum):
    """What becomes of messages that arrive during a run."""

    COLLECT = "collect"
    """They wait; what one speaker said becomes one run, another speaker's words a run of their own."""
    QUEUE = "queue"
    """They wait; each becomes a run of its own."""
    STEER = "steer"
    """They are shown to the model at its next step; what comes after its last step waits."""
    INTERRUPT = "interrupt"
    """They stop the run; the next one answers them, and knows what was asked before."""
    DROP = "drop"
    """They are not answered, which the reply says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy of a bot, and of single places where it differs.

    Attributes:
        default: Where nothing else is said.
        by_place: For a kind of place, or for a session id; the session id wins.
    """

    default: Policy = Policy.COLLECT
    by_place: Mapping[PlaceKind | str, Policy] = field(default_factory=dict)

    def of(self, place: Place) -> Policy:
        """Return the policy of a place."""
        return self.by_place.get(str(place.session)) or self.by_place.get(place.kind) or self.default


def take(events: Sequence[MessageReceived], policy: Policy) -> int:
    """Return how many of the waiting events the next run takes, from the oldest on; 0 if nothing is to be answered.

    The talk of others before a question goes with it; talk after the last question waits for the next run. A command is
    taken alone.
    """
    taken = 0
    asker = None
    for number, event in enumerate(events, start=1):
        if event.addressing is Addressing.OTHERS:
            continue
        if asker is not None and (event.user != asker or policy is Policy.QUEUE or event.command is not None):
            break
        asker = event.user
        taken = number
        if event.command is not None:
            break
    return taken


def count_asked(events: Sequence[MessageReceived]) -> int:
    """Return how many of the events are to be answered."""
    return sum(event.addressing is not Addressing.OTHERS for event in events)


def before_command(events: Sequence[MessageReceived]) -> int:
    """Return how many of the events come before the first command."""
    return next((number for number, event in enumerate(events) if event.command is not None), len(events))


def may_stop(stop: StopRequested, session: Session, admins: Collection[str] = ()) -> bool:
    """Tell whether somebody may stop the answer that is being written in a conversation.

    In a direct message that is whose it is. In a place that others share it is everybody who has spoken in the
    conversation, and so the asker, and an administrator.

    Args:
        stop: Who wants it to stop, and where.
        session: The conversation.
        admins: The ids of users who may stop every answer.
    """
    user_id = str(stop.user)
    return not stop.place.is_shared or user_id in session.user_ids or user_id in admins
