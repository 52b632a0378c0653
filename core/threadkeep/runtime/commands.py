"""Carrying out commands. Each is a run of its session: once, in order, kept, and not shown to the model later."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from threadkeep.agent.handing import AGENT
from threadkeep.agent.history import DELETED, current_runs, live_runs
from threadkeep.agent.loop import AgentRun
from threadkeep.agent.state import STATE, RunState
from threadkeep.agent.window import summary_of
from threadkeep.chat.adapter import Whispers
from threadkeep.chat.commands import Command, CommandContext
from threadkeep.chat.events import MessageReceived
from threadkeep.messages import Message, Role
from threadkeep.runs import Run, RunStatus
from threadkeep.runtime.context import MORE_RUNS, note_on, read_back
from threadkeep.runtime.journal import until_stored
from threadkeep.runtime.linking import Linking
from threadkeep.runtime.order import Mark, Order, SpokenRun
from threadkeep.runtime.remembering import Remembering
from threadkeep.runtime.saying import help_text, unknown_text, usage_text
from threadkeep.runtime.summing import SUMMARY_INSTRUCTIONS, SUMMARY_RUNS, as_transcript
from threadkeep.stores.base import Transcript

USAGE_RUNS: Final = 100
"""How many of a session's last runs are counted."""

NEW: Final = "new"
RETRY: Final = "retry"
_SUMMARY: Final = "summary"
# What is known of a person. What a conversation has cost may be read by all who take part in it.
_OF_THE_ASKER: Final = frozenset({"memory", "forget", "link", "unlink"})


def is_quick(event: MessageReceived) -> bool:
    """Tell whether a message is a command that asks no model and leaves the conversation as it is."""
    return event.command is not None and event.command not in (NEW, RETRY, _SUMMARY)


def is_private(event: MessageReceived, commands: Mapping[str, Command]) -> bool:
    """Tell whether only the asker may see the answer to a message."""
    command = commands.get(event.command or "")
    return event.is_private or (command is not None and command.is_private)


async def begin_command(order: Order) -> tuple[AgentRun | SpokenRun, Mark]:
    """Begin the run of a command.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    mark = partial(_mark, order)
    command = order.command
    if command is None or command.run is not None:
        return SpokenRun(order, partial(_perform_own, order, command)), mark
    if order.name == RETRY:
        return await _begin_retry(order)
    if order.name == _SUMMARY:
        return await _begin_summary(order)
    return SpokenRun(order, partial(_perform, order)), mark


def _mark(order: Order, run: Run) -> Run:
    is_kept = order.name not in _OF_THE_ASKER
    return replace(
        run,
        command=order.name,
        source=str(order.event.key.original),
        messages=order.talk,
        # What is said of a person's memories is not kept: it would still be there when they are forgotten.
        content=run.content if is_kept else "",
        is_boundary=order.name == NEW and run.status is RunStatus.COMPLETED,
    )


async def _perform(order: Order) -> str:
    if order.name in _OF_THE_ASKER:
        return _elsewhere(order) if _would_be_overheard(order) else await _perform_for_the_asker(order)
    match order.name:
        case "new":
            await _release_agent(order)
            return "A fresh conversation begins here. What was said before stays readable, and I do not look at it."
        case "usage":
            found = await read_back(order.claim, order.store.history, runs=USAGE_RUNS)
            session_id = order.claim.lease.session_id
            charges = await until_stored(lambda: order.store.digests.charges(session_id), what="charges")
            return usage_text(found.runs, charges, most=USAGE_RUNS, total=found.session.run_count)
        case _:
            return help_text(order.settings.commands.values(), order.settings.description)


async def _perform_for_the_asker(order: Order) -> str:
    match order.name:
        case "memory":
            return await _remembering(order).listed()
        case "forget":
            return await _remembering(order).forget(order.text)
        case "link":
            return await _linking(order).link(order.text)
        case _:
            return await _linking(order).unlink()


async def _perform_own(order: Order, command: Command | None) -> str:
    if command is None or command.run is None:
        return unknown_text(order.name)
    if command.is_private and _would_be_overheard(order):
        return _elsewhere(order)
    event, claim = order.event, order.claim
    found = Transcript(session=claim.session, runs=claim.runs, amendments=claim.amendments)
    context = CommandContext(
        run_id=claim.run_id,
        place=event.place,
        user=event.user,
        speaker=event.speaker,
        session=claim.session,
        runs=live_runs(current_runs(found)),
    )
    return await command.run(context, order.text)


async def _release_agent(order: Order) -> None:
    """Let the route say again which agent of the bot answers."""
    state = RunState(order.claim.session.state)
    state.values.pop(AGENT, None)
    changes = state.changes()
    if changes is not None:
        await order.journal.record({STATE: changes})


def _remembering(order: Order) -> Remembering:
    return Remembering(order.store, str(order.event.user), journal=order.journal)


def _linking(order: Order) -> Linking:
    return Linking(order.store, order.event.user, run_id=order.claim.run_id, journal=order.journal)


def _would_be_overheard(order: Order) -> bool:
    event = order.event
    return event.place.is_shared and not event.is_private and not isinstance(order.adapter, Whispers)


def _elsewhere(order: Order) -> str:
    return f"Others would read that here. Send me `!{order.name}` in a direct message."


async def _begin_retry(order: Order) -> tuple[AgentRun | SpokenRun, Mark]:
    shown = order.agent.needed_runs
    found = await read_back(order.claim, order.store.history, runs=shown + MORE_RUNS)
    answered = [run for run in live_runs(current_runs(found)) if run.command in (None, RETRY)]
    last = answered[-1] if answered else None
    question = _words(last)
    if last is None or not question:
        return _say(order, "There is no question here that I could answer again.")
    if last.user_id != str(order.event.user):
        return _say(order, "The last question was somebody else's: only they can have it answered again.")
    # Of those that are live: without the last one, the answers that it replaces would be shown again.
    earlier = replace(found, runs=tuple(run for run in live_runs(found.runs) if run.run_id != last.run_id))
    request = order.request((*order.talk, *question), note_on(order.event))
    return order.begin(request, earlier), partial(_mark_retry, order, last.run_id)


def _words(run: Run | None) -> tuple[Message, ...]:
    messages = () if run is None else run.messages
    return tuple(message for message in messages if message.role is Role.USER and message.content != DELETED)


def _mark_retry(order: Order, replaced: str, run: Run) -> Run:
    marked = replace(run, command=RETRY, source=str(order.event.key.original))
    if run.status is RunStatus.COMPLETED or run.content:
        return replace(marked, replaces=replaced)
    # The earlier answer stays where there is no other.
    return replace(marked, messages=order.talk)


async def _begin_summary(order: Order) -> tuple[AgentRun | SpokenRun, Mark]:
    found = await _unsummarised(order)
    known = "" if order.agent.summary is None else summary_of(found)
    said = as_transcript(
        live_runs(current_runs(found)), order.talk, is_shared=order.event.place.is_shared, summary=known
    )
    if not said:
        return _say(order, "Nothing has been said here yet.")
    request = order.request((Message(role=Role.USER, content=said),), SUMMARY_INSTRUCTIONS)
    return order.begin(request, None, is_bare=True), partial(_mark, order)


async def _unsummarised(order: Order) -> Transcript:
    """Read what the rolling summary does not cover, of this the latest; without one, the last runs."""
    if order.agent.summary is None or not order.claim.session.summarised:
        return await read_back(order.claim, order.store.history, runs=SUMMARY_RUNS)
    most = max(SUMMARY_RUNS, order.agent.most_runs)
    return await read_back(order.claim, order.store.history, runs=0, most_runs=most)


def _say(order: Order, text: str) -> tuple[AgentRun | SpokenRun, Mark]:
    async def speak() -> str:
        return text

    return SpokenRun(order, speak), partial(_mark, order)
