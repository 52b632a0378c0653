"""``threadkeep chat`` as a process: what is typed is answered, kept, and the process ends in good order."""

import asyncio
import os
import signal
import sys

import pytest

from threadkeep_emulators.openai import Answer, OpenAIEmulator, ToolCall

SECONDS = 40
SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "LOG_")
BOT = """\
from threadkeep import Agent, Bot, OpenAIChat

def lamp(state: str) -> str:
    \"\"\"Switch the lamp on or off.\"\"\"
    return f"the lamp is {state}"

agent = Agent(
    model=OpenAIChat(id="gpt-5.4-mini", max_retries=0), tools=[lamp], add_history_to_messages=True, num_history_runs=5
)
bot = Bot(agent=agent)
"""


@pytest.fixture
async def openai():
    async with OpenAIEmulator() as emulator:
        yield emulator


@pytest.fixture
def start(tmp_path, openai):
    (tmp_path / "bot.py").write_text(BOT)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    environ = {**clean, "OPENAI_BASE_URL": openai.url, "OPENAI_API_KEY": openai.api_key}

    async def run(*arguments, **more):
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "threadkeep", "chat", "bot.py", *arguments),
            cwd=tmp_path,
            env={**environ, **more},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    return run


async def talk(process, said):
    async with asyncio.timeout(SECONDS):
        out, errors = await process.communicate(said)
    return process.returncode, out.decode(), errors.decode()


async def test_a_conversation_goes_on_in_the_next_process(start):
    status, out, errors = await talk(await start(), b"My name is Ann.\n")
    assert (status, "Ann" in out) == (0, True), errors
    assert "SQLite file threadkeep-chat.db" in errors
    status, out, errors = await talk(await start(), b"What is my name?\n")
    assert (status, "Your name is Ann." in out) == (0, True), errors
    status, out, _ = await talk(await start("--session", "other"), b"What is my name?\n")
    assert "have not told me your name" in out


async def test_what_comes_from_a_file_is_shown_with_its_answer(start, openai):
    openai.answers(Answer(text="Hello!"))
    _, out, _ = await talk(await start(), b"hello there\n")
    assert out == "you> hello there\nHello!\n\n"


async def test_a_tool_is_seen_at_work(start, openai):
    call = ToolCall(name="lamp", arguments='{"state": "on"}')
    openai.answers(Answer(tool_calls=(call,)), Answer(text="It is bright now."))
    status, out, errors = await talk(await start(), b"light, please\n")
    assert status == 0, errors
    assert "[Using lamp" in out
    assert "It is bright now." in out


async def test_bytes_that_are_no_text_are_not_the_end(start, openai):
    openai.answers(Answer(text="Pardon?"), Answer(text="Hello!"))
    status, out, errors = await talk(await start(), b"\xff\xfe\nhello\n")
    assert status == 0, errors
    assert "Pardon?" in out
    assert "Hello!" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_although_nobody_types(number, start):
    process = await start()
    async with asyncio.timeout(SECONDS):
        while b"Ready." not in await process.stderr.readline():
            pass
        process.send_signal(number)
        errors = await process.stderr.read()
        await process.wait()
    process.stdin.close()
    assert process.returncode == 0, errors
    assert b"Stopped." in errors
    assert b"Fatal" not in errors


async def test_a_model_that_refuses_the_key_is_a_line_with_a_reference(start):
    status, out, errors = await talk(await start(OPENAI_API_KEY="sk-wrong-key-123456"), b"hello\n")
    assert status == 0
    assert "(reference " in out
    assert "set OPENAI_API_KEY" in errors
    assert "Traceback" not in errors
    assert "sk-wrong-key-123456" not in out + errors


async def test_a_traceback_is_shown_to_who_asks_for_it(start):
    _, _, errors = await talk(await start(OPENAI_API_KEY="sk-wrong-key-123456", LOG_LEVEL="debug"), b"hello\n")
    assert "Traceback" in errors


async def test_an_empty_session_name_is_refused(start):
    status, _, errors = await talk(await start("--session", ""), b"")
    assert status == 1
    assert "--session" in errors
