"""A run that waits for people: what they press and say becomes decisions, and what is asked is shown."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from threadkeep.agent.asking import DECISION, QUESTION, Questions
from threadkeep.agent.questions import REFERENCE, Question
from threadkeep.agent.questions_json import encode_decision
from threadkeep.chat.adapter import Adapter, Whispers
from threadkeep.chat.elements import ANSWER
from threadkeep.chat.events import ActionPressed, Addressing, MessageReceived, StopRequested
from threadkeep.chat.policy import count_asked
from threadkeep.errors import ConfigError, PlatformError
from threadkeep.runs import Decision
from threadkeep.runtime.commands import NEW, is_quick
from threadkeep.runtime.journal import RunJournal, until_stored
from threadkeep.runtime.presser import with_roles
from threadkeep.stores.base import Claim, Control
from threadkeep.stores.presses import Press, read_presses

_log = structlog.get_logger(__name__)

_EARLIER: Final = "earlier:"
_WHISPER_SECONDS: Final = 3.0
_RECHECK_SECONDS: Final = 7 * 24 * 3600.0
OVER: Final = "This is over: nothing was changed."
"""What is whispered to somebody who presses what has no meaning any more."""


class People:
    """Settles what people are asked in one run.

    Args:
        claim: The run.
        journal: Where its steps are recorded.
        control: Takes messages that are answers into the run.
        adapter: The platform.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self, claim: Claim, *, journal: RunJournal, control: Control, adapter: Adapter, clock: Callable[[], float]
    ) -> None:
        self._claim = claim
        self._journal = journal
        self._control = control
        self._adapter = adapter
        self._clock = clock
        self._questions = Questions(journal, None, can_wait=True)
        self._events = list(claim.events)
        self._presses = read_presses(claim.steps)
        self.has_settled = False
        """Whether something was decided since the last attempt."""

    @property
    def is_asked(self) -> bool:
        """Whether the run has asked something before."""
        return any(name.startswith(QUESTION) for name in self._journal.steps)

    @property
    def open(self) -> tuple[Question, ...]:
        """What nobody has decided."""
        return self._questions.open

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided."""
        return self._questions.decisions

    @property
    def claim(self) -> Claim:
        """The claim, its events in the order in which the store has them now."""
        return replace(self._claim, events=tuple(self._events))

    @property
    def asked(self) -> tuple[MessageReceived, ...]:
        """The messages that the run takes and that are no answers to it."""
        answers = {decision.source for decision in self.decisions} if self.is_asked else set()
        return tuple(event for event in self._events[: self._journal.taken] if str(event.key) not in answers)

    @property
    def waiting(self) -> int:
        """How many messages wait for the next run."""
        return count_asked(self._events[self._journal.taken :])

    @property
    def asides(self) -> tuple[MessageReceived, ...]:
        """The waiting commands that need not wait until people have decided."""
        return tuple(event for event in self._events[self._journal.taken :] if is_quick(event))

    @property
    def is_withdrawn(self) -> bool:
        """Whether somebody begins a new conversation, in which nobody waits for a decision any more."""
        return any(event.command == NEW for event in self._events[self._journal.taken :])

    @property
    def handled(self) -> tuple[str, ...]:
        """The names of the presses that were dealt with."""
        return tuple(press.step for press in self._presses)

    @property
    def seconds(self) -> float:
        """How long to wait for people until somebody must look again."""
        if self.is_withdrawn:
            return 0.0
        ends = [question.expires_at for question in self.open if question.expires_at]
        return max(0.0, min(ends) - self._clock()) if ends else _RECHECK_SECONDS

    async def settle(self) -> None:
        """Record what people have decided since the last attempt, and what they have not in time.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        if not self.is_asked:
            return
        decided: dict[str, Decision] = {}
        questions = self.open
        whispers: list[tuple[Press, str]] = []
        for press in self._presses:
            known = replace(press, event=await with_roles(press.event, questions, self._adapter))
            whispers.append((known, self._hear(known, decided)))
        self._read(decided)
        now = self._clock()
        for question in self._left(decided):
            if question.expires_at and question.expires_at <= now:
                decided[question.id] = question.expired(now)
        if decided:
            self.has_settled = True
            await self._journal.record({DECISION + name: encode_decision(one) for name, one in decided.items()})
        await self._pull_answers()
        for press, words in whispers:
            if words:
                await whisper(self._adapter, press.event, words)

    def drop(self, event: MessageReceived) -> None:
        """Forget a waiting message that was answered beside the run."""
        self._events.remove(event)

    async def note_earlier(self) -> None:
        """Record which messages were said before a question is shown: they are no answers to it.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        new = [one.id for one in self.open if one.takes_text and _EARLIER + one.id not in self._journal.steps]
        if not new:
            return
        lease = self._claim.lease
        waiting = await until_stored(lambda: self._control.waiting(lease), what="waiting")
        keys = json.dumps([str(event.key) for event in waiting[self._journal.taken :]])
        await self._journal.record({_EARLIER + name: keys for name in new})

    def _left(self, decided: dict[str, Decision]) -> list[Question]:
        return [question for question in self.open if question.id not in decided]

    def _hear(self, press: Press, decided: dict[str, Decision]) -> str:
        """Take a press; give what is to be said to who pressed, if anything."""
        event = press.event
        reference, _, name = event.action.removeprefix(ANSWER).partition(".")
        if not event.action.startswith(ANSWER) or reference != self._claim.run_id[:REFERENCE]:
            return OVER
        question = next((one for one in self._left(decided) if one.id == name), None)
        if question is None:
            known = decided.get(name) or next((one for one in self.decisions if one.question_id == name), None)
            return _known_line(known, str(event.user))
        if _is_late(question, press.at):
            return OVER
        if not question.may_be_decided_by(str(event.user), event.roles):
            return f"Only {question.asked_name or 'others'} may decide this."
        try:
            choice = question.pressed(event.value)
            text = _words(event.fields)
            decided[name] = question.decide(
                "" if choice is None else choice.value,
                text=text,
                user_id=str(event.user),
                speaker=event.speaker,
                at=press.at,
            )
        except (LookupError, ConfigError) as error:
            _log.info("press_not_understood", action=event.action, error=type(error).__name__)
            return "This answer cannot be used: please try again."
        return ""

    def _read(self, decided: dict[str, Decision]) -> None:
        """Take what the people who were asked have said since."""
        for event in self._events[self._journal.taken :]:
            if event.command is not None or event.addressing is Addressing.OTHERS or not event.text.strip():
                continue
            question = next((one for one in self._left(decided) if self._is_answer(event, one)), None)
            if question is not None:
                decision = question.decide(
                    text=event.text, user_id=str(event.user), speaker=event.speaker, at=self._clock()
                )
                decided[question.id] = replace(decision, source=str(event.key))

    def _is_answer(self, event: MessageReceived, question: Question) -> bool:
        earlier = self._journal.steps.get(_EARLIER + question.id)
        if not question.takes_text or earlier is None or _is_late(question, event.sent_at):
            return False
        if not question.may_be_decided_by(str(event.user)):
            return False
        return str(event.key) not in json.loads(earlier)

    async def _pull_answers(self) -> None:
        """Take the messages that were answers into the run; also those of an attempt that ended before it could."""
        lease = self._claim.lease
        answers = {decision.source for decision in self.decisions if decision.source is not None}
        for event in self._events[self._journal.taken :]:
            key = str(event.key)
            if key not in answers:
                continue
            await until_stored(lambda key=key: self._control.pull(lease, key), what="pull")  # type: ignore[misc]
            self._events.remove(event)
            self._events.insert(self._journal.taken, event)
            self._journal.note_taken(self._journal.taken + 1)


async def whisper(adapter: Adapter, event: ActionPressed | StopRequested, text: str) -> None:
    """Tell who pressed something what became of it, where the platform can."""
    if not isinstance(adapter, Whispers):
        return
    try:
        async with asyncio.timeout(_WHISPER_SECONDS):
            await adapter.whisper(event.place, event.user, text)
    except (PlatformError, TimeoutError) as error:
        _log.info("not_whispered", error=type(error).__name__)


def _is_late(question: Question, at: float) -> bool:
    """Tell whether something came after the end of a question, though nobody has looked since."""
    return bool(question.expires_at) and at > question.expires_at


def _known_line(decision: Decision | None, user_id: str) -> str:
    if decision is None or decision.is_expired:
        return OVER
    # A second click of the same person says nothing new.
    return "" if decision.user_id == user_id else f"{decision.speaker or 'Somebody'} has decided this already."


def _words(fields: Mapping[str, str]) -> str:
    filled = {name: text.strip() for name, text in fields.items() if text.strip()}
    if len(filled) == 1:
        return next(iter(filled.values()))
    return "\n".join(f"{name}: {text}" for name, text in filled.items())
