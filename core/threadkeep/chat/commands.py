"""Commands: what people may tell a bot instead of asking its model, and how they write it.

``!name`` and ``/name`` are the same. Platforms take a text that begins with a slash for a command of their own, and
offer those of an app not everywhere: the exclamation mark works in every place.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from threadkeep.chat.elements import Option
from threadkeep.chat.events import Addressing, Event, MessageReceived, Place
from threadkeep.errors import ConfigError
from threadkeep.runs import Run
from threadkeep.sessions import Session, UserKey

STOP: Final = "stop"
"""Understood by the adapters already: it must not wait for the run that it stops."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_WRITTEN: Final = re.compile(r"\s*([!/])([A-Za-z][A-Za-z0-9_-]{0,31})(?:\s+(.*))?", re.DOTALL)
_SIGNS: Final = {Addressing.BOT: "!/", Addressing.THREAD: "!", Addressing.OTHERS: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What a command of a bot's own may know of who gave it and where.

    Attributes:
        run_id: The run; the same when the command is carried out again after a crash.
        place: Where.
        user: Who.
        speaker: The name under which people know them.
        session: The conversation.
        runs: Its last runs as the model is shown them, oldest first.
    """

    run_id: str
    place: Place
    user: UserKey
    speaker: str
    session: Session
    runs: tuple[Run, ...] = ()


Perform = Callable[[CommandContext, str], Awaitable[str]]
"""Carries a command out: takes the context and what follows the command, gives the answer as Markdown."""


Suggest = Callable[[UserKey, str], Awaitable[Sequence[Option]]]
"""Completes what somebody is writing after a command: takes who writes and what they have written so far. Nobody else
sees what it gives. Platforms wait for it a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command.

    Attributes:
        name: Its name, without a sign: up to 32 small letters, digits, ``_`` and ``-``.
        help: What it does, in one line.
        run: Carries it out; None for the built-in ones. If the process dies meanwhile, it is called again.
        is_private: Whether only who gave it may see the answer.
        takes: What may follow it, for the list of commands: ``NUMBER``.
        suggest: Completes it, where the platform asks for that; None for free text.
    """

    name: str
    help: str
    run: Perform | None = None
    is_private: bool = False
    takes: str = ""
    suggest: Suggest | None = None


BUILT_IN: Final = (
    Command(name="new", help="Begins a fresh conversation here."),
    Command(name="retry", help="Answers your last question again."),
    Command(name="summary", help="Sums this conversation up."),
    Command(name="memory", help="Lists what I remember of you.", is_private=True),
    Command(
        name="forget",
        help="Forgets what I remember of you: all of it, or one entry of the list.",
        takes="[NUMBER]",
        is_private=True,
    ),
    Command(
        name="link",
        help="Shares what I remember of you with your account on another platform: send the code there.",
        takes="[CODE]",
        is_private=True,
    ),
    Command(name="unlink", help="Ends that for this account.", is_private=True),
    Command(name="usage", help="Tells what this conversation has cost.", is_private=True),
    Command(name="help", help="Shows this list."),
)
"""The commands that every bot knows, besides ``stop``."""


@runtime_checkable
class OffersCommands(Protocol):
    """An adapter whose platform lists the commands of a bot for people to choose from."""

    def offer_commands(self, commands: Sequence[Command]) -> None:
        """Take all commands of the bot, the built-in ones too; called before ``start``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCommand:
    """A command as somebody wrote it.

    Attributes:
        name: Its name.
        text: What follows it.
    """

    name: str
    text: str = ""


def command_table(commands: Iterable[Command] = ()) -> Mapping[str, Command]:
    """Give all commands of a bot by name: the built-in ones, and its own, which may replace them.

    Raises:
        ConfigError: A name cannot be used, two have the same, or one cannot be carried out.
    """
    own: dict[str, Command] = {}
    for command in commands:
        if not _NAME.fullmatch(command.name) or command.name == STOP:
            raise ConfigError(
                f"{command.name!r} cannot be a command's name: use up to 32 small letters, digits, _ or -, "
                f"beginning with a letter; {STOP} has its meaning already"
            )
        if command.name in own:
            raise ConfigError(f"two commands are called {command.name}")
        if command.run is None:
            raise ConfigError(f"the command {command.name} needs run=, an asynchronous function (context, text) -> str")
        own[command.name] = command
    return MappingProxyType({command.name: command for command in BUILT_IN} | own)


def parse_command(text: str, commands: Mapping[str, Command], *, signs: str = "!/") -> WrittenCommand | None:
    """Read a text as a command; None if it is talk.

    Only a known name that stands alone behind its sign is a command: ``!important`` and ``/etc`` are talk.

    Args:
        text: What was said.
        commands: The commands, by name.
        signs: With which signs they may begin.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or found[1] not in signs:
        return None
    name = found[2].lower()
    return WrittenCommand(name=name, text=(found[3] or "").strip()) if name in commands else None


def read_command(event: Event, commands: Mapping[str, Command]) -> Event:
    """Give an event with its command, if it is a message that is one; what an adapter says already stands.

    What is said to the bot may begin with either sign. In a thread without a mention only ``!`` counts.
    """
    if not isinstance(event, MessageReceived) or event.command is not None:
        return event
    written = parse_command(event.text, commands, signs=_SIGNS[event.addressing])
    return event if written is None else replace(event, command=written.name, text=written.text)
