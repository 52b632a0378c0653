"""The operator's own price table: a file that wins over what the bot's author wrote."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from threadkeep.errors import ConfigError
from threadkeep.models.prices import Price
from threadkeep.runtime.bot import Bot

_PRICES: Final = TypeAdapter(dict[str, Price])


def read_prices(file: Path | None) -> Mapping[str, Price]:
    """Read what models cost from a JSON file: ``{"gpt-5.4-mini": {"input": 0.25, "cached": 0.025, "output": 2}}``.

    Args:
        file: The file; None gives no prices.

    Raises:
        ConfigError: It cannot be read, or a price in it makes no sense.
    """
    if file is None:
        return {}
    try:
        return _PRICES.validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"THREADKEEP_PRICES: {file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise ConfigError(f"THREADKEEP_PRICES: {file} is no price table: {where}") from None


def repriced(bot: Bot, prices: Mapping[str, Price]) -> Bot:
    """Give the same bot with other prices for the models that are named; those of its agents stay for all others."""
    if not prices:
        return bot
    agents = {name: agent.priced(prices) for name, agent in bot.agents.items()}
    return replace(bot, agent=bot.agent.priced(prices), agents=agents)
