"""``threadkeep dead`` as an operator meets it, on both stores."""

import json

import pytest

REFERENCE = "00000001"


async def test_no_letters_are_no_failure(desk):
    done = await desk.threadkeep("dead", "list")
    assert (done.returncode, done.stdout) == (0, "There are no dead letters.\n")
    done = await desk.threadkeep("dead", "list", "--json")
    assert json.loads(done.stdout) == []
    done = await desk.threadkeep("dead", "retry", "all")
    assert (done.returncode, done.stdout) == (0, "There are no dead letters.\n")


async def test_letters_are_listed_the_latest_first(desk, kill_message):
    await kill_message(number=1)
    await kill_message(number=2)
    done = await desk.threadkeep("dead", "list")
    head, *rows = done.stdout.splitlines()
    assert head.split()[0] == "REFERENCE"
    assert [row.split()[0] for row in rows] == ["00000002", REFERENCE]
    assert "PlatformUnavailableError" in rows[0]
    assert "slack:T1:C1:1700000000.000100" in rows[0]
    assert "secret" not in done.stdout
    done = await desk.threadkeep("dead", "list", "--limit", "1")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("name", [REFERENCE, REFERENCE + "0" * 24])
async def test_a_letter_is_shown_by_its_reference_and_by_its_id(desk, kill_message, name):
    await kill_message()
    done = await desk.threadkeep("dead", "show", name)
    assert done.returncode == 0
    for part in ("Ann", "slack:T1:U1", "slack:T1:C1", "PlatformUnavailableError", "1 attempt", REFERENCE):
        assert part in done.stdout
    assert "secret" not in done.stdout
    done = await desk.threadkeep("dead", "show", name, "--json")
    assert "secret" not in done.stdout


async def test_what_was_said_is_shown_only_when_asked_for(desk, kill_message):
    await kill_message("a secret\nquestion \x1b[31m", speaker="An\nn\x1b]0;x\x07")
    done = await desk.threadkeep("dead", "show", REFERENCE, "--text")
    assert "| a secret\n" in done.stdout
    assert "| question " in done.stdout
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    done = await desk.threadkeep("dead", "show", REFERENCE, "--text", "--json")
    (message,) = json.loads(done.stdout)["messages"]
    assert message["text"] == "a secret\nquestion \x1b[31m"


async def test_a_retried_message_waits_again(desk, kill_message):
    await kill_message()
    done = await desk.threadkeep("dead", "retry", REFERENCE)
    assert done.returncode == 0, done.stderr
    assert "wait for a worker again: 1 message in slack:T1:C1" in done.stdout
    claim = await desk.store.inbox.claim("w", run_id="again", runs=0)
    assert [event.text for event in claim.events] == ["a secret question"]
    assert await desk.store.dead_letters.list() == ()


async def test_a_dropped_letter_is_gone(desk, kill_message):
    await kill_message()
    done = await desk.threadkeep("dead", "drop", REFERENCE)
    assert (done.returncode, "are forgotten" in done.stdout) == (0, True)
    assert await desk.store.dead_letters.list() == ()
    assert await desk.store.inbox.claim("w", run_id="again", runs=0) is None


async def test_all_are_retried_in_the_order_in_which_they_were_given_up(desk, kill_message):
    for number in (1, 2, 3):
        await kill_message(f"question {number}", number=number)
    done = await desk.threadkeep("dead", "retry", "all", said="y\n")
    assert "Retry 3 dead letters?" in done.stdout
    assert "The messages of 3 dead letters wait for a worker again." in done.stdout
    claim = await desk.store.inbox.claim("w", run_id="again", runs=0)
    assert [event.text for event in claim.events] == ["question 1", "question 2", "question 3"]


@pytest.mark.parametrize("said", ["n\n", ""])
async def test_all_are_kept_unless_the_operator_is_sure(desk, kill_message, said):
    await kill_message()
    done = await desk.threadkeep("dead", "drop", "all", said=said)
    assert done.returncode == 1
    assert len(await desk.store.dead_letters.list()) == 1
    done = await desk.threadkeep("dead", "drop", "all", "--yes")
    assert done.returncode == 0
    assert await desk.store.dead_letters.list() == ()


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
@pytest.mark.parametrize("name", ["0badcafe", "nothing"])
async def test_a_letter_that_is_not_there_is_named(desk, command, name):
    done = await desk.threadkeep("dead", command, name)
    assert done.returncode == 1
    assert f"There is no dead letter {name!r}" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_reference_of_several_letters_is_not_guessed(desk):
    for number, ending in enumerate("ab", start=1):
        await desk.store.inbox.accept(desk.said("x", message=f"170000000{number}.000100"))
        await desk.answer("1a2b3c4d" + ending * 24, dead="PlatformUnavailableError")
    done = await desk.threadkeep("dead", "drop", "1a2b3c4d")
    assert done.returncode == 1
    for ending in "ab":
        assert "1a2b3c4d" + ending * 24 in done.stderr
    assert len(await desk.store.dead_letters.list()) == 2
