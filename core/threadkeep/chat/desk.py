"""What an adapter's own commands get from the command line: ``threadkeep slack ...``.

An adapter announces them in the entry point group ``threadkeep.commands``, under its platform's name: a function that
takes the desk and gives a ``typer.Typer``. It must be quick to import: ``threadkeep --help`` asks for it.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from threadkeep.chat.adapter import SharedState
from threadkeep.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFacts:
    """A command that people may give to a bot.

    Attributes:
        name: Its name, without a sign.
        help: What it does, in one line.
        takes: What may follow it.
    """

    name: str
    help: str
    takes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotFacts:
    """What a platform may be told of a bot.

    Attributes:
        name: What it is called.
        description: What it does; empty where its file does not say.
        commands: What people may tell it.
    """

    name: str
    description: str
    commands: tuple[CommandFacts, ...]


class Rooms(Protocol):
    """The rooms of the store that concern an adapter."""

    @property
    def shared(self) -> SharedState:
        """What the processes of a bot share."""
        ...

    @property
    def vault(self) -> Vault:
        """Sealed values."""
        ...


class Desk(Protocol):
    """What the command line does for the commands of an adapter."""

    def environment(self) -> Mapping[str, str]:
        """Read the settings: environment variables, and a ``.env`` file.

        Raises:
            ConfigError: The file cannot be read, or a setting is wrong.
        """
        ...

    def describe(self, path: Path) -> BotFacts:
        """Run a bot file and tell what it says of its bot.

        Raises:
            ConfigError: It cannot be run, or defines no bot.
        """
        ...

    def run(self, path: Path) -> None:
        """Run a bot, as ``threadkeep run`` does, until it is stopped.

        Raises:
            ThreadkeepError: As ``threadkeep run``.
        """
        ...

    def store(self) -> AbstractAsyncContextManager[Rooms]:
        """Open the store that the settings name.

        Raises:
            ConfigError: There is none yet.
        """
        ...
