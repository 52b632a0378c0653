"""What runs cost, in tokens and in money."""

import pytest

from threadkeep import (
    Agent,
    ConfigError,
    Fallback,
    Memory,
    Metrics,
    ModelUnavailableError,
    Price,
    Run,
    RunRequest,
    Summary,
    ToolCall,
)
from threadkeep.agent.costs import Cost, charged_since, costs, total_cost
from threadkeep.agent.steps import AnswerStep
from threadkeep.messages import Message, Role
from threadkeep.models.base import Usage
from threadkeep.models.prices import price_of
from threadkeep.runs import ModelUse, RunStatus
from threadkeep.runtime.saying import usage_text
from threadkeep.stores.charges import Charge
from threadkeep.stores.codec import decode_run, encode_run

HUNDRED = {"scripted": Price(input=100, cached=10, output=1_000)}
USAGE = Usage(input_tokens=1_000, cached_tokens=400, output_tokens=20)
# 600 at 100, 400 at 10 and 20 at 1,000 dollars a million.
DOLLARS = 0.06 + 0.004 + 0.02


def look() -> str:
    """Look."""
    return "seen"


async def test_a_response_says_what_it_cost(scripted, script):
    model = scripted(
        script(calls=[ToolCall(id="1", name="look", arguments="{}")], usage=USAGE), script("Hi", usage=USAGE)
    )
    agent = Agent(model=model, tools=[look], prices=HUNDRED)
    metrics = (await agent.arun("Hi", session_id="s")).metrics
    assert metrics.cost == pytest.approx(2 * DOLLARS)
    assert not metrics.is_estimated
    (use,) = metrics.models
    assert (use.model, use.calls, use.input_tokens, use.cached_tokens, use.output_tokens) == (
        "scripted",
        2,
        2_000,
        800,
        40,
    )
    (run,) = await agent.sessions.runs("s")
    assert run.metrics.cost == pytest.approx(2 * DOLLARS)
    await agent.aclose()


async def test_without_a_price_the_cost_is_unknown(scripted, script):
    response = await Agent(model=scripted(script("Hi", usage=USAGE))).arun("Hi")
    assert response.metrics.cost is None
    assert response.metrics.models[0].input_tokens == 1_000


async def test_what_a_server_does_not_say_is_estimated_and_marked(scripted, script):
    response = await Agent(model=scripted(script("word " * 100)), prices=HUNDRED).arun("word " * 1_000)
    metrics = response.metrics
    assert (metrics.input_tokens, metrics.output_tokens) == (None, None)
    assert metrics.is_estimated
    assert 0.1 < metrics.cost < 0.4
    assert 1_000 < metrics.models[0].input_tokens < 1_600


async def test_each_model_of_a_run_is_counted_for_itself(scripted, script):
    first, second = scripted([ModelUnavailableError("busy")]), scripted(script("Hi", usage=USAGE))
    first.id, second.id = "dear", "cheap"
    prices = {"dear": Price(input=1_000, output=1_000), "cheap": HUNDRED["scripted"]}
    response = await Agent(model=Fallback(first, second), prices=prices).arun("Hi")
    (use,) = response.metrics.models
    assert (use.model, use.cost) == ("cheap", pytest.approx(DOLLARS))


async def test_a_retried_run_counts_what_was_spent_before(scripted, script, notebook):
    call = ToolCall(id="1", name="look", arguments="{}")
    spent = AnswerStep(message=Message(role=Role.ASSISTANT, tool_calls=(call,)), usage=USAGE, model="scripted")
    notebook.steps["answer:0"] = spent.encoded()
    agent = Agent(model=scripted(script("Hi", usage=USAGE)), tools=[look], prices=HUNDRED)
    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Look"),))
    run = agent.begin(request, None, journal=notebook)
    async for _ in run.stream():
        pass
    metrics = run.close(RunStatus.COMPLETED).metrics
    assert metrics.cost == pytest.approx(2 * DOLLARS)
    assert [use.calls for use in metrics.models] == [2]


def test_an_estimate_is_recorded_with_its_answer():
    message = Message(role=Role.ASSISTANT, tool_calls=(ToolCall(id="1", name="look", arguments="{}"),))
    step = AnswerStep(message=message, usage=Usage(), model="m", estimate=Usage(input_tokens=7, output_tokens=1))
    assert AnswerStep.decoded(step.encoded()) == step


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4o-2024-11-20", 3),
        ("gpt-4o-mini", None),
        ("gpt-4o-2024-08-06", 99),
        ("gpt-4o", 3),
        ("gpt-4o-audio-preview", None),
        ("llama3.2", None),
    ],
)
def test_a_snapshot_costs_as_much_as_its_model_unless_it_has_a_price(model, price):
    own = {"gpt-4o": Price(input=3, output=3), "gpt-4o-2024-08-06": Price(input=99, output=99)}
    found = price_of(model, own)
    assert (found and found.input) == price


def test_a_price_below_nothing_is_refused():
    with pytest.raises(ConfigError):
        Price(input=-1, output=1)


def test_cached_tokens_cost_as_much_as_others_where_nothing_else_is_said():
    assert Price(input=100, output=0).of(USAGE) == pytest.approx(0.1)


def run(session_id, user_id, *uses):
    return Run(run_id="r", session_id=session_id, user_id=user_id, metrics=Metrics(models=uses))


def test_costs_are_summed_up_by_what_is_asked():
    cheap = ModelUse(model="cheap", input_tokens=10, output_tokens=1, cost=0.5)
    dear = ModelUse(model="dear", input_tokens=5, output_tokens=2, cost=2.0, is_estimated=True)
    free = ModelUse(model="own", input_tokens=1)
    runs = [
        run("slack:T:C:1.1", "ann", cheap),
        run("slack:T:C:2.2", "bob", cheap, dear),
        run("mine", None, free),
        run("mine", "ann"),
    ]
    assert {name: cost.money for name, cost in costs(runs, by="model").items()} == {"cheap": 1.0, "dear": 2.0, "own": 0}
    assert {name: cost.runs for name, cost in costs(runs, by="user").items()} == {"ann": 1, "bob": 1, "": 1}
    assert {name: cost.money for name, cost in costs(runs, by="channel").items()} == {"slack:T:C": 3.0, "mine": 0}
    assert set(costs(runs, by="session")) == {"slack:T:C:1.1", "slack:T:C:2.2", "mine"}
    assert total_cost(runs) == Cost(
        runs=3, input_tokens=26, output_tokens=4, money=3.0, is_estimated=True, is_whole=False
    )
    assert total_cost([]) == Cost()


async def test_a_sessions_costs_are_read_back(scripted, script):
    agent = Agent(model=scripted(script("Hi", usage=USAGE), script("Hi", usage=USAGE)), prices=HUNDRED)
    for user in ("ann", "bob"):
        await agent.arun("Hi", session_id="s", user_id=user)
    found = await agent.sessions.costs("s", by="user")
    assert {user: pytest.approx(cost.money) for user, cost in found.items()} == {"ann": DOLLARS, "bob": DOLLARS}
    assert (await agent.sessions.costs("s"))["scripted"].runs == 2
    await agent.aclose()


CHEAP = {"clerk": Price(input=10, output=100)}


async def test_what_is_done_in_the_background_is_counted_and_marked(scripted, script):
    clerk = scripted(*[script("[]", usage=USAGE)] * 2, script("Summed up.", usage=USAGE))
    clerk.id = "clerk"
    agent = Agent(
        model=scripted(*[script("Hi", usage=USAGE)] * 2),
        prices=HUNDRED | CHEAP,
        memory=Memory(after_run=True, model=clerk),
        summary=Summary(model=clerk, every=1),
        add_history_to_messages=True,
        num_history_runs=1,
    )
    for user in ("ann", "bob"):
        await agent.arun("Hi", session_id="s", user_id=user)
        await agent.settle()
    charges = await agent.sessions.charges("s")
    assert sorted((charge.purpose, charge.user_id) for charge in charges) == [
        ("memory", "ann"),
        ("memory", "bob"),
        ("summary", "ann"),
    ]
    small = 0.01 + 0.002
    by_model = await agent.sessions.costs("s")
    assert (by_model["clerk"].runs, by_model["clerk"].background_calls) == (0, 3)
    assert by_model["clerk"].background_money == by_model["clerk"].money == pytest.approx(3 * small)
    assert (by_model["scripted"].background_calls, by_model["scripted"].background_money) == (0, 0)
    by_user = await agent.sessions.costs("s", by="user")
    assert {user: pytest.approx(cost.money) for user, cost in by_user.items()} == {
        "ann": DOLLARS + 2 * small,
        "bob": DOLLARS + small,
    }
    text = usage_text(await agent.sessions.runs("s"), charges, most=100, total=2)
    assert "2 answers, for which the model was asked 2 times; 2,000 tokens in (800 of them cached), 40 out." in text
    assert "a model was asked 3 times: 3,000 tokens in, 60 out." in text
    assert text.endswith("That is $0.2040, $0.0360 of it in the background.")
    await agent.aclose()


async def test_an_answer_in_the_background_that_is_of_no_use_is_paid_too(scripted, script):
    clerk = scripted(script("no list", usage=USAGE))
    agent = Agent(model=scripted(script("Hi")), memory=Memory(after_run=True, model=clerk))
    await agent.arun("Hi", session_id="s", user_id="ann")
    await agent.settle()
    (charge,) = await agent.sessions.charges("s")
    assert (charge.use.input_tokens, charge.use.cost, charge.use.is_estimated) == (1_000, None, False)
    await agent.aclose()


async def test_background_work_whose_server_does_not_tell_is_estimated(scripted, script):
    agent = Agent(model=scripted(script("Hi"), script("[]")), memory=Memory(after_run=True), prices=HUNDRED)
    await agent.arun("word " * 1_000, session_id="s", user_id="ann")
    await agent.settle()
    (charge,) = await agent.sessions.charges("s")
    assert charge.use.is_estimated
    assert 1_000 < charge.use.input_tokens < 2_500
    await agent.aclose()


def test_only_what_was_done_since_the_first_run_counts():
    early, late = (Charge(session_id="s", purpose="summary", use=ModelUse(model="m"), at=at) for at in (5.0, 15.0))
    later = Run(run_id="r", session_id="s", created_at=10.0)
    assert charged_since([later], [early, late]) == (late,)
    assert charged_since([], [early, late]) == ()


def test_costs_are_stored_with_the_run():
    stored = run("s", "ann", ModelUse(model="cheap", calls=1, input_tokens=10, cost=0.5, is_estimated=True))
    assert decode_run(encode_run(stored)) == stored
    assert stored.status is RunStatus.COMPLETED
