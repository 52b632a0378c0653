"""``threadkeep new``: scaffold a bot."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from threadkeep.errors import ConfigError

_BOT = '''"""{title}: a bot that keeps the thread."""

from datetime import datetime
from zoneinfo import ZoneInfo

from threadkeep import Agent, Bot, Memory, OpenAIChat, tool


@tool
def current_time(timezone: str = "UTC") -> str:
    """Tell the current date and time.

    Args:
        timezone: An IANA name, such as Europe/Paris.
    """
    return datetime.now(ZoneInfo(timezone)).isoformat(timespec="minutes")


agent = Agent(
    model=OpenAIChat(id="gpt-5.4-mini"),
    instructions="You are {title}, a helpful assistant in a team's chat. Answer briefly, in Markdown.",
    tools=[current_time],
    memory=Memory(),
    add_history_to_messages=True,
    num_history_runs=10,
)
bot = Bot(agent=agent)
'''

_ENV = """# The model: a key of OpenAI, or the address of any compatible server.
OPENAI_API_KEY=
# OPENAI_BASE_URL=http://localhost:11434/v1

# Slack (https://api.slack.com/apps): the bot token, and an app-level token for Socket Mode.
# SLACK_BOT_TOKEN=xoxb-...
# SLACK_APP_TOKEN=xapp-...
# For many workspaces, which install the app by OAuth, instead of SLACK_BOT_TOKEN:
# SLACK_CLIENT_ID=
# SLACK_CLIENT_SECRET=
# SLACK_PUBLIC_URL=https://bot.example.com
# Their tokens are kept encrypted. Make a key, and keep it somewhere else, too:
# python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"
# THREADKEEP_SECRET_KEYS=

# Discord (https://discord.com/developers/applications): the bot token.
# DISCORD_BOT_TOKEN=

# Where conversations are kept: Redis, or else the file threadkeep.db in the folder in which the bot is started.
# REDIS_URL=redis://localhost:6379/0
"""

_HOOKS = """{{
  "hooks": {{
    "get-hooks": "threadkeep slack hooks get-hooks {name}.py"
  }}
}}
"""

_GITIGNORE = ".env\n*.db\n*.db-wal\n*.db-shm\n__pycache__/\n"


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The bot's name, such as my_bot: also the name of the folder.")
    ],
) -> None:
    """Write a new bot: a folder with its file, a .env.example, a .gitignore, and the hooks of Slack's command line."""
    from threadkeep.runtime.loading import NEEDED_MODULES  # noqa: PLC0415 - `--help` stays quick

    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,63}", name):
        raise ConfigError(f"{name!r} cannot name a bot: use letters, digits and _, beginning with a letter.")
    if name in sys.stdlib_module_names or name in NEEDED_MODULES:
        raise ConfigError(f"{name!r} is the name of a Python module, which the bot would hide: try {name}_bot.")
    folder = Path(name)
    if folder.exists():
        raise ConfigError(f"{folder} exists already: choose another name, or remove it.")
    try:
        _write(folder, name)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written here: {error.strerror}. Go to a folder of your own.") from error
    typer.echo(f"Wrote {folder / name}.py. Next:")
    typer.echo(f"  cd {name} && cp .env.example .env    # and fill it in")
    typer.echo(f"  threadkeep chat {name}.py            # talk to it here")
    typer.echo(f"  threadkeep run {name}.py             # on Slack and Discord")


def _write(folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / f"{name}.py").write_text(_BOT.format(title=name.replace("_", " ")), encoding="utf-8")
    (folder / ".env.example").write_text(_ENV, encoding="utf-8")
    (folder / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
    (folder / ".slack").mkdir()
    (folder / ".slack" / "hooks.json").write_text(_HOOKS.format(name=name), encoding="utf-8")
