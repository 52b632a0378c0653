"""What Discord and the network answer instead of a result, in threadkeep's errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from threadkeep.errors import (
    PlaceGoneError,
    PlatformAuthError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
)
from threadkeep_discord.limits import CALL_TIMEOUT

UNKNOWN_MESSAGE = 10008
THREAD_ARCHIVED = 50083
INVALID_FORM = 50035
CANNOT_SEE_HISTORY = 160002
THREAD_EXISTS = 160004

HOW_TO_RESET = (
    "Reset it at https://discord.com/developers/applications, under your application, Bot, Reset Token, "
    "and set DISCORD_BOT_TOKEN to the new one."
)
ENABLE_CONTENT = (
    "Enable the Message Content Intent at https://discord.com/developers/applications, under your application, Bot, "
    "Privileged Gateway Intents"
)

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_GONE = {
    10003: "the channel or thread does not exist any more",
    10004: "the server does not exist any more, or the bot was removed from it",
    UNKNOWN_MESSAGE: "the message does not exist any more",
    50001: "the bot does not see the channel: give its role the permission View Channel there",
    50007: "the person takes no direct messages from the bot",
    50013: "the bot lacks a permission there: give its role Send Messages, Send Messages in Threads, "
    "Read Message History and, to open threads, Create Public Threads",
    THREAD_ARCHIVED: "the thread is archived",
    50278: "the person shares no server with the bot any more",
    160005: "the thread is locked",
}
_UNAUTHORIZED_CODE = 50014

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
_CLOSED = {
    4010: "it was told a wrong shard",
    4011: "the bot is in too many servers for one connection (sharding is required)",
    4012: "it does not speak this version of the gateway",
    4013: "it does not know an intent that was asked for",
}


@asynccontextmanager
async def calling(action: str) -> AsyncIterator[None]:
    """Limit the time of calls to Discord, and raise their failures as threadkeep's errors.

    Args:
        action: What is being done, for the errors: "post a message".

    Raises:
        PlatformRateLimitError: Discord asks to wait longer than discord.py waits by itself.
        PlatformUnavailableError: It fails, cannot be reached or takes too long.
        PlaceGoneError: The place or the message is gone or closed to the bot.
        PlatformAuthError: The token is not accepted any more.
        PlatformError: Any other refusal.
    """
    try:
        async with asyncio.timeout(CALL_TIMEOUT):
            yield
    except discord.RateLimited as error:
        raise PlatformRateLimitError(
            f"Discord asks to wait {error.retry_after:.1f} s: could not {action}", retry_after=error.retry_after
        ) from error
    except discord.HTTPException as error:
        raise refusal(error, action) from error
    except discord.LoginFailure as error:
        raise PlatformAuthError(f"Discord does not accept the bot token. {HOW_TO_RESET}") from error
    except TimeoutError as error:
        raise PlatformUnavailableError(f"Discord took too long: could not {action}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise PlatformUnavailableError(
            f"Discord cannot be reached ({type(error).__name__}): could not {action}"
        ) from error


def refusal(error: discord.HTTPException, action: str) -> PlatformError:
    """Make the error that says what Discord's answer means."""
    told = f"could not {action} (Discord says {error.status}, code {error.code})"
    if error.status == 429:
        return PlatformRateLimitError(f"Discord asks to wait: {told}", retry_after=_retry_after(error))
    if error.status >= 500:
        return PlatformUnavailableError(f"Discord is failing: {told}")
    if error.status == 401 or error.code == _UNAUTHORIZED_CODE:
        return PlatformAuthError(f"Discord does not accept the bot token: {told}. {HOW_TO_RESET}")
    if error.code in _GONE:
        return PlaceGoneError(f"{told}: {_GONE[error.code]}")
    return PlatformError(f"{told}: {error.text}")


def gateway_refusal(error: discord.ConnectionClosed | discord.PrivilegedIntentsRequired) -> PlatformError:
    """Make the error that says why Discord ended the gateway for good."""
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return PlatformAuthError(
            f"Discord refuses an intent that was asked for. {ENABLE_CONTENT}, or unset DISCORD_MESSAGE_CONTENT."
        )
    if error.code == 4004:
        return PlatformAuthError(f"Discord does not accept the bot token any more. {HOW_TO_RESET}")
    reason = _CLOSED.get(error.code, "it does not say why")
    return PlatformError(f"Discord ended the gateway connection with code {error.code}: {reason}")


def _retry_after(error: discord.HTTPException) -> float:
    # Only answers of the network in front of Discord arrive here; discord.py waits for Discord's own.
    try:
        return max(1.0, float(error.response.headers.get("Retry-After", "")))
    except ValueError:
        return 60.0
