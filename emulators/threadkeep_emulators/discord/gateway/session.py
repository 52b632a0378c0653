"""A gateway session: what a client asked for, and the events it was sent, kept for a resume."""

import asyncio
import itertools
import json
from collections import deque
from dataclasses import dataclass, field

from threadkeep_emulators.discord.flags import Intent
from threadkeep_emulators.discord.model import Payload
from threadkeep_emulators.faults import Fault

from .events import Event

BACKLOG = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Be one dispatch with its sequence number."""

    sequence: int
    name: str
    payload: Payload

    @property
    def text(self) -> str:
        """Give the frame as it is sent."""
        body = {"op": 0, "t": self.name, "s": self.sequence, "d": self.payload}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True, kw_only=True)
class Session:
    """Hold what one identified client gets, whether it is connected at the moment or not."""

    id: str
    intents: Intent
    shard: tuple[int, int] = (0, 1)
    sequence: int = 0
    backlog: deque[Frame] = field(default_factory=lambda: deque(maxlen=BACKLOG))
    faults: dict[int, Fault] = field(default_factory=dict)
    detached_at: float | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, event: Event) -> bool:
        """Say whether an event is for this session: by its intents and its shard."""
        return not event.intent & ~self.intents and self.is_home_of(event)

    def is_home_of(self, event: Event) -> bool:
        """Say whether what happens is for this session's shard."""
        shard_id, shards = self.shard
        home = 0 if event.guild_id is None else (event.guild_id >> 22) % shards
        return home == shard_id

    def deliver(self, name: str, payload: Payload, fault: Fault | None = None) -> None:
        """Put a dispatch behind those that were sent before; the connection takes it from there.

        A fault befalls it once: the replay after a resume is spared.
        """
        self.sequence += 1
        self.backlog.append(Frame(sequence=self.sequence, name=name, payload=payload))
        if fault is not None:
            self.faults[self.sequence] = fault
        self.news.set()
        self.news = asyncio.Event()

    def after(self, sequence: int) -> list[Frame]:
        """Give the dispatches that a client with this last sequence number has not got."""
        if not self.backlog:
            return []
        skipped = max(0, sequence + 1 - self.backlog[0].sequence)
        return list(itertools.islice(self.backlog, skipped, None))

    def reaches_back_to(self, sequence: int) -> bool:
        """Say whether everything after a sequence number is still there to be replayed."""
        return sequence >= self.sequence or self.backlog[0].sequence <= sequence + 1
