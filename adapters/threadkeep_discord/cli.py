"""``threadkeep discord``: the link that invites a bot, and what the live bot lacks."""

from pathlib import Path
from typing import Annotated

import typer

from threadkeep.chat.desk import Desk

BotFile = Annotated[Path, typer.Argument(metavar="BOT", help="The bot file: it defines `bot` or `agent`.")]
Files = Annotated[bool, typer.Option("--files", help="Tools of the bot post files.")]
Server = Annotated[int | None, typer.Option(metavar="ID", help="One server, by its id.")]


def commands(desk: Desk) -> typer.Typer:
    """Build the commands; found by the entry point group ``threadkeep.commands``."""
    discord = typer.Typer(help="Invite a bot to Discord servers, and find what it lacks.", no_args_is_help=True)

    @discord.command("invite")
    def invite(
        path: BotFile,
        *,
        threads: Annotated[
            bool | None,
            typer.Option("--threads/--no-threads", help="Questions get threads; as DISCORD_REPLY_IN if not said."),
        ] = None,
        files: Files = False,
        server: Server = None,
    ) -> None:
        """Print the link that invites a bot, with the least permissions that it needs."""
        from threadkeep_discord.installs.commands import print_invite  # noqa: PLC0415 - `--help` stays quick

        print_invite(desk, path, opens_threads=threads, has_files=files, guild_id=server)

    @discord.command("doctor")
    def doctor(
        path: Annotated[Path | None, typer.Argument(metavar="[BOT]", help="The bot file, for its commands.")] = None,
        *,
        files: Files = False,
        server: Server = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Say which intents and permissions are missing, in which server and channel, and where to click.

        Exit status 1 if something is missing without which the bot does not work.
        """
        from threadkeep_discord.installs.commands import run_doctor  # noqa: PLC0415 - `--help` stays quick

        if not run_doctor(desk, path, has_files=files, guild_id=server, as_json=as_json):
            raise typer.Exit(1)

    return discord
