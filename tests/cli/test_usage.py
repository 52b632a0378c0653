"""``threadkeep usage`` as an operator meets it, on both stores."""

import json

import pytest

from threadkeep import Metrics, Run
from threadkeep.runs import ModelUse
from threadkeep.stores.charges import Charge

THREAD = "slack:T1:C1:1700000000.000100"
ANN, BOB = "slack:T1:U1", "slack:T1:U2"
NOW = 4_000_000_000.0
DEAR = ModelUse(model="dear", calls=1, input_tokens=1_000, cached_tokens=400, output_tokens=20, cost=0.5)
OWN = ModelUse(model="own", calls=1, input_tokens=10, output_tokens=1, is_estimated=True)


def run(number, user, *uses, at=NOW):
    return Run(run_id=f"r{number}", session_id=THREAD, user_id=user, metrics=Metrics(models=uses), created_at=at)


@pytest.fixture
async def spending(desk):
    """A thread in which somebody was answered long ago, and two people today."""
    await desk.store.inbox.accept(desk.said("a secret question"))
    await desk.answer("1" * 32)
    for one in (run(1, ANN, DEAR, at=1_000.0), run(2, ANN, DEAR, OWN), run(3, BOB, DEAR)):
        await desk.store.history.append(one)
    charge = Charge(session_id=THREAD, purpose="summary", use=DEAR, user_id=BOB, at=NOW + 1)
    await desk.store.digests.charge(charge)


async def test_without_conversations_nothing_was_spent(desk):
    done = await desk.threadkeep("usage")
    assert (done.returncode, done.stdout) == (0, "Nothing was spent.\n")


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("model", ["dear 3 4,000 1,600 80 2.0000 0.5000 (1)", "own 1 10 0 1 0.0000+~ -"]),
        ("user", [f"{ANN} 2 2,010 800 41 1.0000+~ -", f"{BOB} 1 2,000 800 40 1.0000 0.5000 (1)"]),
        ("channel", ["slack:T1:C1 3 4,010 1,600 81 2.0000+~ 0.5000 (1)"]),
        ("session", [f"{THREAD} 3 4,010 1,600 81 2.0000+~ 0.5000 (1)"]),
    ],
)
async def test_costs_are_summed_up_by_what_is_asked(desk, spending, by, lines):
    done = await desk.threadkeep("usage", "--by", by)
    head, *rest = done.stdout.splitlines()
    assert head.split() == [by.upper(), "ANSWERS", "TOKENS", "IN", "CACHED", "OUT", "DOLLARS", "BACKGROUND"]
    assert [" ".join(line.split()) for line in rest[: len(lines)]] == lines
    notes = "".join(rest[len(lines) :])
    assert "price" in notes
    assert "estimated" in notes
    assert "secret" not in done.stdout


async def test_costs_since_a_time(desk, spending):
    done = await desk.threadkeep("usage", "--since", "2001-01-01", "--by", "user", "--json")
    found = {one["user"]: one for one in json.loads(done.stdout)}
    assert (found[ANN]["runs"], found[ANN]["money"]) == (1, 0.5)
    assert (found[BOB]["background_calls"], found[BOB]["background_money"], found[BOB]["money"]) == (1, 0.5, 1.0)
    done = await desk.threadkeep("usage", "--since", "2w", "--json")
    assert {one["model"]: one["runs"] for one in json.loads(done.stdout)} == {"dear": 2, "own": 1}
    done = await desk.threadkeep("usage", "--since", "yesterday")
    assert done.returncode == 1
    assert "--since takes 12h" in done.stderr


async def test_costs_of_long_conversations_are_read_whole(desk):
    await desk.store.inbox.accept(desk.said("hello"))
    for number in range(250):
        await desk.store.history.append(run(number, ANN, OWN))
    done = await desk.threadkeep("usage", "--json")
    assert [one["runs"] for one in json.loads(done.stdout)] == [250]


async def test_the_operators_prices_serve_what_had_none(desk, spending):
    (desk.folder / "prices.json").write_text(
        '{"own": {"input": 100000, "output": 500000}, "dear": {"input": 9, "output": 9}}'
    )
    done = await desk.threadkeep("usage", "--json", THREADKEEP_PRICES="prices.json")
    found = {one["model"]: one for one in json.loads(done.stdout)}
    assert (found["own"]["money"], found["own"]["is_whole"]) == (1.5, True)
    assert found["dear"]["money"] == 2.0, "what was paid is paid"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("{", "the file: Invalid JSON"),
        ('{"m": {"input": 1}}', "m.output: Field required"),
        ('{"m": {"input": -1, "output": 1}}', "a price is 0 or more"),
    ],
)
async def test_a_price_table_that_makes_no_sense_is_refused(desk, text, words):
    if text is not None:
        (desk.folder / "prices.json").write_text(text)
    done = await desk.threadkeep("usage", THREADKEEP_PRICES="prices.json")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
