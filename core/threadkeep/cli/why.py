"""``threadkeep why``: what happened to one message."""

from typing import TYPE_CHECKING, Annotated

import typer

from threadkeep.cli.output import moment, operators_store, print_json, printable

if TYPE_CHECKING:
    from threadkeep.runtime.explaining import MessageFacts
    from threadkeep.runtime.story import Story
    from threadkeep.runtime.subjects import Subject


def why(
    message: Annotated[
        str,
        typer.Argument(metavar="MESSAGE", help="A link to it, its key, or the reference that people were shown."),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what happened to a message: received, queued, claimed, model, tools, posted, or why not.

    What was said is not shown. Exit status 1 if nothing is known of the message.
    """
    import asyncio  # noqa: PLC0415 - `--help` stays quick
    import time  # noqa: PLC0415

    from threadkeep.errors import ConfigError  # noqa: PLC0415
    from threadkeep.runtime.story import Verdict, tell  # noqa: PLC0415
    from threadkeep.runtime.subjects import read_subject  # noqa: PLC0415

    facts = asyncio.run(_ask(read_subject(message)))
    if facts is None:
        raise ConfigError(f"No run of the last 7 days has the reference {message}. A link to the message tells more.")
    story = tell(facts, now=time.time())
    if as_json:
        print_json(_document(facts, story))
    else:
        _print(facts, story)
    if story.verdict is Verdict.UNKNOWN:
        raise typer.Exit(1)


async def _ask(subject: "Subject") -> "MessageFacts | None":
    import time  # noqa: PLC0415 - `--help` stays quick

    from threadkeep.runtime.explaining import Inquiry  # noqa: PLC0415
    from threadkeep.runtime.loading import adapter_names  # noqa: PLC0415

    async with operators_store() as store:
        return await Inquiry(store, platforms=adapter_names(), clock=time.time).facts(subject)


def _print(facts: "MessageFacts", story: "Story") -> None:
    typer.echo(f"Message  {printable(str(facts.key))}")
    if facts.session_id is not None:
        typer.echo(f"Session  {printable(facts.session_id)}")
    typer.echo("")
    width = max((len(moment(one.at)) for one in story.happenings if one.at is not None), default=0)
    for one in story.happenings:
        at = "" if one.at is None else moment(one.at)
        typer.echo(f"{at.ljust(width)}  {printable(one.text)}")
    if story.happenings:
        typer.echo("")
    typer.echo(printable(story.summary))


def _document(facts: "MessageFacts", story: "Story") -> dict[str, object]:
    runs = facts.runs or (() if facts.reply_of is None else (facts.reply_of,))
    return {
        "message": str(facts.key),
        "session_id": facts.session_id,
        "verdict": story.verdict.value,
        "summary": story.summary,
        "happened": [{"what": one.what, "at": one.at, "text": one.text} for one in story.happenings],
        "runs": [
            {
                "run_id": run.run_id,
                "status": run.status.value,
                "error": run.error,
                "worker": run.trace and run.trace.worker,
                "attempt": run.trace and run.trace.attempt,
                "claimed_at": run.trace and run.trace.claimed_at,
                "finished_at": run.trace and run.trace.finished_at,
                "posted": run.trace and run.trace.posted,
                "model_calls": run.metrics.model_calls,
                "input_tokens": run.metrics.input_tokens,
                "cached_tokens": run.metrics.cached_tokens,
                "output_tokens": run.metrics.output_tokens,
                "time_to_first_token": run.metrics.time_to_first_token,
                "duration": run.metrics.duration,
            }
            for run in runs
        ],
    }
