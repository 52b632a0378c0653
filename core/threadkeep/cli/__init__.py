"""The command line: ``threadkeep run``, ``chat``, ``new``, ``why``, ``usage``, ``sessions`` and ``dead``.

Slow imports happen when a command needs them.
"""

import sys
from typing import Annotated

import typer

from threadkeep.cli import chat, dead, new, run, sessions, usage, why
from threadkeep.cli.extending import add_commands
from threadkeep.errors import ThreadkeepError

app = typer.Typer(
    name="threadkeep",
    help="Chat bots that keep the thread: one agent in Slack threads, Discord channels and direct messages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("chat")(chat.chat)
app.command("new")(new.new)
app.command("why")(why.why)
app.command("usage")(usage.usage)
app.add_typer(sessions.sessions, name="sessions")
app.add_typer(dead.dead, name="dead")


def _print_version(is_asked: object) -> None:
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked

        typer.echo(f"threadkeep {version('threadkeep')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an expected error is one line on standard error and exit status 1."""
    try:
        add_commands(app)
        app()
    except ThreadkeepError as error:
        typer.echo(f"threadkeep: {error}", err=True)
        sys.exit(1)
    except ExceptionGroup as group:
        expected, others = group.split(ThreadkeepError)
        if expected is None or others is not None:
            raise
        for line in {str(error) for error in _leaves(expected)}:
            typer.echo(f"threadkeep: {line}", err=True)
        sys.exit(1)


def _leaves(group: BaseExceptionGroup[ThreadkeepError]) -> list[ThreadkeepError]:
    found: list[ThreadkeepError] = []
    for error in group.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
