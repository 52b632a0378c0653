"""One store, one bot: conversations are named after their places, and two bots in one channel would share one."""

from typing import Final

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import ConfigError, StoreError

_log = structlog.get_logger(__name__)

_CLAIM: Final = "discord-bot"
_NAME: Final = "discord-bot-name"
_KEPT_SECONDS: Final = 400 * 86_400.0


async def claim_store(
    shared: SharedState | None, *, application_id: int, name: str, replaces: int | None = None
) -> None:
    """Make the store this bot's, for all of its processes and from each start on for longer than a year.

    Args:
        shared: What the processes share; None if there is only this one.
        application_id: The bot's application.
        name: What the bot is called, for whoever tries the same with another.
        replaces: The application whose conversations become this one's.

    Raises:
        ConfigError: The store has the conversations of another bot.
    """
    if shared is None:
        return
    try:
        if replaces is not None:
            await shared.free_slots(_CLAIM, owner=str(replaces))
        held = await shared.take_slots(_CLAIM, owner=str(application_id), total=1, most=1, seconds=_KEPT_SECONDS)
        holder = None if held else await shared.recall(_NAME)
        if held:
            await shared.remember(_NAME, f"@{name} (application {application_id})", seconds=_KEPT_SECONDS)
    except StoreError as error:
        _log.warning("discord_store_not_claimed", reason=str(error))
        return
    if not held:
        raise ConfigError(
            f"The store has the conversations of another Discord bot, {holder or 'whose name is not known'}, and two "
            f"bots on one store would take each other's for their own. Give @{name} a store of its own: another file, "
            "or another database number of Redis. If it replaces that bot, set DISCORD_REPLACES to the id of that "
            "bot's application."
        )
