"""Where everything is in Redis: the only place that builds its keys."""

import re
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from threadkeep.errors import ConfigError

# A brace would move the hash tag, and a colon could make a key of one prefix look like a key of another.
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def platform_of(session_id: str) -> str:
    """Give the platform of a session: the first part of its id."""
    return session_id.partition(":")[0]


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

    @property
    def control_channel(self) -> str:
        """Where it is published what a worker must hear at once."""
        return f"{self.prefix}:control"

    @property
    def vault(self) -> str:
        """Where sealed values are."""
        return f"{self.prefix}:vault"

    @property
    def links(self) -> str:
        """Where it is kept which accounts are one person's."""
        return f"{self.prefix}:links"

    def partition_of(self, session_id: str) -> int:
        """Give the number of a session's partition; the same in every process and version."""
        return crc32(session_id.encode()) % self.partitions

    def session_base(self, partition: int) -> str:
        """Give what the keys of all sessions of a partition begin with."""
        return f"{self.prefix}:{{{partition}}}:s:"

    def session(self, session_id: str) -> tuple[str, ...]:
        """Give a session's keys: meta, inbox, run, runs, amended; the order that the scripts expect."""
        name = f"{self.session_base(self.partition_of(session_id))}{session_id}"
        return (f"{name}:meta", f"{name}:inbox", f"{name}:run", f"{name}:runs", f"{name}:amended")

    def charges(self, session_id: str) -> str:
        """Give what was spent for a session in the background."""
        return f"{self.session_base(self.partition_of(session_id))}{session_id}:charges"

    def schedule(self, partition: int) -> tuple[str, str]:
        """Give what a partition's ready streams and sets of delayed sessions begin with; the platform follows."""
        return (f"{self.prefix}:{{{partition}}}:ready", f"{self.prefix}:{{{partition}}}:later")

    def scheduled(self, session_id: str) -> tuple[str, ...]:
        """Give a session's keys, and where it is scheduled; the order that the scripts expect."""
        return (*self.session(session_id), *self.schedule_of(session_id))

    def schedule_of(self, session_id: str) -> tuple[str, str]:
        """Give the ready stream and the set of delayed sessions of a session's platform."""
        ready, later = self.schedule(self.partition_of(session_id))
        platform = platform_of(session_id)
        return (f"{ready}:{platform}", f"{later}:{platform}")

    def platforms(self, partition: int) -> str:
        """Give the platforms of which there were sessions."""
        return f"{self.prefix}:{{{partition}}}:platforms"

    def fence(self, partition: int) -> str:
        """Give the counter from which fences are taken."""
        return f"{self.prefix}:{{{partition}}}:fence"

    def seen(self, partition: int, message: str) -> str:
        """Give the mark of a message of a session of that partition."""
        return f"{self.prefix}:{{{partition}}}:seen:{message}"

    def places(self, partition: int, platform: str) -> str:
        """Give the sessions of a platform by the time of their last message."""
        return f"{self.prefix}:{{{partition}}}:places:{platform}"

    def workspaces(self, partition: int, platform: str) -> str:
        """Give the workspaces of a platform."""
        return f"{self.prefix}:{{{partition}}}:workspaces:{platform}"

    def letters(self, partition: int) -> tuple[str, str]:
        """Give a partition's dead letters: their ids by time, and what they hold."""
        return (f"{self.prefix}:{{{partition}}}:dead", f"{self.prefix}:{{{partition}}}:letters")

    def user_sessions(self, user_id: str) -> str:
        """Give the index of the sessions in which a user was answered."""
        return f"{self.prefix}:u:{{{user_id}}}:sessions"

    def user_memories(self, user_id: str) -> str:
        """Give what is remembered of a user."""
        return f"{self.prefix}:u:{{{user_id}}}:memories"

    def note(self, name: str) -> str:
        """Give a note that the processes of a bot share."""
        return f"{self.prefix}:note:{{{name}}}"

    def spent(self, name: str) -> str:
        """Give when units of a shared budget were taken."""
        return f"{self.prefix}:spent:{{{name}}}"

    def slots(self, name: str) -> str:
        """Give the owners of numbered slots."""
        return f"{self.prefix}:slots:{{{name}}}"
