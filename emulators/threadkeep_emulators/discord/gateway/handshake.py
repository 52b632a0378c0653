"""What the gateway checks before it lets a client in.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
"""

from collections.abc import Mapping

from threadkeep_emulators.discord.flags import ALL_INTENTS, PRIVILEGED_INTENTS, Intent
from threadkeep_emulators.discord.model import Payload

_VERSIONS = frozenset({"9", "10"})


class CloseError(Exception):
    """Close the connection with a code that says what the client did wrong."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


def check_address(query: Mapping[str, str]) -> None:
    """Refuse an API version or encoding that the gateway does not speak.

    Raises:
        CloseError: 4012.
    """
    if query.get("v", "10") not in _VERSIONS or query.get("encoding", "json") != "json":
        raise CloseError(4012, "Invalid API version.")


def check_token(data: Payload, token: str) -> None:
    """Refuse a wrong token; a payload with none cannot be decoded.

    Raises:
        CloseError: 4002 or 4004.
    """
    given = data.get("token")
    if not isinstance(given, str):
        raise CloseError(4002, "Error while decoding payload.")
    if given.removeprefix("Bot ") != token:
        raise CloseError(4004, "Authentication failed.")


def read_intents(data: Payload, enabled: Intent) -> Intent:
    """Read the intents of an IDENTIFY.

    Raises:
        CloseError: 4002, 4013 or 4014.
    """
    value = data.get("intents")
    if not isinstance(value, int) or not isinstance(data.get("properties"), dict):
        raise CloseError(4002, "Error while decoding payload.")
    if value < 0 or value & ~int(ALL_INTENTS):
        raise CloseError(4013, "Invalid intent(s).")
    intents = Intent(value)
    if intents & PRIVILEGED_INTENTS & ~enabled:
        raise CloseError(4014, "Disallowed intent(s).")
    return intents


def read_shard(data: Payload) -> tuple[int, int]:
    """Read which shard of how many the client is.

    Raises:
        CloseError: 4010.
    """
    match data.get("shard"):
        case None:
            return 0, 1
        case [int(shard_id), int(shards)] if 0 <= shard_id < shards:
            return shard_id, shards
        case _:
            raise CloseError(4010, "Invalid shard.")
