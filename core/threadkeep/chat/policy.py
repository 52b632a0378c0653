"""Which of the waiting messages become one run."""

from collections.abc import Sequence

from threadkeep.chat.events import Addressing, MessageReceived


def collect(events: Sequence[MessageReceived]) -> int:
    """Return how many of the waiting events the next run takes, from the oldest on.

    What one speaker said becomes one run, with the talk of others in between as context; another speaker's words to
    the bot are a run of their own, answered to them. Talk after the last question waits for the next run. Returns 0 if
    nothing is to be answered.
    """
    taken = 0
    asker = None
    for number, event in enumerate(events, start=1):
        if event.addressing is Addressing.OTHERS:
            continue
        if asker is not None and event.user != asker:
            break
        asker = event.user
        taken = number
    return taken
