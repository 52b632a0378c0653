"""The command line as a person meets it: separate processes, real output."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASSISTANT = Path(__file__).parents[2] / "bots" / "assistant.py"
SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP")


def threadkeep(*arguments, cwd, said=None, **environ):
    """Run the command in a clean environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    return subprocess.run(
        [sys.executable, "-m", "threadkeep", *map(str, arguments)],
        cwd=cwd,
        env={**clean, **environ},
        input=said,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_help_names_the_commands(tmp_path):
    done = threadkeep("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("run", "chat", "new", "--version"):
        assert command in done.stdout


def test_help_imports_nothing_slow(tmp_path):
    script = (
        "import sys\nfrom threadkeep.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('openai', 'redis', 'slack_bolt', 'discord', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(tmp_path):
    done = threadkeep("--version", cwd=tmp_path)
    assert done.stdout.startswith("threadkeep 0.")


def test_a_new_bot_can_be_loaded(tmp_path):
    done = threadkeep("new", "my_bot", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "threadkeep run my_bot.py" in done.stdout
    folder = tmp_path / "my_bot"
    assert {path.name for path in folder.iterdir()} == {"my_bot.py", ".env.example", ".gitignore", ".slack"}
    ran = threadkeep("run", "my_bot.py", cwd=folder)
    assert ran.returncode == 1
    assert "No platform is set up" in ran.stderr


@pytest.mark.parametrize("name", ["../evil", "1bot", "my bot", ""])
def test_a_bot_needs_a_name_that_python_can_import(tmp_path, name):
    done = threadkeep("new", name, cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot name a bot" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "my_bot").mkdir()
    done = threadkeep("new", "my_bot", cwd=tmp_path)
    assert done.returncode == 1
    assert "exists already" in done.stderr


@pytest.mark.parametrize("name", ["statistics", "discord", "threadkeep"])
def test_a_new_bot_does_not_hide_a_module(tmp_path, name):
    done = threadkeep("new", name, cwd=tmp_path)
    assert done.returncode == 1
    assert f"try {name}_bot" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_bot_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "gone").mkdir()
    line = 'rmdir ../gone && exec "$0" -m threadkeep new my_bot'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 1
    assert "my_bot cannot be written here" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bot_file_does_not_hide_a_package_that_it_needs(tmp_path):
    (tmp_path / "discord.py").write_text("bot = 1")
    done = threadkeep("run", "discord.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "give it another name" in done.stderr


@pytest.mark.parametrize("meant", ["bot", "folder", "folder/bot"])
def test_a_bot_file_that_was_nearly_named_is_proposed(tmp_path, meant):
    for file in ("bot.py", "folder/folder.py", "folder/bot.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    done = threadkeep("chat", meant, cwd=tmp_path)
    file = "folder/folder.py" if meant == "folder" else f"{meant}.py"
    assert done.returncode == 1
    assert f"Did you mean {file}?" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no bot file"),
        ("x = 1", "defines no bot"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("def broken(:", "SyntaxError"),
        ("from threadkeep import Agent, OpenAIChat\nagent = Agent(model=OpenAIChat(id='x'), max_steps=0)", "max_steps"),
    ],
)
def test_a_bot_file_that_cannot_be_run_says_why(tmp_path, content, message):
    if content is not None:
        (tmp_path / "bot.py").write_text(content)
    done = threadkeep("run", "bot.py", cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "No platform is set up"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xapp-1"}, "xoxb-"),
        ({"DISCORD_BOT_TOKEN": "not a token"}, "DISCORD_BOT_TOKEN"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"THREADKEEP_MAX_CONCURRENT_RUNS": "0"}, "MAX_CONCURRENT_RUNS"),
    ],
)
def test_missing_or_wrong_settings_say_what_to_do(tmp_path, environ, message):
    done = threadkeep("run", ASSISTANT, cwd=tmp_path, **environ)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_a_dotenv_file_too(tmp_path):
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\n")
    done = threadkeep("run", ASSISTANT, cwd=tmp_path)
    assert "SLACK_APP_TOKEN" in done.stderr


def test_an_unreachable_redis_is_named_without_its_password(tmp_path):
    done = threadkeep("chat", ASSISTANT, cwd=tmp_path, said="hi\n", REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_model_key_is_told_at_the_start(tmp_path):
    done = threadkeep("chat", ASSISTANT, cwd=tmp_path, said="hi\n")
    assert done.returncode == 1
    assert "OPENAI_API_KEY is missing" in done.stderr
    assert "Traceback" not in done.stderr
