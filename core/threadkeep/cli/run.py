"""``threadkeep run``: answer on every platform whose credentials are set."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    path: Annotated[Path, typer.Argument(metavar="BOT", help="The bot file: it defines `bot` or `agent`.")],
    *,
    ingress: Annotated[bool, typer.Option("--ingress", help="Only accept messages; workers elsewhere answer.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="Only answer what ingresses elsewhere accept.")] = False,
    health: Annotated[
        str | None, typer.Option("--health", metavar="HOST:PORT", help="Serve /live and /ready there.")
    ] = None,
) -> None:
    """Run a bot on every platform whose credentials are set.

    Slack: SLACK_BOT_TOKEN, and SLACK_APP_TOKEN (Socket Mode)
    or SLACK_SIGNING_SECRET (HTTP).

    Discord: DISCORD_BOT_TOKEN.

    Model: OPENAI_API_KEY, OPENAI_BASE_URL.

    Store: REDIS_URL, else a file (THREADKEEP_DB).

    A .env file in this folder, or in one above it, is read, too. Ctrl-C or SIGTERM stops the bot cleanly.
    """
    import asyncio  # noqa: PLC0415 - `--help` stays quick
    import os  # noqa: PLC0415

    from threadkeep.errors import ConfigError  # noqa: PLC0415
    from threadkeep.runtime.bot import Role  # noqa: PLC0415
    from threadkeep.runtime.loading import load_adapters, load_bot, make_store  # noqa: PLC0415
    from threadkeep.runtime.logs import configure_logging  # noqa: PLC0415
    from threadkeep.runtime.pricing import read_prices, repriced  # noqa: PLC0415
    from threadkeep.runtime.serving import serve  # noqa: PLC0415
    from threadkeep.settings import load_settings  # noqa: PLC0415

    if ingress and worker:
        raise ConfigError("--ingress and --worker exclude each other; without both, a process does both.")
    settings = load_settings()
    configure_logging(level=settings.log_level, is_json=settings.log_format == "json")
    bot = repriced(load_bot(path), read_prices(settings.prices))
    if bot.redactor is not None:
        configure_logging(level=settings.log_level, is_json=settings.log_format == "json", also=bot.redactor)
    adapters = list(bot.adapters) or load_adapters(os.environ)
    if not adapters:
        raise ConfigError(
            "No platform is set up. Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or DISCORD_BOT_TOKEN, in the environment "
            f"or in .env; or talk to the bot here: threadkeep chat {path}"
        )
    ready = bot.connected_to(
        adapters,
        bot.store or make_store(settings),
        max_concurrent_runs=settings.max_concurrent_runs,
        grace_seconds=settings.grace_seconds,
        role=Role.INGRESS if ingress else Role.WORKER if worker else None,
    )
    asyncio.run(serve(ready, say=typer.echo, health=health or settings.health))
