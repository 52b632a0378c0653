"""The mailbox against a model of it: any order of accepting, claiming, crashing, lapsing, late writing and deleting.

Nothing here waits: a lapse is made, on Redis by aging the pending entries, on SQLite by the clock.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import (
    ActionPressed,
    Addressing,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Place,
    PlaceKind,
    StopRequested,
)
from threadkeep.errors import LeaseLostError
from threadkeep.messages import Message, Role
from threadkeep.runs import Run
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Amendments, Claim, Lease

_T = TypeVar("_T")
MAX_WAITING, MAX_CLAIMED, MAX_RUNS = 5, 4, 2
DELAY = 500.0
PRESSED = "pressed"

# Drawn unevenly: deep histories of one session find more than shallow ones of two, and rare is what is rare in life.
sessions = st.sampled_from(["A", "A", "A", "B"])
messages = st.sampled_from([f"m{number}" for number in range(30)])
words = st.tuples(messages, st.sampled_from(Addressing))
counts = st.integers(0, MAX_CLAIMED + 1)
sometimes = st.integers(0, 3).map(lambda number: number == 3)
rarely = st.integers(0, 7).map(lambda number: number == 7)


class Mailbox(RuleBasedStateMachine):
    """Every call is made on the store and on the model, and what comes back is compared."""

    leases = Bundle("leases")

    def __init__(self, lab: Any, new_conversation: Any, runner: asyncio.Runner) -> None:
        super().__init__()
        self.lab = lab
        self.new_conversation = new_conversation
        self.runner = runner
        self.inbox, self.control, self.letters = lab.store.inbox, lab.store.control, lab.store.dead_letters
        self.conversations: dict[str, Any] = {}
        self.seen: dict[tuple[str, str], bool] = {}
        self.deleted: set[tuple[str, str]] = set()
        self.dead: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        self.stops: dict[str, str] = {}
        self.made = 0
        self.fence = 0

    def do(self, call: Coroutine[Any, Any, _T]) -> _T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.do(self.lab.close())

    def known(self, lease: Lease) -> Any:
        """Give the conversation of a lease that holds; None if it is lost."""
        known = self.conversations.get(SessionKey.parse(lease.session_id).channel)
        return known if known is not None and known.is_held and known.fence == lease.fence else None

    def new_name(self) -> str:
        self.made += 1
        return f"n{self.made}"

    @initialize()
    def begin(self) -> None:
        assert self.do(self.inbox.claim("w", run_id="none", runs=1)) is None

    @rule(channel=sessions, words=st.lists(words, min_size=1, max_size=6))
    def talk(self, channel: str, words: Sequence[tuple[str, Addressing]]) -> None:
        for message, addressing in words:
            self.accept(channel, message, addressing)

    def accept(self, channel: str, message: str, addressing: Addressing) -> None:
        outcome = self.do(self.inbox.accept(said(channel, message, addressing)))
        assert outcome is self.expect_acceptance(channel, message, addressing)

    def expect_acceptance(self, channel: str, message: str, addressing: Addressing) -> Acceptance:
        known = self.conversations.get(channel)
        seen = self.seen.get((channel, message))
        is_answerable = addressing is Addressing.BOT or (addressing is Addressing.THREAD and known is not None)
        if seen or (seen is not None and not is_answerable):
            return Acceptance.DUPLICATE
        if known is None and not is_answerable:
            return Acceptance.IGNORED
        if not is_answerable:
            known.keep(message)
            self.seen[channel, message] = False
            return Acceptance.KEPT
        if known is not None and known.waiting >= MAX_WAITING:
            return Acceptance.FULL
        self.conversations.setdefault(channel, self.new_conversation()).ask(message)
        self.seen[channel, message] = True
        return Acceptance.ACCEPTED

    def some_message(self, channel: str, place: int, *, is_context: bool = False) -> str | None:
        known = self.conversations.get(channel)
        waiting = [item.message for item in known.items if not (is_context and item.is_answerable)] if known else []
        return waiting[place % len(waiting)] if waiting else None

    @rule(channel=sessions, place=st.integers(0, 9))
    def mention(self, channel: str, place: int) -> None:
        """Deliver a message that waits as context once more, addressed to the bot."""
        message = self.some_message(channel, place, is_context=True)
        if message is not None:
            self.accept(channel, message, Addressing.BOT)

    @rule(channel=sessions, place=st.integers(0, 9), message=st.none() | messages)
    def edit(self, channel: str, place: int, message: str | None) -> None:
        """Edit what waits, or any message."""
        message = message or self.some_message(channel, place) or "m0"
        event = edited(channel, message, self.new_name())
        outcome = self.do(self.inbox.accept(event))
        known = self.conversations.get(channel)
        assert outcome is (known.amend(message, event.text) if known else Acceptance.IGNORED)
        assert self.do(self.inbox.accept(event)) is (Acceptance.DUPLICATE if known else Acceptance.IGNORED)

    @rule(channel=sessions, place=st.integers(0, 9), message=st.none() | messages)
    def delete_message(self, channel: str, place: int, message: str | None) -> None:
        """Delete what waits, or any message."""
        message = message or self.some_message(channel, place) or "m0"
        outcome = self.do(self.inbox.accept(deleted(channel, message)))
        known = self.conversations.get(channel)
        if (channel, message) in self.deleted:
            assert outcome is Acceptance.DUPLICATE
        elif known is None:
            assert outcome is Acceptance.IGNORED
        else:
            self.deleted.add((channel, message))
            assert outcome is known.amend(message, None)
            self.flush()

    @rule(channel=sessions, is_again=sometimes)
    def stop(self, channel: str, is_again: bool) -> None:
        """Ask to stop, or deliver an earlier wish once more, whatever became of it."""
        known = self.conversations.get(channel)
        name = self.stops.get(channel) if is_again else None
        if name is not None:
            assert self.do(self.inbox.accept(stopped(channel, name))) is Acceptance.DUPLICATE
            return
        name = self.stops[channel] = self.new_name()
        outcome = self.do(self.inbox.accept(stopped(channel, name)))
        if known is None or known.run_id is None:
            assert outcome is Acceptance.IGNORED
            return
        assert outcome is Acceptance.ACCEPTED
        known.steps.setdefault("stop", f"slack:T:{name}")
        known.wake()

    @rule(channel=sessions)
    def press(self, channel: str) -> None:
        known = self.conversations.get(channel)
        event = pressed(channel, self.new_name())
        outcome = self.do(self.inbox.accept(event))
        assert self.do(self.inbox.accept(event)) is Acceptance.DUPLICATE
        if known is None or known.run_id is None:
            assert outcome is Acceptance.IGNORED
            return
        assert outcome is Acceptance.ACCEPTED
        known.steps[f"press:{event.key}"] = PRESSED
        known.wake()

    @rule(
        words=st.lists(words, max_size=6),
        places=st.lists(st.integers(0, 9), max_size=2),
        taken=st.none() | counts,
        consumed=counts,
        is_dead=sometimes,
    )
    def answer(
        self,
        words: Sequence[tuple[str, Addressing]],
        places: Sequence[int],
        taken: int | None,
        consumed: int,
        is_dead: bool,
    ) -> None:
        """Make a whole run, while people go on talking."""
        lease = self.claim("w1", 2)
        if lease is None:
            return
        channel = SessionKey.parse(lease.session_id).channel
        if taken is not None:
            self.record_taken(lease, taken)
        self.talk(channel, words)
        for place in places:
            self.mention(channel, place)
            self.delete_message(channel, place, None)
        self.commit(lease, consumed, is_dead)

    @rule(target=leases, worker=st.sampled_from(["w1", "w2"]), runs=st.integers(0, 3))
    def take(self, worker: str, runs: int) -> Any:
        return self.claim(worker, runs) or multiple()

    def claim(self, worker: str, runs: int) -> Lease | None:
        proposed = self.new_name()
        claim = self.do(self.inbox.claim(worker, run_id=proposed, runs=runs))
        claimable = {channel for channel, known in self.conversations.items() if known.is_claimable}
        if claim is None:
            assert claimable == set()
            return None
        channel = SessionKey.parse(claim.lease.session_id).channel
        assert channel in claimable
        known = self.conversations[channel]
        known.take(proposed)
        self.check_claim(claim, known, runs)
        return claim.lease

    def check_claim(self, claim: Claim, known: Any, runs: int) -> None:
        assert claim.lease.fence > self.fence
        self.fence = known.fence = claim.lease.fence
        steps = {name: PRESSED if name.startswith("press:") else value for name, value in claim.steps.items()}
        assert (claim.run_id, claim.attempt, steps) == (known.run_id, known.attempt, known.steps)
        shown = known.items[: known.shown]
        assert [(event.text, event.addressing is not Addressing.OTHERS) for event in claim.events] == [
            (item.text, item.is_answerable) for item in shown
        ]
        assert known.kept or any(event.addressing is not Addressing.OTHERS for event in claim.events)
        last = known.runs[-runs:] if runs else []
        assert [run.run_id for run in claim.runs] == [run_id for run_id, _ in last]
        named = {item.message for item in shown} | {source for _, sources in last for source in sources}
        check_amendments(claim.amendments, known, named)

    @rule(
        lease=leases,
        name=st.sampled_from(["a", "b", "aside:c"]),
        value=st.text(max_size=3).filter(lambda text: "\0" not in text),
    )
    def record(self, lease: Lease, name: str, value: str) -> None:
        known = self.known(lease)
        if known is None:
            with pytest.raises(LeaseLostError):
                self.do(self.inbox.record(lease, {name: value}))
            return
        self.do(self.inbox.record(lease, {name: value}))
        known.steps[name] = value

    @rule(lease=leases, taken=counts)
    def record_taken(self, lease: Lease, taken: int) -> None:
        known = self.known(lease)
        if known is not None:
            self.do(self.inbox.record(lease, {"taken": str(taken)}))
            known.narrow(taken)
            self.flush()

    @rule(lease=leases, taken=st.integers(0, 9))
    def extend(self, lease: Lease, taken: int) -> None:
        known = self.known(lease)
        if known is None:
            with pytest.raises(LeaseLostError):
                self.do(self.control.extend(lease, taken))
            return
        self.do(self.control.extend(lease, taken))
        known.extend(taken)

    @rule(lease=leases)
    def look(self, lease: Lease) -> None:
        known = self.known(lease)
        if known is None:
            with pytest.raises(LeaseLostError):
                self.do(self.control.waiting(lease))
            return
        found = self.do(self.control.waiting(lease))
        known.show()
        assert [event.text for event in found] == [item.text for item in known.items[: known.shown]]

    @rule(lease=leases, consumed=counts, is_dead=sometimes)
    def commit(self, lease: Lease, consumed: int, is_dead: bool) -> None:
        known = self.known(lease)
        run_id, reason = self.new_name(), "Poison" if is_dead else None
        channel = SessionKey.parse(lease.session_id).channel
        if known is None:
            run = Run(run_id=run_id, session_id=lease.session_id, user_id="ann")
            with pytest.raises(LeaseLostError):
                self.do(self.inbox.commit(lease, run, consumed=consumed, dead=reason))
            return
        sources = tuple(item.message for item in known.items[: min(consumed, known.taken)])
        run = finished(channel, run_id, sources)
        self.do(self.inbox.commit(lease, run, consumed=consumed, dead=reason))
        self.do(self.inbox.commit(lease, run, consumed=consumed, dead=reason))
        known.add_run(run_id, sources)
        answered = known.commit(consumed)
        if is_dead:
            self.dead[run_id] = (channel, answered)

    @rule(place=st.integers(0, 9))
    def retry(self, place: int) -> None:
        if not self.dead:
            return
        run_id = sorted(self.dead)[place % len(self.dead)]
        channel, letter = self.dead.pop(run_id)
        found = self.do(self.letters.get(run_id))
        assert [(event.key.message, event.text) for event in found.events] == letter
        assert self.do(self.letters.retry(run_id))
        assert not self.do(self.letters.retry(run_id))
        self.conversations.setdefault(channel, self.new_conversation()).put_back(letter)

    @rule(lease=leases, is_delayed=rarely)
    def release(self, lease: Lease, is_delayed: bool) -> None:
        known = self.known(lease)
        self.do(self.inbox.release(lease, delay=DELAY if is_delayed else 0.0))
        if known is not None:
            known.settle_unfinished()
            known.end_lease()
            known.is_blocked = is_delayed and known.waiting > 0

    @rule(lease=leases, is_over=sometimes, count=st.integers(0, 5))
    def suspend(self, lease: Lease, is_over: bool, count: int) -> None:
        known = self.known(lease)
        handled = [name for name in known.steps if name.startswith("press:")][:count] if known else []
        self.do(self.inbox.suspend(lease, seconds=0.0 if is_over else DELAY, handled=handled))
        if known is not None:
            known.suspend(handled, is_over=is_over)

    @rule(lease=leases, place=st.integers(0, 9))
    def pull(self, lease: Lease, place: int) -> None:
        channel = SessionKey.parse(lease.session_id).channel
        message = self.some_message(channel, place) or "m0"
        known = self.known(lease)
        call = self.control.pull(lease, str(message_key(channel, message)))
        if known is None:
            with pytest.raises(LeaseLostError):
                self.do(call)
            return
        assert self.do(call) == known.pull(message)

    @rule(lease=leases, place=st.integers(0, 9))
    def answer_aside(self, lease: Lease, place: int) -> None:
        channel = SessionKey.parse(lease.session_id).channel
        message, known = self.some_message(channel, place) or "m0", self.known(lease)
        run = finished(channel, self.new_name(), ())
        for _ in range(2):
            call = self.control.answer_aside(lease, run, str(message_key(channel, message)))
            if known is None:
                with pytest.raises(LeaseLostError):
                    self.do(call)
            else:
                self.do(call)
        if known is not None:
            known.answer_aside(message, run.run_id)
            self.flush()

    @rule(held=st.lists(leases, max_size=4))
    def renew(self, held: Sequence[Lease]) -> None:
        lost = self.do(self.inbox.renew(held))
        assert lost == {lease for lease in held if self.known(lease) is None}
        for lease in held:
            known = self.known(lease)
            if known is not None:
                known.is_blocked = True

    @rule(is_time=rarely)
    def lapse(self, is_time: bool) -> None:
        if not is_time:
            return
        self.do(self.lab.lapse())
        for known in self.conversations.values():
            known.is_blocked = False
        self.flush()

    def flush(self) -> None:
        """Let claims pass by the sessions whose lease has lapsed and in which nothing is left to be answered."""
        if not any(known.is_dead_end and not known.is_blocked for known in self.conversations.values()):
            return
        claimed = []
        while (lease := self.claim("w1", 0)) is not None:
            claimed.append(lease)
        for known in self.conversations.values():
            if known.is_dead_end and not known.is_blocked:
                known.settle_unfinished()
                known.end_lease()
        for lease in claimed:
            self.release(lease, is_delayed=False)

    @rule(channel=sessions, is_time=rarely)
    def delete(self, channel: str, is_time: bool) -> None:
        if not is_time:
            return
        is_deleted = self.do(self.lab.store.history.delete(str(key(channel))))
        assert is_deleted == (self.conversations.pop(channel, None) is not None)

    @rule(channel=sessions)
    def append(self, channel: str) -> None:
        run_id = self.new_name()
        self.do(self.lab.store.history.append(Run(run_id=run_id, session_id=str(key(channel)))))
        self.conversations.setdefault(channel, self.new_conversation()).add_run(run_id)

    @invariant()
    def history_is_what_was_committed(self) -> None:
        for channel in ("A", "B"):
            known = self.conversations.get(channel)
            found = self.do(self.lab.store.history.load(str(key(channel)), runs=10))
            assert (found is None) == (known is None)
            if found is not None and known is not None:
                assert [run.run_id for run in found.runs] == [run_id for run_id, _ in known.runs]
                assert found.session.run_count == known.run_count
                check_amendments(found.amendments, known, {name for _, sources in known.runs for name in sources})


def check_amendments(found: Amendments, known: Any, named: set[str]) -> None:
    """Compare what became of the messages that are named."""
    texts = {MessageKey.parse(name).message: edit and edit.text for name, edit in found.items()}
    assert texts == {name: text for name, text in known.amendments.items() if name in named}


def key(channel: str) -> SessionKey:
    return SessionKey(platform="slack", workspace="T", channel=channel)


def place(channel: str) -> Place:
    return Place(session=key(channel), kind=PlaceKind.CHANNEL)


def message_key(channel: str, message: str, revision: str | None = None) -> MessageKey:
    return MessageKey(platform="slack", workspace="T", channel=channel, message=message, revision=revision)


def user(name: str) -> UserKey:
    return UserKey(platform="slack", workspace="T", user=name)


def said(channel: str, message: str, addressing: Addressing) -> MessageReceived:
    return MessageReceived(
        key=message_key(channel, message),
        place=place(channel),
        user=user("U"),
        speaker="Ann",
        text=message,
        addressing=addressing,
    )


def edited(channel: str, message: str, name: str) -> MessageEdited:
    revision = message_key(channel, message, name)
    return MessageEdited(key=revision, place=place(channel), user=user("U"), speaker="Ann", text=f"{message} {name}")


def deleted(channel: str, message: str) -> MessageDeleted:
    return MessageDeleted(key=message_key(channel, message, "deleted"), place=place(channel))


def stopped(channel: str, name: str) -> StopRequested:
    return StopRequested(key=message_key(channel, "reply", name), place=place(channel), user=user(name), speaker="Ann")


def pressed(channel: str, name: str) -> ActionPressed:
    press = message_key(channel, "reply", name)
    return ActionPressed(key=press, place=place(channel), user=user(name), speaker="Ann", action="answer:r.0.0")


def finished(channel: str, run_id: str, sources: Sequence[str]) -> Run:
    spoken = [Message(role=Role.USER, content=name, source=str(message_key(channel, name))) for name in sources]
    return Run(run_id=run_id, session_id=str(key(channel)), user_id="ann", messages=tuple(spoken))


@pytest.mark.timeout(300)
def test_mailbox_does_what_its_model_does(make_lab, new_conversation):
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Mailbox(make_lab(), new_conversation, runner),
            settings=settings(
                max_examples=100,
                stateful_step_count=50,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
