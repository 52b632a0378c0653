"""``threadkeep chat``: talk to a bot in the terminal."""

from pathlib import Path
from typing import Annotated

import typer


def chat(
    path: Annotated[Path, typer.Argument(metavar="BOT", help="The bot file: it defines `bot` or `agent`.")],
    session: Annotated[str, typer.Option(help="The conversation to go on with, or a new name.")] = "default",
) -> None:
    """Talk to a bot in this terminal; the conversation is kept and goes on at the next time. Ctrl-D ends it."""
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    from threadkeep.errors import ConfigError  # noqa: PLC0415
    from threadkeep.runtime.loading import load_adapters, load_bot, make_store  # noqa: PLC0415
    from threadkeep.runtime.logs import configure_logging  # noqa: PLC0415
    from threadkeep.runtime.pricing import read_prices, repriced  # noqa: PLC0415
    from threadkeep.runtime.serving import serve  # noqa: PLC0415
    from threadkeep.settings import load_settings  # noqa: PLC0415

    if not session.strip():
        raise ConfigError("--session needs a name, such as default: the conversation is kept under it.")
    settings = load_settings()
    level = "warning" if settings.log_level == "info" else settings.log_level
    configure_logging(level=level, is_json=False, is_brief=level != "debug")
    bot = repriced(load_bot(path), read_prices(settings.prices))
    adapters = load_adapters({"THREADKEEP_CONSOLE_SESSION": session})
    if not adapters:
        raise ConfigError("The console adapter is not installed: install threadkeep again.")
    # A bot that runs on the same settings must not take what is said here, nor the other way about.
    store = bot.store or make_store(settings, apart="chat")
    ready = bot.connected_to(adapters, store, grace_seconds=settings.grace_seconds)
    asyncio.run(serve(ready, say=lambda line: typer.echo(line, err=True)))
