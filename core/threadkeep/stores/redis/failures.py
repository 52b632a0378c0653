"""The errors of redis-py and of the server, in threadkeep's words."""

from typing import Final

from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from threadkeep.errors import StoreConfigError, StoreError, StoreUnavailableError

FAILURES: Final = (RedisError, OSError, RuntimeError)
"""What a call over a connection may raise. uvloop raises RuntimeError when it writes to a closed transport, and
redis-py's TimeoutError is no ConnectionError. The built-in TimeoutError is an OSError."""

# The server is there, but cannot take writes now; inside a script these words stand in the middle of the text.
_PASSING: Final = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
)
# redis-py takes the first word off the text of these.
_PASSING_KINDS: Final = (AskError, ClusterDownError, OutOfMemoryError, ReadOnlyError, TryAgainError)


def connection_error(error: Exception, place: str) -> StoreError:
    """Say that a connection failed.

    Args:
        error: What was raised.
        place: The server's address without secrets.
    """
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        return StoreConfigError(f"Redis at {place} refuses the user name or the password: check them in the Redis URL")
    if isinstance(error, ResponseError):
        return reply_error(error, place)
    reason = str(error) or type(error).__name__
    return StoreUnavailableError(
        f"Redis at {place} cannot be reached ({reason}): start the server, or give the URL of one that runs"
    )


def tells_demotion(error: Exception) -> bool:
    """Tell whether a server says that it is a replica now; inside a script that stands in the middle of the text."""
    return isinstance(error, ReadOnlyError) or "READONLY" in str(error)


def reply_error(error: Exception, place: str) -> StoreError:
    """Say that the server refused a command.

    Args:
        error: The server's answer.
        place: The server's address without secrets.
    """
    text = str(error)
    if isinstance(error, _PASSING_KINDS) or any(word in text for word in _PASSING):
        return StoreUnavailableError(f"Redis at {place} takes no writes now: {text}")
    if "unknown command" in text.lower() and "HELLO" in text:
        return StoreConfigError(f"Redis at {place} is older than 6.2: update the server")
    return StoreError(f"Redis at {place} refused a command: {text}")
