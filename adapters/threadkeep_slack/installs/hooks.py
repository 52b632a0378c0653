"""The hooks by which Slack's own command line runs a bot: ``slack run``.

https://docs.slack.dev/tools/slack-cli/reference/hooks
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

import typer

from threadkeep.chat.desk import Desk
from threadkeep.errors import ConfigError
from threadkeep_slack.controls.command_settings import read_prefix
from threadkeep_slack.installs.manifest import Manifest, build_manifest

_BOUNDARIES: Final = "message-boundaries"
_TOKENS: Final = (("SLACK_CLI_XOXB", "SLACK_BOT_TOKEN"), ("SLACK_CLI_XAPP", "SLACK_APP_TOKEN"))
_CUSTOM_FILE: Final = "SLACK_CLI_CUSTOM_FILE_PATH"


def hook_table(path: Path) -> Mapping[str, object]:
    """Give the hooks for a bot file: commands of this very Python, wherever Slack's command line finds itself."""
    command = f"{shlex.quote(sys.executable)} -m threadkeep slack hooks"
    return {
        "hooks": {
            "get-manifest": f"{command} get-manifest {shlex.quote(str(path))}",
            "start": f"{command} start {shlex.quote(str(path))}",
        },
        "config": {
            "protocol-version": [_BOUNDARIES, "default"],
            "sdk-managed-connection-enabled": True,
            "watch": {"filter-regex": r"\.py$", "paths": ["."]},
        },
    }


def quiet_manifest(desk: Desk, path: Path) -> Manifest:
    """Build the manifest; what the bot file prints meanwhile goes to standard error.

    Raises:
        ConfigError: The file cannot be run, or Slack would refuse the manifest.
    """
    with redirect_stdout(sys.stderr):
        facts = desk.describe(_meant(path))
    return build_manifest(facts, prefix=read_prefix(desk.environment()))


def answer(data: Mapping[str, object] | Manifest, *, protocol: str, boundary: str) -> None:
    """Print an answer as Slack's command line asked for it."""
    text = json.dumps(data)
    mark = boundary if protocol == _BOUNDARIES else ""
    typer.echo(f"{mark}{text}{mark}")


def start_bot(desk: Desk, path: Path) -> None:
    """Run the bot with the tokens that Slack's command line gives; those that are set already win.

    Raises:
        ConfigError: It gives none.
        ThreadkeepError: As ``threadkeep run``.
    """
    for given, wanted in _TOKENS:
        token = os.environ.get(given) or os.environ.get(wanted)
        if not token:
            raise ConfigError(f"{given} is missing: this hook is started by Slack's command line, with `slack run`")
        os.environ.setdefault(wanted, token)
    desk.run(_meant(path))


def _meant(path: Path) -> Path:
    custom = os.environ.get(_CUSTOM_FILE)
    return Path(custom) if custom else path
