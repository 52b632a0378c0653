"""``threadkeep slack``: the app's manifest, what the live app lacks, and the hooks of Slack's own command line."""

from pathlib import Path
from typing import Annotated

import typer

from threadkeep.chat.desk import Desk

BotFile = Annotated[Path, typer.Argument(metavar="BOT", help="The bot file: it defines `bot` or `agent`.")]


def commands(desk: Desk) -> typer.Typer:
    """Build the commands; found by the entry point group ``threadkeep.commands``."""
    slack = typer.Typer(help="Set a Slack app up: its manifest, and what it lacks.", no_args_is_help=True)

    @slack.command("manifest")
    def manifest(
        path: BotFile,
        *,
        name: Annotated[str | None, typer.Option(help="What the app is called; the bot's name if not said.")] = None,
        url: Annotated[
            str | None, typer.Option(metavar="https://...", help="The bot's public address: events over HTTP.")
        ] = None,
        oauth: Annotated[bool, typer.Option("--oauth", help="Many workspaces install it; needs --url.")] = False,
        prompt: Annotated[
            list[str] | None, typer.Option(metavar="TITLE=MESSAGE", help="What is suggested to people; up to four.")
        ] = None,
    ) -> None:
        """Print the app manifest that a bot needs.

        Enter it at https://api.slack.com/apps under Create New App > From a manifest, or under App Manifest.
        """
        from threadkeep_slack.controls.command_settings import read_prefix  # noqa: PLC0415 - `--help` stays quick
        from threadkeep_slack.installs.commands import print_manifest  # noqa: PLC0415 - the same

        print_manifest(
            desk.describe(path),
            name=name,
            url=url,
            is_distributed=oauth,
            prompts=prompt or [],
            prefix=read_prefix(desk.environment()),
        )

    @slack.command("doctor")
    def doctor(
        path: Annotated[Path | None, typer.Argument(metavar="[BOT]", help="The bot file, for its commands.")] = None,
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Compare the live app with what a bot needs, and say what is missing and where to click.

        Exit status 1 if something is missing without which the bot does not work.
        """
        from threadkeep_slack.installs.commands import run_doctor  # noqa: PLC0415 - `--help` stays quick

        if not run_doctor(desk, path, as_json=as_json):
            raise typer.Exit(1)

    slack.add_typer(_hooks(desk), name="hooks")
    return slack


def _hooks(desk: Desk) -> typer.Typer:
    hooks = typer.Typer(help="What Slack's own command line calls, by .slack/hooks.json.", no_args_is_help=True)
    # Slack's command line appends flags of its own, which grow in number.
    lenient = {"allow_extra_args": True, "ignore_unknown_options": True}
    protocol = Annotated[str, typer.Option(help="How the answer is told from other output.")]
    boundary = Annotated[str, typer.Option(help="What stands around the answer.")]

    @hooks.command("get-hooks", context_settings=lenient)
    def get_hooks(path: BotFile, *, protocol: protocol = "", boundary: boundary = "") -> None:
        """Tell which hooks there are."""
        from threadkeep_slack.installs.hooks import answer, hook_table  # noqa: PLC0415 - `--help` stays quick

        answer(hook_table(path), protocol=protocol, boundary=boundary)

    @hooks.command("get-manifest", context_settings=lenient)
    def get_manifest(path: BotFile, *, protocol: protocol = "", boundary: boundary = "") -> None:
        """Tell the app manifest."""
        from threadkeep_slack.installs.hooks import answer, quiet_manifest  # noqa: PLC0415 - `--help` stays quick

        answer(quiet_manifest(desk, path), protocol=protocol, boundary=boundary)

    @hooks.command("start", context_settings=lenient)
    def start(path: BotFile, *, protocol: protocol = "", boundary: boundary = "") -> None:  # noqa: ARG001 - Slack's
        """Run the bot with the tokens that Slack's command line gives."""
        from threadkeep_slack.installs.hooks import start_bot  # noqa: PLC0415 - `--help` stays quick

        start_bot(desk, path)

    return hooks
