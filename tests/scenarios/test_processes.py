"""``threadkeep run`` and ``chat`` as processes of their own, stopped politely and killed."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from threadkeep_emulators.openai import Answer

BOTS = Path(__file__).parents[2] / "bots"
LONG = 25
# What this process has of coverage measurement must not start in the ones that are killed.
CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "DISCORD", "OPENAI", "REDIS"))
}


class Process:
    """A running command whose output is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(LONG):
            while text not in self.output:
                await self._read()

    async def wait(self) -> int:
        async with asyncio.timeout(LONG):
            while await self._read():
                pass
            return await self.process.wait()

    async def _read(self) -> bytes:
        data = await self.process.stdout.read(4096)
        self.output += data.decode(errors="replace")
        if not data and self.process.returncode is not None:
            await asyncio.sleep(0)
        return data


@pytest.fixture
def command(town, tmp_path) -> Callable[..., Any]:
    @asynccontextmanager
    async def run(*arguments: str, **environ: str) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "threadkeep", *arguments),
            cwd=tmp_path,
            env={**CLEAN, **town.environ, **environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield Process(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_run_connects_everything_answers_and_stops_cleanly(number, town, command):
    ann = town.acme.user("Ann")
    async with command("run", str(BOTS / "assistant.py")) as running:
        await running.wait_for("Ready.")
        await ann.dm("What is 6 * 7?")
        await ann.direct.wait_for_reply(contains="42", timeout=LONG)
        running.process.send_signal(number)
        assert await running.wait() == 0
    assert "Slack workspace Acme" in running.output
    assert "Discord as" in running.output
    assert "SQLite" in running.output
    assert "Stopped." in running.output
    assert "Traceback" not in running.output
    for secret in (town.acme.bot_token, town.slack.app_token, town.discord.bot.token, town.openai.api_key):
        assert secret not in running.output


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_a_killed_bot_answers_once_when_it_is_started_again(kind, town, command, request):
    environ = {}
    if kind == "redis":
        environ["REDIS_URL"] = request.getfixturevalue("redis_server").url
    ann = town.acme.user("Ann")
    town.openai.answers(Answer(text="one two three four", hold_after=2))
    async with command("run", str(BOTS / "assistant.py"), **environ) as first:
        await first.wait_for("Ready.")
        question = await ann.says(town.general, f"{town.acme.bot.mention} count")
        await question.thread.wait_for(lambda seen: seen[-1].is_ours, timeout=LONG)
        first.process.kill()
        await first.wait()
    town.openai.answers(Answer(text="one two three four"))
    async with command("run", str(BOTS / "assistant.py"), **environ) as second:
        await second.wait_for("Ready.")
        await question.thread.wait_for_reply(contains="one two three four", timeout=LONG)
        await ann.replies(question, "What is 6 * 7?")
        await question.thread.wait_for_reply(contains="42", timeout=LONG)
        second.process.terminate()
        assert await second.wait() == 0
    assert [seen.is_ours for seen in question.thread.messages] == [False, True, False, True]


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_one_process_accepts_and_another_one_answers(kind, town, command, request):
    """Who only accepts needs nothing of the model."""
    shared = {"REDIS_URL": request.getfixturevalue("redis_server").url} if kind == "redis" else {}
    bot = str(BOTS / "assistant.py")
    ann = town.acme.user("Ann")
    async with command("run", bot, "--ingress", **shared, OPENAI_API_KEY="", OPENAI_BASE_URL="") as ingress:
        await ingress.wait_for("Ready.")
        said = await ann.dm("What is 6 * 7?")
        await town.slack.wait_until_acked(*said.deliveries)
        assert len(town.openai.requests) == 0
        async with command("run", bot, "--worker", **shared) as worker:
            await ann.direct.wait_for_reply(contains="42", timeout=LONG)
            worker.process.kill()
            await worker.wait()
        await ann.dm("What is 7 * 7?")
        async with command("run", bot, "--worker", **shared) as worker:
            await ann.direct.wait_for_reply(contains="49", timeout=LONG)
            worker.process.terminate()
            assert await worker.wait() == 0
        ingress.process.terminate()
        assert await ingress.wait() == 0
    assert "Traceback" not in ingress.output
    assert sum(seen.is_ours for seen in ann.direct.messages) == 2


async def test_chat_talks_and_remembers(town, command):
    async with command("chat", str(BOTS / "assistant.py")) as talk:
        talk.process.stdin.write(b"My name is Ann.\nWhat is my name?\n")
        talk.process.stdin.write_eof()
        assert await talk.wait() == 0
    assert "Your name is Ann" in talk.output
    async with command("chat", str(BOTS / "assistant.py")) as later:
        later.process.stdin.write(b"What is my name?\n")
        later.process.stdin.write_eof()
        assert await later.wait() == 0
    assert "Your name is Ann" in later.output
    async with command("chat", str(BOTS / "assistant.py"), "--session", "other") as other:
        other.process.stdin.write(b"What is my name?\n")
        other.process.stdin.write_eof()
        await other.wait()
    assert "Your name is Ann" not in other.output


async def test_slack_client_credentials_in_the_environment_do_not_discard_the_bot_token(town, command):
    ann = town.acme.user("Ann")
    oauth = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "shhh"}
    async with command("run", str(BOTS / "assistant.py"), **oauth) as running:
        await running.wait_for("Ready.")
        await ann.dm("What is 6 * 7?")
        await ann.direct.wait_for_reply(contains="42", timeout=LONG)
        running.process.terminate()
        assert await running.wait() == 0


@pytest.mark.parametrize("is_option", [True, False])
async def test_run_serves_its_health_where_it_is_told_to(is_option, command):
    options, environ = (("--health", "127.0.0.1:0"), {}) if is_option else ((), {"THREADKEEP_HEALTH": "127.0.0.1:0"})
    running_bot = command("run", str(BOTS / "assistant.py"), *options, **environ)
    async with running_bot as running, aiohttp.ClientSession() as http:
        await running.wait_for("Ready.")
        url = re.search(r"Health: (\S+)/live", running.output)[1]
        async with asyncio.timeout(LONG):
            while True:
                async with http.get(f"{url}/ready") as response:
                    report = await response.json()
                if response.status == 200:
                    break
        assert sorted(report["platforms"]) == ["discord", "slack"]
        running.process.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
