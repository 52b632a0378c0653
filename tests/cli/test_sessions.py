"""``threadkeep sessions`` as an operator meets it, on both stores."""

import json

import pytest

from threadkeep import Run
from threadkeep.chat.events import FeedbackGiven
from threadkeep.sessions import MessageKey, UserKey

SESSION = "slack:T1:C1:1700000000.000100"
ANN = "slack:T1:U1"


@pytest.fixture
async def conversation(desk):
    """A conversation with an answer, a command, a title and an opinion."""
    question = desk.said("a secret question \x1b[31m")
    await desk.store.inbox.accept(question)
    await desk.answer("1" * 32)
    await desk.store.history.append(
        Run(run_id="2" * 32, session_id=SESSION, user_id=ANN, command="new", is_boundary=True, content="Afresh.")
    )
    await desk.store.history.rename(SESSION, "A secret title")
    opinion = FeedbackGiven(
        key=MessageKey(platform="slack", workspace="T1", channel="C1", message="1700000001.000200", revision="f:U1"),
        place=question.place,
        user=UserKey(platform="slack", workspace="T1", user="U1"),
        rating=-1,
        comment="a secret opinion",
    )
    await desk.store.inbox.accept(opinion)


async def test_no_conversations_are_no_failure(desk):
    done = await desk.threadkeep("sessions", "list")
    assert (done.returncode, done.stdout) == (0, "There are no conversations.\n")
    done = await desk.threadkeep("sessions", "list", "--user", "ann")
    assert done.stdout == "There are no conversations of 'ann'.\n"
    done = await desk.threadkeep("sessions", "list", "--json")
    assert json.loads(done.stdout) == []
    done = await desk.threadkeep("sessions", "show", SESSION)
    assert done.returncode == 1
    assert "threadkeep sessions list" in done.stderr


@pytest.mark.parametrize("whose", [(), ("--user", ANN)])
async def test_conversations_are_listed(desk, conversation, whose):
    done = await desk.threadkeep("sessions", "list", *whose)
    head, row = done.stdout.splitlines()
    assert head.split()[-1] == "SESSION"
    assert row.split()[-1] == SESSION
    assert "secret" not in done.stdout
    done = await desk.threadkeep("sessions", "list", *whose, "--text")
    assert done.stdout.rstrip().endswith("A secret title")
    done = await desk.threadkeep("sessions", "list", *whose, "--json")
    (document,) = json.loads(done.stdout)
    assert (document["session_id"], document["run_count"], document["users"]) == (SESSION, 2, [ANN])
    assert "title" not in document


async def test_a_conversation_is_shown_with_runs_and_feedback(desk, conversation):
    done = await desk.threadkeep("sessions", "show", SESSION)
    assert done.returncode == 0, done.stderr
    for part in ("11111111  answer", "70 tokens in, 8 out", f"22222222  !new to {ANN}", "bad for 1700000001.000200"):
        assert part in done.stdout
    assert "secret" not in done.stdout
    done = await desk.threadkeep("sessions", "show", SESSION, "--text", "--runs", "1")
    for part in ("A secret title", "> Afresh.", "| a secret opinion"):
        assert part in done.stdout
    assert "11111111" not in done.stdout
    done = await desk.threadkeep("sessions", "show", SESSION, "--text")
    assert "| a secret question " in done.stdout
    assert "\x1b" not in done.stdout


async def test_a_conversation_is_shown_to_programs(desk, conversation):
    done = await desk.threadkeep("sessions", "show", SESSION, "--json")
    document = json.loads(done.stdout)
    assert [run["command"] for run in document["runs"]] == [None, "new"]
    assert [run["is_boundary"] for run in document["runs"]] == [False, True]
    assert [(one["rating"], one["user"]) for one in document["feedback"]] == [(-1, ANN)]
    assert "secret" not in done.stdout
    done = await desk.threadkeep("sessions", "show", SESSION, "--json", "--text")
    document = json.loads(done.stdout)
    assert document["title"] == "A secret title"
    assert document["feedback"][0]["comment"] == "a secret opinion"
    assert document["runs"][1]["content"] == "Afresh."
