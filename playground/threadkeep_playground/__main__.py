"""``python -m threadkeep_playground [BOT]``: try a bot on local platforms; ``make run`` starts it."""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from threadkeep.errors import ThreadkeepError
from threadkeep.runtime.loading import make_store
from threadkeep.runtime.logs import configure_logging
from threadkeep.settings import load_settings
from threadkeep.stores.base import Store
from threadkeep.stores.sqlite import SQLiteStore
from threadkeep_playground.platforms import LocalPlatforms, local_platforms
from threadkeep_playground.stage import running_bot
from threadkeep_playground.terminal import Terminal
from threadkeep_playground.transcript import play
from threadkeep_playground.typing_line import read_typed_line

_MODEL_VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL")


def main(
    path: Annotated[Path, typer.Argument(metavar="BOT", help="The bot file.")] = Path("bots/assistant.py"),
) -> None:
    """Try a bot on an emulated Slack and Discord, with no tokens.

    An offline model answers by rules, unless OPENAI_API_KEY or OPENAI_BASE_URL is set. With a terminal you act as a
    person; without one a short conversation is played and printed.
    """
    settings = load_settings()
    level = "warning" if settings.log_level == "info" else settings.log_level
    configure_logging(level=level, is_json=False, is_brief=level != "debug")
    # discord.py notes the time of a heartbeat when it is answered already, as it is here, and warns of its own mistake.
    logging.getLogger("discord.gateway").setLevel(logging.ERROR)
    store = make_store(settings, apart="playground") if settings.redis_url is not None else SQLiteStore(":memory:")
    try:
        asyncio.run(_run(path, store))
    except KeyboardInterrupt:
        sys.exit(130)
    except ThreadkeepError as error:
        typer.echo(f"threadkeep: {error}", err=True)
        sys.exit(1)


async def _run(path: Path, store: Store) -> None:
    has_own_model = any(os.environ.get(name) for name in _MODEL_VARIABLES)
    async with local_platforms(has_own_model=has_own_model) as platforms:
        # The bot file makes its model from the environment, as it would anywhere else.
        os.environ.update(platforms.environ)
        _introduce(platforms)
        async with running_bot(path, platforms, store) as stage:
            for line in stage.bot.descriptions:
                typer.echo(f"  {line}")
            if sys.stdin.isatty():
                await Terminal(stage, platforms, read_line=read_typed_line, write=_write).run()
            else:
                await play(stage, platforms, say=typer.echo)


def _introduce(platforms: LocalPlatforms) -> None:
    typer.echo("Starting a bot on local platforms; nothing leaves this machine but calls to your own model, if any.")
    if platforms.openai is None:
        typer.echo("  Model: the server that OPENAI_BASE_URL or OPENAI_API_KEY names")
    else:
        typer.echo(f"  Model: the offline model, which follows rules and understands little ({platforms.openai.url})")


def _write(text: str) -> None:
    typer.echo(text, nl=False)


if __name__ == "__main__":
    typer.run(main)
