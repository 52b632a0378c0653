"""Commands that adapters bring along: ``threadkeep slack ...``."""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from threadkeep.chat.desk import BotFacts, Rooms

COMMAND_GROUP: Final = "threadkeep.commands"
"""The entry point group in which packages announce their commands, under the platform's name."""


class OperatorsDesk:
    """What the command line does for the commands of an adapter; see ``threadkeep.chat.desk``."""

    def environment(self) -> Mapping[str, str]:
        """Read the settings: environment variables, and a ``.env`` file."""
        from threadkeep.runtime.logs import configure_logging  # noqa: PLC0415 - `--help` stays quick
        from threadkeep.settings import load_settings  # noqa: PLC0415

        settings = load_settings()
        configure_logging(level="error", is_json=settings.log_format == "json")
        return os.environ

    def describe(self, path: Path) -> "BotFacts":
        """Run a bot file and tell what it says of its bot."""
        from threadkeep.chat.commands import command_table  # noqa: PLC0415 - `--help` stays quick
        from threadkeep.chat.desk import BotFacts, CommandFacts  # noqa: PLC0415
        from threadkeep.runtime.loading import load_bot  # noqa: PLC0415

        bot = load_bot(path)
        return BotFacts(
            name=bot.agent.name or path.stem.replace("_", " ").title(),
            description=bot.description,
            commands=tuple(
                CommandFacts(name=command.name, help=command.help, takes=command.takes)
                for command in command_table(bot.commands).values()
            ),
        )

    def run(self, path: Path) -> None:
        """Run a bot, as ``threadkeep run`` does."""
        from threadkeep.cli.run import run  # noqa: PLC0415 - `--help` stays quick

        run(path, ingress=False, worker=False, health=None)

    def store(self) -> "AbstractAsyncContextManager[Rooms]":
        """Open the store that the settings name."""
        from threadkeep.cli.output import operators_store  # noqa: PLC0415 - `--help` stays quick

        return operators_store()


def add_commands(app: typer.Typer) -> None:
    """Add the commands of all installed adapters.

    One that cannot be imported is left out, with a line on standard error: the others must not suffer.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - not needed by who imports `app`

    desk = OperatorsDesk()
    for entry in {entry.name: entry for entry in entry_points(group=COMMAND_GROUP)}.values():
        try:
            make = entry.load()
        except ImportError as error:
            typer.echo(f"threadkeep: the commands of {entry.name} cannot be imported: {error}", err=True)
            continue
        app.add_typer(make(desk), name=entry.name)
