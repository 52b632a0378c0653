"""How a bot answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from threadkeep.chat.commands import Command, command_table
from threadkeep.chat.policy import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSettings:
    """How a bot answers.

    Attributes:
        is_streamed: Whether the reply is shown while it is written.
        policies: What becomes of messages that arrive meanwhile.
        max_attempts: After so many attempts that ended with their process or at the platform, a run is given up.
        retry_seconds: The delay before the second attempt; it doubles with each further one.
        longest_retry_seconds: The longest delay.
        late_seconds: An answer to a message older than this says how old it is.
        commands: The commands that people may give, by name.
        description: What the bot says of itself in its list of commands.
        context_messages: How many messages are read that were said before the bot was called into a place.
        has_stop_button: Whether a button to stop stands under a reply while it is written.
    """

    is_streamed: bool = True
    policies: Policies = field(default_factory=Policies)
    max_attempts: int = 5
    retry_seconds: float = 2.0
    longest_retry_seconds: float = 120.0
    late_seconds: float = 1800.0
    commands: Mapping[str, Command] = field(default_factory=command_table)
    description: str = ""
    context_messages: int = 30
    has_stop_button: bool = True

    def delay(self, attempt: int) -> float:
        """Return how long to wait after an attempt, counted from 1, before the next."""
        return min(self.retry_seconds * 2.0 ** min(attempt - 1, 20), self.longest_retry_seconds)
