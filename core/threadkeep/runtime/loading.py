"""Find what a command is to run: the bot in a file, the adapters that are installed, the store that is set."""

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from threadkeep.agent.agent import Agent
from threadkeep.chat.adapter import Adapter
from threadkeep.errors import ConfigError
from threadkeep.runtime.bot import Bot
from threadkeep.settings import Settings
from threadkeep.stores.base import Store

ADAPTER_GROUP = "threadkeep.adapters"
"""The entry point group in which packages announce their adapter class, under the platform's name."""

NEEDED_MODULES = frozenset(
    [
        "PIL",
        "aiohttp",
        "cryptography",
        "discord",
        "dotenv",
        "hiredis",
        "httpx2",
        "mcp",
        "openai",
        "pydantic",
        "pydantic_settings",
        "pypdfium2",
        "redis",
        "rich",
        "slack_bolt",
        "slack_sdk",
        "structlog",
        "threadkeep",
        "typer",
    ]
)
"""What a bot file cannot be called: its folder is looked into first, and it would be found in the place of these."""


def load_bot(path: Path) -> Bot:
    """Run a bot file and return its ``bot``, or a bot around its ``agent``.

    Raises:
        ConfigError: There is no such file, it cannot be run, or it defines neither.
    """
    module = _run_file(path)
    bot = getattr(module, "bot", None)
    if isinstance(bot, Bot):
        return bot
    agent = getattr(module, "agent", None)
    if isinstance(agent, Agent):
        return Bot(agent=agent)
    raise ConfigError(f"{path} defines no bot: it needs a line like `bot = Bot(agent=Agent(...))` at its top level.")


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        what = f"{path} is a folder, not a bot file." if path.is_dir() else f"There is no bot file {path}."
        raise ConfigError(f"{what} {_instead_of(path)}")
    spec = spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is not a Python file.")
    if path.stem in NEEDED_MODULES:
        raise ConfigError(f"{path} would be imported in the place of the package {path.stem}: give it another name.")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    return module


def _instead_of(path: Path) -> str:
    file = path / f"{path.name}.py" if path.is_dir() else path.with_name(f"{path.name}.py")
    return f"Did you mean {file}?" if file.is_file() else "Write one with: threadkeep new my_bot"


def load_adapters(environ: Mapping[str, str]) -> list[Adapter]:
    """Return an adapter for each installed platform whose credentials are set.

    Raises:
        ConfigError: Credentials are incomplete or wrong, or an adapter cannot be imported.
    """
    adapters: list[Adapter] = []
    for entry in sorted(entry_points(group=ADAPTER_GROUP), key=lambda found: found.name):
        try:
            adapter_class = entry.load()
        except ImportError as error:
            raise ConfigError(f"The adapter {entry.name} cannot be imported: {error}") from error
        adapter = adapter_class.from_environment(environ)
        if adapter is not None:
            adapters.append(adapter)
    return adapters


def adapter_names() -> tuple[str, ...]:
    """Return the names of the installed platforms, without importing them."""
    return tuple(sorted({entry.name for entry in entry_points(group=ADAPTER_GROUP)}))


def make_store(settings: Settings, *, apart: str | None = None) -> Store:
    """Return the store that is set: Redis where REDIS_URL names one, else the embedded file.

    Args:
        settings: Where it is.
        apart: A name for conversations that no other process may take, such as those of a terminal: they get a key
            prefix or a file of their own.
    """
    if settings.redis_url is not None:
        from threadkeep.stores.redis import RedisStore  # noqa: PLC0415 - not imported where SQLite serves

        prefix = "tk" if apart is None else f"tk-{apart}"
        return RedisStore(settings.redis_url.get_secret_value(), prefix=prefix)
    from threadkeep.stores.sqlite import SQLiteStore  # noqa: PLC0415 - not imported where Redis serves

    file = settings.database
    return SQLiteStore(file if apart is None else file.with_stem(f"{file.stem}-{apart}"))
