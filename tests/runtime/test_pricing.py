"""The operator's price table wins over what a bot's author wrote, for the models that it names."""

import pytest

from threadkeep import Agent, Bot, Price, ScriptedModel, SQLiteStore
from threadkeep.models.base import Usage
from threadkeep.runtime.pricing import read_prices, repriced

AUTHORS = {"scripted": Price(input=1, output=1), "other": Price(input=2, output=2)}


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "prices.json"
    file.write_text('{"scripted": {"input": 50, "cached": 5, "output": 100}}')
    return read_prices(file)


def test_the_table_is_read(table):
    assert table == {"scripted": Price(input=50, cached=5, output=100)}
    assert table["scripted"].of(Usage(input_tokens=1_000_000, cached_tokens=1_000_000)) == 5
    assert read_prices(None) == {}


async def test_the_operators_prices_win(table, tmp_path):
    store = SQLiteStore(tmp_path / "own.db")
    first = Agent(model=ScriptedModel("Hello there."), prices=AUTHORS, store=store)
    second = Agent(model=ScriptedModel("Hi."))
    bot = repriced(Bot(agent=first, agents={"second": second}), table)
    assert bot.agent.prices == AUTHORS | table
    assert bot.agents["second"].prices == table
    assert (bot.store, bot.agent.store) == (store, store)
    assert (bot.agent.has_own_store, bot.agents["second"].has_own_store) == (False, True)
    response = await bot.agent.arun("Hi")
    assert response.metrics.cost == pytest.approx(
        table["scripted"].of(
            Usage(
                input_tokens=response.metrics.models[0].input_tokens,
                output_tokens=response.metrics.models[0].output_tokens,
            )
        )
    )
    await bot.agent.aclose()
    await store.__aexit__(None, None, None)


def test_without_a_table_nothing_changes():
    bot = Bot(agent=Agent(model=ScriptedModel(), prices=AUTHORS))
    assert repriced(bot, {}) is bot
