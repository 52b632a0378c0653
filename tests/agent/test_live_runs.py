"""Which runs of a session still belong to its conversation."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from threadkeep import Message, Role, Run
from threadkeep.agent.history import after_boundary, live_runs
from threadkeep.stores.codec import decode_run, encode_run

SAID = (Message(role=Role.USER, content="Hello"),)


@dataclass
class Session:
    """A session as its runs come about: the runs, and the ids of those that are live."""

    runs: list[Run]
    live: list[str]

    def happen(self, what):
        run_id = f"run-{len(self.runs)}"
        fields = {"run_id": run_id, "session_id": "s", "messages": SAID}
        if what == "new":
            self.live = []
            fields |= {"command": "new", "is_boundary": True, "messages": ()}
        elif what == "help":
            fields |= {"command": "help", "messages": ()}
        elif what == "retry" and self.live:
            fields |= {"command": "retry", "replaces": self.live.pop()}
            self.live.append(run_id)
        else:
            self.live.append(run_id)
        self.runs.append(Run(**fields))


@given(st.lists(st.sampled_from(["answer", "retry", "new", "help"])))
def test_what_is_live_is_what_was_said_since_the_boundary_with_its_last_answer(happenings):
    session = Session(runs=[], live=[])
    for what in happenings:
        session.happen(what)
    live = live_runs(session.runs)
    assert [run.run_id for run in live] == session.live
    assert live_runs(live) == live


@given(st.lists(st.sampled_from(["answer", "retry", "new", "help"])), st.integers(min_value=1, max_value=10))
def test_a_window_shows_nothing_that_is_not_live(happenings, count):
    session = Session(runs=[], live=[])
    for what in happenings:
        session.happen(what)
    assert {run.run_id for run in live_runs(session.runs[-count:])} <= set(session.live)


def test_nothing_is_live_without_runs():
    assert live_runs(()) == ()
    assert after_boundary(()) == 0


def test_the_stored_form_keeps_what_a_command_did():
    run = Run(run_id="r", session_id="s", command="new", source="a:b:c:d", is_boundary=True, replaces="q")
    assert decode_run(encode_run(run)) == run
    assert decode_run(b'{"v":1,"run_id":"r","session_id":"s"}') == Run(run_id="r", session_id="s")
