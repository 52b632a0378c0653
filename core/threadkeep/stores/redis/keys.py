"""Where everything is in Redis: the only place that builds its keys."""

import re
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from threadkeep.errors import ConfigError

# A brace would move the hash tag, and a colon could make a key of one prefix look like a key of another.
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisKeys:
    """The layout of the keys under one prefix.

    A session's keys, its ready stream and the marks of its messages carry the number of its partition as hash tag, so
    that one script may change them all.

    Attributes:
        prefix: What all keys begin with.
        partitions: Over how many hash tags the sessions are spread.
    """

    prefix: str
    partitions: int

    def __post_init__(self) -> None:
        """Refuse a prefix that could make two keys the same.

        Raises:
            ConfigError: The prefix or the number of partitions cannot be used.
        """
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigError(f"the Redis prefix must be 1 to 64 letters, digits, '_', '-' or '.', got {self.prefix!r}")
        if not 1 <= self.partitions <= 16384:
            raise ConfigError(f"the number of Redis partitions must be 1 to 16384, got {self.partitions}")

    @property
    def wake_channel(self) -> str:
        """Where it is published that a session became ready."""
        return f"{self.prefix}:wake"

    def partition_of(self, session_id: str) -> int:
        """Give the number of a session's partition; the same in every process and version."""
        return crc32(session_id.encode()) % self.partitions

    def session_base(self, partition: int) -> str:
        """Give what the keys of all sessions of a partition begin with."""
        return f"{self.prefix}:{{{partition}}}:s:"

    def session(self, session_id: str) -> tuple[str, str, str, str]:
        """Give a session's four keys: meta, inbox, run, runs; the order that the scripts expect."""
        name = f"{self.session_base(self.partition_of(session_id))}{session_id}"
        return (f"{name}:meta", f"{name}:inbox", f"{name}:run", f"{name}:runs")

    def schedule(self, partition: int) -> tuple[str, str]:
        """Give a partition's ready stream and its set of delayed sessions."""
        return (f"{self.prefix}:{{{partition}}}:ready", f"{self.prefix}:{{{partition}}}:later")

    def scheduled(self, session_id: str) -> tuple[str, ...]:
        """Give a session's keys, and where it is scheduled; the order that the scripts expect."""
        return (*self.session(session_id), *self.schedule(self.partition_of(session_id)))

    def fence(self, partition: int) -> str:
        """Give the counter from which fences are taken."""
        return f"{self.prefix}:{{{partition}}}:fence"

    def seen(self, session_id: str, message: str) -> str:
        """Give the mark of a message of a session."""
        return f"{self.prefix}:{{{self.partition_of(session_id)}}}:seen:{message}"

    def user_sessions(self, user_id: str) -> str:
        """Give the index of the sessions in which a user was answered."""
        return f"{self.prefix}:u:{{{user_id}}}:sessions"

    def user_memories(self, user_id: str) -> str:
        """Give what is remembered of a user."""
        return f"{self.prefix}:u:{{{user_id}}}:memories"
