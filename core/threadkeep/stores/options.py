"""What both stores let a program choose, and the bounds that it does not choose."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from threadkeep.errors import ConfigError

SEEN_SECONDS = 26 * 3600
"""How long a message's identity is remembered. Slack's delayed redelivery goes on for 24 hours after the first try."""
MAX_SPEAKERS = 100
"""How many people a session names; its metadata is read by every claim."""
MAX_INDEXED_SESSIONS = 1000
"""How many sessions the index of a user names: the latest ones."""
MAX_MEMOS = 1000
"""How many things are remembered of a user; the oldest is forgotten for one more."""
MAX_LINKED = 10
"""How many accounts one person may have."""
MAX_AMENDMENTS = 500
"""How many edits and deletions of answered messages are kept of one session: the latest ones."""
MAX_PRESSES = 1000
"""How many presses of one run may wait to be dealt with; more are refused."""
MAX_FEEDBACK = 500
"""How many opinions of one session are kept: the latest ones."""
MAX_PLACES = 10_000
"""How many places of a platform are known, and how many workspaces: the latest ones."""
MAX_LETTERS = 10_000
"""How many dead letters are kept: the latest ones."""
MAX_SIGNALS = 1000
"""How many signals wait for one listener; above that the oldest are dropped."""


class StoreSettings(TypedDict, total=False):
    """The keyword arguments that every store takes; see ``StoreOptions``."""

    retention: timedelta
    max_runs: int
    lease_seconds: float
    max_waiting: int
    max_context: int
    max_claimed_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How much a store keeps, and for how long.

    Attributes:
        retention: How long a session is kept after it was last used.
        max_runs: How many finished runs of a session are kept: the latest ones. SQLite may keep a tenth more.
        lease_seconds: After what time without renewal another worker may take a session over.
        max_waiting: How many messages to be answered may wait in one session; more are refused.
        max_context: How many messages that are not answered are kept in one session until its next run.
        max_claimed_events: How many waiting events one claim brings. Greater than ``max_context``, so that there is
            always one to be answered among them.
    """

    retention: timedelta = timedelta(days=90)
    max_runs: int = 1000
    lease_seconds: float = 4.0
    max_waiting: int = 1000
    max_context: int = 50
    max_claimed_events: int = 100

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigError: A number is out of range.
        """
        for name in ("max_runs", "max_waiting", "max_claimed_events"):
            if getattr(self, name) < 1:
                raise ConfigError(f"the store's {name} must be at least 1, got {getattr(self, name)}")
        if self.max_context < 0:
            raise ConfigError(f"the store's max_context must not be negative, got {self.max_context}")
        if self.max_claimed_events <= self.max_context:
            raise ConfigError(
                f"the store's max_claimed_events ({self.max_claimed_events}) must be greater than its max_context "
                f"({self.max_context}): a claim must bring at least one message to be answered"
            )
        if self.lease_seconds < 0.01 or self.retention < timedelta(seconds=1):
            raise ConfigError("the store's lease_seconds must be at least 0.01 and its retention at least one second")
