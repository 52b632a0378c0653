"""How the commands end when something goes wrong while a bot runs."""

import os
import subprocess
import sys

import pytest

SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "LOG_")
BOT = """
from threadkeep import Agent, Bot, OpenAIChat, SQLiteStore, StoreError

class Broken:
    def __init__(self, inbox):
        self.inbox = inbox

    def __getattr__(self, name):
        return getattr(self.inbox, name)

    async def claim(self, worker, **wanted):
        raise {error}

class BrokenStore(SQLiteStore):
    @property
    def inbox(self):
        return Broken(super().inbox)

bot = Bot(agent=Agent(model=OpenAIChat(id="gpt-5.4-mini")), store=BrokenStore(":memory:"))
"""


@pytest.fixture
def chat(tmp_path):
    def run(bot):
        (tmp_path / "bot.py").write_text(bot)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
        return subprocess.run(
            [sys.executable, "-m", "threadkeep", "chat", "bot.py"],
            cwd=tmp_path,
            env={**environ, "OPENAI_API_KEY": "sk-never-used"},
            input="hello\n",
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
        )

    return run


def test_an_expected_error_of_the_worker_is_one_line(chat):
    done = chat(BOT.format(error="StoreError('the server refuses the script')"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "threadkeep: the server refuses the script"
    assert "Traceback" not in done.stderr


def test_several_expected_errors_are_a_line_each(chat):
    errors = "ExceptionGroup('', [StoreError('one'), ExceptionGroup('', [StoreError('two'), StoreError('one')])])"
    done = chat(BOT.format(error=errors))
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()[-2:]) == ["threadkeep: one", "threadkeep: two"]


def test_a_bug_is_shown_with_its_traceback(chat):
    done = chat(BOT.format(error="ExceptionGroup('', [StoreError('one'), ZeroDivisionError('a bug')])"))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError: a bug" in done.stderr
