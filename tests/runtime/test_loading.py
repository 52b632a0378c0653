"""Finding what a command is to run."""

import sys
from importlib.metadata import EntryPoint

import pytest

from threadkeep import Agent, Bot, ConfigError, RedisStore, SQLiteStore
from threadkeep.runtime import loading
from threadkeep.runtime.loading import load_adapters, load_bot, make_store
from threadkeep.settings import load_settings
from threadkeep_console import ConsoleAdapter
from threadkeep_discord import DiscordAdapter
from threadkeep_slack import SlackAdapter

HEAD = "from threadkeep import Agent, Bot, OpenAIChat\nagent = Agent(model=OpenAIChat(id='gpt-5.4-mini'), name='{}')\n"
DISCORD = {"DISCORD_BOT_TOKEN": "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


@pytest.fixture(autouse=True)
def clean_imports():
    """Let the imports of a bot file end with its test."""
    path, modules = sys.path[:], set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    def write(text, name="library_bot.py"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_the_bot_of_a_file_is_taken(write):
    bot = load_bot(write(HEAD.format("one") + "bot = Bot(agent=agent, max_concurrent_runs=3)"))
    assert isinstance(bot, Bot)
    assert (bot.agent.name, bot.max_concurrent_runs) == ("one", 3)


def test_an_agent_alone_becomes_a_bot(write):
    assert load_bot(write(HEAD.format("two"))).agent.name == "two"


def test_a_bot_file_imports_what_lies_beside_it(write):
    write("NAME = 'three'", name="names_of_library.py")
    file = write("from names_of_library import NAME\n" + HEAD.format("{}").replace("'{}'", "NAME"))
    assert load_bot(file).agent.name == "three"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bot = 'no bot'", "defines no bot"),
        ("1/0", "ZeroDivisionError: division by zero"),
        ("def broken(:", "SyntaxError"),
        ("from threadkeep import ConfigError\nraise ConfigError('set WEATHER_KEY')", "set WEATHER_KEY"),
    ],
)
def test_a_file_without_a_bot_says_why(write, text, message):
    with pytest.raises(ConfigError, match=message):
        load_bot(write(text))


def test_a_file_that_is_not_there_or_not_python_is_named(tmp_path, write):
    with pytest.raises(ConfigError, match=r"no bot file .*missing\.py"):
        load_bot(tmp_path / "missing.py")
    with pytest.raises(ConfigError, match="is a folder"):
        load_bot(tmp_path)
    with pytest.raises(ConfigError, match="not a Python file"):
        load_bot(write("hello", name="bot.txt"))


@pytest.mark.parametrize(
    ("environ", "classes"),
    [
        ({}, []),
        (SLACK, [SlackAdapter]),
        (DISCORD, [DiscordAdapter]),
        ({**DISCORD, **SLACK, "THREADKEEP_CONSOLE_SESSION": "x"}, [ConsoleAdapter, DiscordAdapter, SlackAdapter]),
    ],
)
def test_each_platform_with_credentials_gets_its_adapter(environ, classes):
    assert [type(adapter) for adapter in load_adapters(environ)] == classes


def test_incomplete_credentials_are_an_error():
    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN is missing"):
        load_adapters({"SLACK_APP_TOKEN": "xapp-1"})


def test_an_adapter_that_cannot_be_imported_is_named(monkeypatch):
    broken = EntryPoint(name="telegraph", value="threadkeep_telegraph:Adapter", group=loading.ADAPTER_GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda group: [broken])
    with pytest.raises(ConfigError, match="The adapter telegraph cannot be imported"):
        load_adapters({})


def test_an_adapter_of_another_package_is_found(monkeypatch, write):
    file = write(
        "class Telegraph:\n    name = 'telegraph'\n    @classmethod\n    def from_environment(cls, environ):\n"
        "        return cls() if environ.get('TELEGRAPH_LINE') else None\n",
        name="threadkeep_telegraph.py",
    )
    monkeypatch.syspath_prepend(file.parent)
    found = EntryPoint(name="telegraph", value="threadkeep_telegraph:Telegraph", group=loading.ADAPTER_GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda group: [found])
    (adapter,) = load_adapters({"TELEGRAPH_LINE": "7"})
    assert adapter.name == "telegraph"
    assert load_adapters({}) == []


def test_redis_is_the_store_where_it_is_set_and_a_file_elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("THREADKEEP_DB", str(tmp_path / "talks.db"))
    store = make_store(load_settings())
    assert isinstance(store, SQLiteStore)
    assert store.description == f"SQLite file {tmp_path / 'talks.db'}"
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@db.test/2")
    store = make_store(load_settings())
    assert isinstance(store, RedisStore)
    assert store.description == "Redis at redis://db.test:6379/2"


def test_an_agent_is_shared_and_not_copied(write):
    bot = load_bot(write(HEAD.format("one")))
    assert isinstance(bot.agent, Agent)
    assert bot.connected_to([], SQLiteStore(":memory:")).agent is bot.agent


def test_conversations_apart_are_in_a_place_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("THREADKEEP_DB", str(tmp_path / "talks.db"))
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert "talks-chat.db" in make_store(load_settings(), apart="chat").description
    assert "talks.db" in make_store(load_settings()).description
