"""Approvals and questions in a terminal."""

import asyncio
import queue

import pytest

from threadkeep import Agent, Bot, OpenAIChat, RunContext, SQLiteStore, tool
from threadkeep.chat.elements import Button, Form, Option, Select, TextField
from threadkeep_console import ConsoleAdapter
from threadkeep_console.buttons import keys_line, keys_of, read_key
from threadkeep_emulators.openai import OpenAIEmulator

FORM = Form(title="Deny", fields=(TextField(name="reason", label="Why?"),))
KEYS = keys_of(
    (
        Button(action="a", label="Approve", value="0"),
        Button(action="a", label="Deny", value="1", form=FORM),
        Button(action="b", label="Deny all", value="2"),
        Button(action="c", label="Docs", url="https://example.org"),
        Select(action="s", label="Choose", options=(Option(label="One", value="x"),)),
    )
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("approve", ("a", "0", {})),
        ("  DENY ", ("a", "1", {})),
        ("deny: too  late", ("a", "1", {"reason": "too late"})),
        ("deny too late", ("a", "1", {"reason": "too late"})),
        ("deny all", ("b", "2", {})),
        ("one", ("s", "x", {})),
        ("approve it", None),
        ("denying", None),
        ("docs", None),
        ("", None),
    ],
)
def test_a_line_that_is_a_label_presses_it(line, expected):
    typed = read_key(line, KEYS)
    assert (None if typed is None else (typed.key.action, typed.key.value, typed.fields)) == expected


def test_the_labels_are_shown():
    assert keys_line(KEYS) == "  [type: Approve | Deny … | Deny all | One]"


async def test_a_person_approves_and_answers_in_a_terminal():
    @tool(requires_approval=True)
    async def deploy(context: RunContext) -> str:
        """Deploy."""
        return f"deployed to {await context.ask('Which environment?', choices=['staging', 'production'])}"

    lines: queue.Queue[str | None] = queue.Queue()
    shown: list[str] = []

    def read_line(_prompt: str) -> str:
        line = lines.get(timeout=20)
        if line is None:
            raise EOFError
        return line

    for line in ("Use the tool deploy", "approve", "production", None):
        lines.put(line)
    async with OpenAIEmulator() as openai:
        model = OpenAIChat(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)
        adapter = ConsoleAdapter(speaker="ann", read_line=read_line, write=shown.append)
        bot = Bot(agent=Agent(model=model, tools=[deploy]), adapters=[adapter], store=SQLiteStore(":memory:"))
        async with bot, asyncio.timeout(20):
            await bot.wait_closed()
    text = "".join(shown)
    assert "May I call `deploy`?" in text
    assert "[type: Approve | Deny …]" in text
    assert "[type: staging | production]" in text
    assert "deployed to production" in text


async def test_a_person_stops_a_run_that_waits_for_them():
    @tool(requires_approval=True)
    def deploy() -> str:
        """Deploy."""
        return "deployed"

    lines: queue.Queue[str | None] = queue.Queue()
    shown: list[str] = []

    def read_line(_prompt: str) -> str:
        line = lines.get(timeout=20)
        if line is None:
            raise EOFError
        return line

    for line in ("Use the tool deploy", "!stop", "approve", None):
        lines.put(line)
    async with OpenAIEmulator() as openai:
        model = OpenAIChat(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)
        adapter = ConsoleAdapter(speaker="ann", read_line=read_line, write=shown.append)
        bot = Bot(agent=Agent(model=model, tools=[deploy]), adapters=[adapter], store=SQLiteStore(":memory:"))
        async with bot, asyncio.timeout(20):
            await bot.wait_closed()
    text = "".join(shown)
    assert "May I call `deploy`?" in text
    assert "Stopped." in text
    assert "deployed" not in text
