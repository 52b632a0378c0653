"""Which conversation a press, a reaction or a form means."""

from collections.abc import Callable
from typing import Final

from threadkeep.chat.events import Place
from threadkeep_slack.inbound.events import is_threaded, place_in

BeginsThread = Callable[[str], bool]
"""Tells whether the direct message of a timestamp begins a thread, as it does in the agent view."""


class ControlPlaces:
    """Gives the conversation of a message that somebody did something with.

    Args:
        begins_thread: Tells of direct messages whether they begin threads.
    """

    def __init__(self, begins_thread: BeginsThread) -> None:
        self._begins_thread: Final = begins_thread

    def has_threads(self, kind: str, ts: str) -> bool:
        """Tell whether each message at the top of a conversation begins a thread.

        Args:
            kind: The kind of the conversation.
            ts: The time in question.
        """
        return is_threaded(kind, is_agent_view=kind == "im" and self._begins_thread(ts))

    def of(self, channel: str, ts: str, thread: str | None, kind: str, *, team: str) -> Place:
        """Give the place.

        Args:
            channel: Where the message stands.
            ts: The message.
            thread: The thread in which it stands; None for a message at the top.
            kind: The kind of the conversation.
            team: The workspace under which it is kept.
        """
        if thread is None and self.has_threads(kind, ts):
            thread = ts
        return place_in(channel, thread, kind, team=team, reply_to=ts)
