"""Discord for threadkeep, on discord.py: messages in by the gateway, replies out by the HTTP API.

The names below are imported when they are used: reading a link to a message does not need discord.py.
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threadkeep_discord.adapter import DiscordAdapter

_HOME_OF: Final = {"DiscordAdapter": "adapter"}

__all__ = ["DiscordAdapter"]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
