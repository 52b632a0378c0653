"""``threadkeep sessions``: the conversations of a bot, and what people think of its answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from threadkeep.cli.output import moment, operators_store, print_json, print_table, printable
from threadkeep.errors import ConfigError

if TYPE_CHECKING:
    from threadkeep.runs import Run
    from threadkeep.sessions import Session
    from threadkeep.stores.base import Feedback, Store, Transcript

sessions = typer.Typer(
    help="List the conversations, or show one: its runs, what they cost, and what people think of them.",
    no_args_is_help=True,
)

_SECONDS = 90 * 24 * 3600.0
_REFERENCE_LENGTH = 8

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WithText = Annotated[bool, typer.Option("--text", help="Show titles and what was said, too.")]


@sessions.command("list")
def list_sessions(
    *,
    user: Annotated[str | None, typer.Option(help="Only those of this person: slack:T123:U123.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the latest first.")] = 50,
    with_text: WithText = False,
    as_json: AsJson = False,
) -> None:
    """List them, the latest first."""
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    found = asyncio.run(_sessions(user, limit))
    if as_json:
        print_json([_document(session, has_text=with_text) for session in found])
    elif not found:
        typer.echo("There are no conversations." if user is None else f"There are no conversations of {user!r}.")
    else:
        head = ("LAST RUN", "RUNS", "PEOPLE", "SESSION", *(("TITLE",) if with_text else ()))
        print_table([head, *(_row(session, has_text=with_text) for session in found)])


@sessions.command("show")
def show(
    session_id: Annotated[str, typer.Argument(metavar="SESSION", help="Its id: slack:T123:C123:1700000000.000100.")],
    *,
    runs: Annotated[int, typer.Option(min=1, max=1000, help="How many of its last runs.")] = 20,
    with_text: WithText = False,
    as_json: AsJson = False,
) -> None:
    """Show a conversation's last runs and its feedback."""
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    transcript, feedback = asyncio.run(_read(session_id, runs))
    if as_json:
        document = _document(transcript.session, has_text=with_text)
        document["runs"] = [_run_document(run, has_text=with_text) for run in transcript.runs]
        document["feedback"] = [_feedback_document(one, has_text=with_text) for one in feedback]
        print_json(document)
        return
    for line in _lines(transcript, feedback, has_text=with_text):
        typer.echo(line)


async def _sessions(user: str | None, limit: int) -> "list[Session]":
    async with operators_store() as store:
        if user is not None:
            return list(await store.history.sessions(user, limit=limit))
        found = [await store.history.load(session_id, runs=0) for session_id in await _latest(store, limit)]
        return [transcript.session for transcript in found if transcript is not None]


async def _latest(store: "Store", limit: int) -> list[str]:
    import time  # noqa: PLC0415 - `--help` stays quick

    from threadkeep.runtime.loading import adapter_names  # noqa: PLC0415

    since = time.time() - _SECONDS
    known = [
        one for platform in adapter_names() for one in await store.places.recent(platform, since=since, limit=limit)
    ]
    known.sort(key=lambda one: one.seen_at, reverse=True)
    return [str(one.place.session) for one in known[:limit]]


async def _read(session_id: str, runs: int) -> "tuple[Transcript, tuple[Feedback, ...]]":
    async with operators_store() as store:
        transcript = await store.history.load(session_id, runs=runs)
        if transcript is None:
            raise ConfigError(
                f"There is no conversation {session_id!r}. See those that there are: threadkeep sessions list"
            )
        return transcript, await store.history.feedback(session_id)


def _row(session: "Session", *, has_text: bool) -> tuple[str, ...]:
    cells = (
        moment(session.updated_at) if session.run_count else "-",
        str(session.run_count),
        str(len(session.user_ids)),
        printable(session.session_id),
    )
    return (*cells, printable(session.name or "-")) if has_text else cells


def _lines(transcript: "Transcript", feedback: "tuple[Feedback, ...]", *, has_text: bool) -> Iterator[str]:
    session = transcript.session
    yield f"Session  {printable(session.session_id)}"
    if has_text and session.name:
        yield f"Title    {printable(session.name)}"
    yield f"Began    {moment(session.created_at)}"
    yield f"Runs     {session.run_count}"
    for user in session.user_ids:
        yield f"Person   {printable(user)}"
    for run in transcript.runs:
        yield ""
        yield from _run_lines(run, has_text=has_text)
    if feedback:
        yield ""
    for one in feedback:
        message, user = printable(one.message.message), printable(str(one.user))
        yield f"{moment(one.given_at)}  {_rating(one)} for {message} by {user}"
        if has_text and one.comment:
            yield from _said(one.comment)


def _run_lines(run: "Run", *, has_text: bool) -> Iterator[str]:
    metrics = run.metrics
    what = f"!{run.command}" if run.command else "answer"
    who = f" to {printable(run.user_id)}" if run.user_id else ""
    cost = f", {metrics.input_tokens} tokens in, {metrics.output_tokens or 0} out" if metrics.input_tokens else ""
    error = f" ({run.error})" if run.error else ""
    yield f"{moment(run.created_at)}  {run.run_id[:_REFERENCE_LENGTH]}  {what}{who}: {run.status.value}{error}{cost}"
    if has_text:
        for message in run.messages:
            if message.content and message.role.value == "user":
                yield from _said(message.content)
        if run.content:
            yield from _said(run.content, mark=">")


def _said(text: str, *, mark: str = "|") -> Iterator[str]:
    return (f"  {mark} {line}" for line in map(printable, text.split("\n")))


def _rating(feedback: "Feedback") -> str:
    return {1: "good", -1: "bad"}.get(feedback.rating, "taken back")


def _document(session: "Session", *, has_text: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "session_id": session.session_id,
        "users": list(session.user_ids),
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "run_count": session.run_count,
    }
    return document | ({"title": session.name} if has_text else {})


def _run_document(run: "Run", *, has_text: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "run_id": run.run_id,
        "user": run.user_id,
        "status": run.status.value,
        "error": run.error,
        "command": run.command,
        "replaces": run.replaces,
        "is_boundary": run.is_boundary,
        "created_at": run.created_at,
        "input_tokens": run.metrics.input_tokens,
        "output_tokens": run.metrics.output_tokens,
        "posted": list(run.trace.posted) if run.trace else [],
    }
    said = [{"role": message.role.value, "text": message.content} for message in run.messages]
    return document | ({"messages": said, "content": run.content} if has_text else {})


def _feedback_document(feedback: "Feedback", *, has_text: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "message": str(feedback.message),
        "user": str(feedback.user),
        "rating": feedback.rating,
        "given_at": feedback.given_at,
    }
    return document | ({"comment": feedback.comment} if has_text else {})
