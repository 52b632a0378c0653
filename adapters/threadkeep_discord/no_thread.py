"""The line in a channel that says why a question gets no thread, and so no answer."""

from typing import Any, Final

import discord
import structlog
from discord.http import MultipartParameters

from threadkeep_discord.refusals import CANNOT_SEE_HISTORY

_log = structlog.get_logger(__name__)

_TOO_MANY_THREADS: Final = 160006
_WITHOUT: Final = (
    "I answer in threads, and I cannot open one here. Whoever manages this server can give me the permission "
    "*Create Public Threads*."
)
_TOO_MANY: Final = "I answer in threads, and this server has as many open ones as Discord allows. Please ask later."


async def tell_no_thread(
    client: discord.Client, channel_id: int, message_id: int, refusal: discord.HTTPException
) -> None:
    """Answer a question by saying that no thread could be opened for it; said once for some minutes.

    What Discord refuses here, too, is logged alone.
    """
    body: dict[str, Any] = {
        "content": _TOO_MANY if refusal.code == _TOO_MANY_THREADS else _WITHOUT,
        "allowed_mentions": {**discord.AllowedMentions.none().to_dict(), "replied_user": False},
        # Discord gives the message that is there already instead of posting the same nonce again.
        "nonce": f"nt{message_id}",
        "enforce_nonce": True,
    }
    reference = {"message_id": str(message_id), "fail_if_not_exists": False}
    try:
        try:
            await _send(client, channel_id, {**body, "message_reference": reference})
        except discord.HTTPException as error:
            if error.code != CANNOT_SEE_HISTORY:
                raise
            await _send(client, channel_id, body)
    except discord.HTTPException as error:
        _log.info("discord_no_thread_not_told", channel=channel_id, code=error.code)


async def _send(client: discord.Client, channel_id: int, body: dict[str, Any]) -> None:
    await client.http.send_message(channel_id, params=MultipartParameters(payload=body, multipart=None, files=None))
