"""Tell what happened to a message: the facts in order, each as one line, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from threadkeep.agent.asking import DECISION, QUESTION
from threadkeep.chat.adapter import Acceptance
from threadkeep.messages import Message
from threadkeep.runs import Decision, Metrics, Run, RunStatus
from threadkeep.runtime.explaining import MessageFacts
from threadkeep.runtime.view import REFERENCE_LENGTH, decision_line
from threadkeep.stores.operations import Mailbox, MessageTrace


class Verdict(StrEnum):
    """What came of a message."""

    ANSWERED = "answered"
    CONTEXT = "context"
    """It was not addressed to the bot; the model was or will be shown it."""
    STOPPED = "stopped"
    FAILED = "failed"
    DEAD = "dead"
    """It could not be answered after all attempts, and is kept as a dead letter."""
    RUNNING = "running"
    WAITING = "waiting"
    REFUSED = "refused"
    """Too much waited in its conversation."""
    IGNORED = "ignored"
    """It asked to stop where nothing was being answered."""
    DELETED = "deleted"
    """It was deleted before it was answered."""
    PASSED = "passed"
    """It was accepted, and is in no run that is kept."""
    REPLY = "reply"
    """It is the bot's own."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened.

    Attributes:
        what: Its kind, in one word.
        text: What it was, for people.
        at: When, in seconds since the epoch; None where only the order is known.
    """

    what: str
    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to a message.

    Attributes:
        verdict: What came of it.
        summary: The same for people, in a sentence.
        happenings: What happened, in order.
    """

    verdict: Verdict
    summary: str
    happenings: tuple[Happening, ...]


def tell(facts: MessageFacts, *, now: float) -> Story:
    """Put facts into words.

    Args:
        facts: What is known of the message.
        now: The time, in seconds since the epoch.
    """
    verdict = judge(facts)
    happenings = [*_arrival(facts.trace)]
    runs = facts.runs or (() if facts.reply_of is None else (facts.reply_of,))
    for run in runs:
        happenings.extend(_of_run(run))
    happenings.extend(_aftermath(facts, now))
    return Story(verdict=verdict, summary=_summary(verdict, facts, now), happenings=tuple(happenings))


def judge(facts: MessageFacts) -> Verdict:
    """Tell what came of a message."""
    is_context = facts.trace is not None and facts.trace.acceptance is Acceptance.KEPT
    if facts.is_waiting and not is_context:
        return Verdict.RUNNING if _is_being_answered(facts) else Verdict.WAITING
    if facts.letter is not None:
        return Verdict.DEAD
    if facts.runs and not is_context:
        return _VERDICTS[facts.runs[-1].status]
    if is_context:
        return Verdict.CONTEXT
    return _without_run(facts)


def _without_run(facts: MessageFacts) -> Verdict:
    if facts.reply_of is not None:
        return Verdict.REPLY
    if facts.trace is None:
        return Verdict.UNKNOWN
    if facts.trace.acceptance in _WITHOUT_EFFECT:
        return _WITHOUT_EFFECT[facts.trace.acceptance]
    return Verdict.PASSED if facts.deletion is None else Verdict.DELETED


def _is_being_answered(facts: MessageFacts) -> bool:
    mailbox = facts.mailbox
    return mailbox is not None and mailbox.worker is not None and str(facts.key) in mailbox.taken


_WITHOUT_EFFECT = {Acceptance.FULL: Verdict.REFUSED, Acceptance.IGNORED: Verdict.IGNORED}
_VERDICTS = {
    RunStatus.COMPLETED: Verdict.ANSWERED,
    RunStatus.CANCELLED: Verdict.STOPPED,
    RunStatus.FAILED: Verdict.FAILED,
}


def _summary(verdict: Verdict, facts: MessageFacts, now: float) -> str:
    mailbox = facts.mailbox or Mailbox()
    match verdict:
        case Verdict.RUNNING:
            return f"It is being answered by {mailbox.worker}, attempt {mailbox.attempt}.{_lapsed(mailbox, now)}"
        case Verdict.WAITING:
            return f"It still waits{_waiting_for(str(facts.key), mailbox, now)}."
        case Verdict.PASSED if facts.passed_by is not None:
            return _passed(facts.passed_by)
        case Verdict.FAILED:
            return f"It was answered with a line that something went wrong (reference {_reference(_last(facts))})."
        case Verdict.DEAD:
            reference = "" if facts.letter is None else _reference(facts.letter.run_id)
            return f"It could not be answered. Try again: threadkeep dead retry {reference}"
        case _:
            return _SUMMARIES[verdict]


_SUMMARIES = {
    Verdict.ANSWERED: "It was answered.",
    Verdict.CONTEXT: "It was not addressed to the bot: it is context for the next answer, and not answered itself.",
    Verdict.STOPPED: "Its answer was stopped.",
    Verdict.REFUSED: "It was refused: too much waited in its conversation.",
    Verdict.IGNORED: "It asked to stop, and nothing was being answered.",
    Verdict.DELETED: "It was deleted before it was answered.",
    Verdict.PASSED: (
        "It was accepted, does not wait any more, and is in no run that is kept: it asked to stop, its session was "
        "deleted, or it came while a run was made under the policy `drop`."
    ),
    Verdict.REPLY: "It is the bot's own message.",
    Verdict.UNKNOWN: (
        "Nothing is known of it. Either the platform never delivered it to this bot; or it was not for the bot: "
        "said by a bot, or in a place where the bot takes no part; or it came more than 26 hours ago and is in no "
        "run that is kept; or the bot uses another store than this one."
    ),
}


def _passed(run: Run) -> str:
    reference = _reference(run.run_id)
    if run.status is RunStatus.CANCELLED:
        return f"It came during the run {reference}, which was stopped: it asked for that, and is not answered."
    return (
        f"It came during the run {reference} and was not answered: under the policy `drop` what comes during a run is "
        "not."
    )


def _arrival(trace: MessageTrace | None) -> Iterator[Happening]:
    if trace is None:
        return
    text = {
        Acceptance.ACCEPTED: "received, stored to be answered",
        Acceptance.KEPT: "received, kept as context",
        Acceptance.FULL: "received, refused: too much waited",
        Acceptance.IGNORED: "received: there was nothing to stop",
    }.get(trace.acceptance, f"received: {trace.acceptance.value}")
    yield Happening(what="received", text=text, at=trace.accepted_at)
    if trace.deliveries > 1:
        again = _count(trace.deliveries - 1, "time")
        yield Happening(what="duplicate", text=f"delivered {again} more; it is answered once all the same")
    if trace.waiting_before and trace.acceptance is Acceptance.ACCEPTED:
        yield Happening(what="queued", text=f"queued behind {_count(trace.waiting_before, 'message')}")


def _of_run(run: Run) -> Iterator[Happening]:
    trace = run.trace
    # A command answers itself, whatever was said before it and goes with it.
    answered = 1 if run.command else sum(message.source is not None for message in run.messages)
    together = f", which answers {_count(answered, 'message')} together" if answered > 1 else ""
    command = f", the command {run.command}" if run.command else ""
    start = f"run {_reference(run.run_id)}{command}{together}"
    if trace is not None:
        text = f"claimed by {trace.worker}, attempt {trace.attempt}: {start}"
        yield Happening(what="claimed", text=text, at=trace.claimed_at)
    else:
        yield Happening(what="claimed", text=start, at=run.created_at)
    if run.metrics.model_calls:
        yield Happening(what="model", text=_model(run.metrics))
    yield from _tools(run.messages)
    for decision in run.decisions:
        yield Happening(what="decided", text=_decided(decision), at=decision.at)
    if trace is not None and trace.posted:
        yield Happening(what="posted", text=f"posted as {', '.join(trace.posted)}")
    yield Happening(what=run.status.value, text=_ending(run), at=None if trace is None else trace.finished_at)


def _model(metrics: Metrics) -> str:
    text = f"the model was asked {_count(metrics.model_calls, 'time')}"
    if metrics.input_tokens is not None:
        cached = f", {metrics.cached_tokens} of them cached" if metrics.cached_tokens else ""
        text += f": {metrics.input_tokens} tokens in{cached}, {metrics.output_tokens or 0} out"
    if metrics.time_to_first_token is not None:
        text += f"; first text after {metrics.time_to_first_token:.2f} s"
    return text


def _tools(messages: tuple[Message, ...]) -> Iterator[Happening]:
    failed = {message.tool_call_id for message in messages if message.is_error}
    for message in messages:
        for call in message.tool_calls:
            yield Happening(what="tool", text=f"tool {call.name} {'failed' if call.id in failed else 'finished'}")


def _decided(decision: Decision) -> str:
    asked = " ".join(decision.question.replace("`", "").split())
    who = f" ({decision.user_id})" if decision.user_id else ""
    reason = f" ({decision.text})" if decision.text and decision.choice else ""
    return f"{decision_line(decision)}{who}{reason}, asked: {asked}"


def _ending(run: Run) -> str:
    error = f": {run.error}" if run.error else ""
    reference = f", reference {_reference(run.run_id)}" if run.status is RunStatus.FAILED else ""
    return f"{run.status.value}{error}{reference}, after {run.metrics.duration:.2f} s"


def _aftermath(facts: MessageFacts, now: float) -> Iterator[Happening]:
    letter, mailbox = facts.letter, facts.mailbox
    if letter is not None:
        text = f"given up after {_count(letter.attempts, 'attempt')}: {letter.reason}"
        yield Happening(what="dead", text=text, at=letter.died_at)
    if facts.is_edited:
        yield Happening(what="edited", text="edited later: the history shows the edit")
    if facts.deletion is not None:
        yield Happening(what="deleted", text="deleted by its author", at=facts.deletion.accepted_at)
    if mailbox is None or not facts.is_waiting:
        return
    if _is_being_answered(facts):
        text = f"claimed by {mailbox.worker}, attempt {mailbox.attempt}: run {_reference(mailbox.run_id or '')}"
        recorded = f"; recorded: {', '.join(mailbox.steps)}" if mailbox.steps else ""
        yield Happening(what="running", text=text + recorded)
    else:
        yield Happening(what="waiting", text=f"waits{_waiting_for(str(facts.key), mailbox, now)}", at=now)


def _waiting_for(name: str, mailbox: Mailbox, now: float) -> str:
    """Say what a message waits for: the run before it, a delay, or a worker."""
    parts = []
    if name in mailbox.waiting and mailbox.waiting.index(name):
        parts.append(f"behind {_count(mailbox.waiting.index(name), 'message')}")
    if mailbox.worker is not None:
        parts.append(f"for the end of the run by {mailbox.worker}{_lapsed(mailbox, now)}")
    elif _open_questions(mailbox):
        parts.append(f"until people have decided {_count(_open_questions(mailbox), 'question')} of its run")
    elif mailbox.due_at is not None and mailbox.due_at > now:
        parts.append(f"{mailbox.due_at - now:.0f} s for attempt {mailbox.attempt + 1}, since the last one failed")
    elif mailbox.attempt:
        parts.append(f"for a worker that makes attempt {mailbox.attempt + 1}, since the last one was handed back")
    else:
        parts.append("for a worker that is free")
    return f" {', '.join(parts)}"


def _open_questions(mailbox: Mailbox) -> int:
    """Count what the run asks and nobody has decided."""
    asked = {name.removeprefix(QUESTION) for name in mailbox.steps if name.startswith(QUESTION)}
    return len(asked - {name.removeprefix(DECISION) for name in mailbox.steps if name.startswith(DECISION)})


def _lapsed(mailbox: Mailbox, now: float) -> str:
    is_lapsed = mailbox.due_at is not None and mailbox.due_at < now
    return " (Its lease has lapsed: it is gone, and no worker has taken over yet.)" if is_lapsed else ""


def _last(facts: MessageFacts) -> str:
    return facts.runs[-1].run_id if facts.runs else ""


def _reference(run_id: str) -> str:
    return run_id[:REFERENCE_LENGTH]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
