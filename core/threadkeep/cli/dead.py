"""``threadkeep dead``: messages that could not be answered after all attempts."""

from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from threadkeep.cli.output import counted, moment, operators_store, print_json, print_table, printable
from threadkeep.errors import ConfigError
from threadkeep.stores.options import MAX_LETTERS

if TYPE_CHECKING:
    from threadkeep.stores.operations import DeadLetter, DeadLetters

dead = typer.Typer(
    help="List, show, retry or drop messages that could not be answered after all attempts.", no_args_is_help=True
)

_ALL = "all"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WithText = Annotated[bool, typer.Option("--text", help="Show what was said, too.")]
WithoutAsking = Annotated[bool, typer.Option("--yes", help="With `all`: do not ask first.")]
Letter = Annotated[str, typer.Argument(metavar="REFERENCE", help="The reference that people were shown, or the id.")]
LetterOrAll = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The reference that people were shown, the id, or `all`.")
]


class SaidMessage(TypedDict, total=False):
    """A message of a letter, for programs; ``text`` only where it was asked for."""

    message: str
    user: str
    speaker: str
    sent_at: float
    text: str


class LetterDocument(TypedDict):
    """A letter, for programs."""

    id: str
    reference: str
    session_id: str
    reason: str
    attempts: int
    died_at: float
    messages: list[SaidMessage]


@dead.command("list")
def list_letters(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List them, the latest first."""
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    letters = asyncio.run(_letters(limit))
    if as_json:
        print_json([_document(letter, has_text=False) for letter in letters])
    elif not letters:
        typer.echo("There are no dead letters.")
    else:
        print_table([("REFERENCE", "GIVEN UP", "TRIES", "MESSAGES", "REASON", "SESSION"), *map(_row, letters)])


@dead.command("show")
def show(letter_name: Letter, *, with_text: WithText = False, as_json: AsJson = False) -> None:
    """Tell who said it, where and when, and why it was given up."""
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    letter = asyncio.run(_find(letter_name))
    if as_json:
        print_json(_document(letter, has_text=with_text))
        return
    for line in _lines(letter, has_text=with_text):
        typer.echo(line)


@dead.command("retry")
def retry(letter_name: LetterOrAll, *, yes: WithoutAsking = False) -> None:
    """Let the messages wait in their session again: a running worker answers them."""
    _settle(letter_name, is_retry=True, is_sure=yes)


@dead.command("drop")
def drop(letter_name: LetterOrAll, *, yes: WithoutAsking = False) -> None:
    """Forget the messages for good."""
    _settle(letter_name, is_retry=False, is_sure=yes)


def _settle(name: str, *, is_retry: bool, is_sure: bool) -> None:
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    verb, done = ("Retry", "wait for a worker again") if is_retry else ("Drop", "are forgotten")
    if name != _ALL:
        letter = asyncio.run(_settle_one(name, is_retry=is_retry))
        what, where = counted(len(letter.events), "message"), printable(letter.session_id)
        typer.echo(f"The messages of {_reference(letter)} {done}: {what} in {where}.")
        return
    letters = asyncio.run(_letters(MAX_LETTERS))
    if not letters:
        typer.echo("There are no dead letters.")
        return
    if not is_sure:
        typer.confirm(f"{verb} {counted(len(letters), 'dead letter')}?", abort=True)
    settled = asyncio.run(_settle_all(letters, is_retry=is_retry))
    typer.echo(f"The messages of {counted(settled, 'dead letter')} {done}.")


async def _settle_one(name: str, *, is_retry: bool) -> "DeadLetter":
    async with operators_store() as store:
        letter = await _found(store.dead_letters, name)
        if not await _settle_in(store.dead_letters, letter, is_retry=is_retry):
            # Somebody else was quicker.
            raise _missing(name)
        return letter


async def _settle_all(letters: "tuple[DeadLetter, ...]", *, is_retry: bool) -> int:
    """Settle the oldest first, so that a session's messages come back in their order."""
    async with operators_store() as store:
        return sum([await _settle_in(store.dead_letters, letter, is_retry=is_retry) for letter in reversed(letters)])


async def _settle_in(letters: "DeadLetters", letter: "DeadLetter", *, is_retry: bool) -> bool:
    return await (letters.retry(letter.letter_id) if is_retry else letters.drop(letter.letter_id))


async def _letters(limit: int) -> "tuple[DeadLetter, ...]":
    async with operators_store() as store:
        return await store.dead_letters.list(limit=limit)


async def _find(name: str) -> "DeadLetter":
    async with operators_store() as store:
        return await _found(store.dead_letters, name)


async def _found(letters: "DeadLetters", name: str) -> "DeadLetter":
    from threadkeep.runtime.letters import find_letter  # noqa: PLC0415 - `--help` stays quick

    letter = await find_letter(letters, name)
    if letter is None:
        raise _missing(name)
    return letter


def _missing(name: str) -> ConfigError:
    return ConfigError(f"There is no dead letter {name!r}. See those that there are: threadkeep dead list")


def _reference(letter: "DeadLetter") -> str:
    from threadkeep.runtime.letters import reference_of  # noqa: PLC0415 - `--help` stays quick

    return reference_of(letter)


def _document(letter: "DeadLetter", *, has_text: bool) -> LetterDocument:
    messages: list[SaidMessage] = []
    for event in letter.events:
        said = SaidMessage(message=str(event.key), user=str(event.user), speaker=event.speaker, sent_at=event.sent_at)
        if has_text:
            said["text"] = event.text
        messages.append(said)
    return LetterDocument(
        id=letter.letter_id,
        reference=_reference(letter),
        session_id=letter.session_id,
        reason=letter.reason,
        attempts=letter.attempts,
        died_at=letter.died_at,
        messages=messages,
    )


def _row(letter: "DeadLetter") -> tuple[str, ...]:
    return (
        _reference(letter),
        moment(letter.died_at),
        str(letter.attempts),
        str(len(letter.events)),
        letter.reason,
        printable(letter.session_id),
    )


def _lines(letter: "DeadLetter", *, has_text: bool) -> list[str]:
    lines = [
        f"Reference  {_reference(letter)} (id {letter.letter_id})",
        f"Session    {printable(letter.session_id)}",
        f"Given up   {moment(letter.died_at)}, after {counted(letter.attempts, 'attempt')}: {letter.reason}",
    ]
    for event in letter.events:
        said_at = f", {moment(event.sent_at)}" if event.sent_at else ""
        lines.append(f"Message    {printable(str(event.key))}")
        lines.append(f"           by {printable(event.speaker)} ({printable(str(event.user))}){said_at}")
        if has_text:
            lines.extend(f"           | {line}" for line in map(printable, event.text.split("\n")))
    return lines
