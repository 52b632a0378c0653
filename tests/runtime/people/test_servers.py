"""A bot whose tools are on an MCP server, which asks people: the bot and the server are started anew meanwhile."""

import sys
from pathlib import Path

import pytest

from threadkeep import Agent, Bot, OpenAIChat
from threadkeep.chat.adapter import Acceptance, ReplyState
from threadkeep.mcp import MCPServer

PROGRAM = Path(__file__).parents[2] / "mcp_servers" / "tracker.py"


@pytest.fixture
def make_bot(platform, openai, store):
    def make():
        tracker = MCPServer("tracker", command=[sys.executable, str(PROGRAM)])
        model = OpenAIChat(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)
        return Bot(agent=Agent(model=model, tools=[tracker]), adapters=[platform], store=store)

    return make


async def test_a_servers_question_is_answered_after_a_restart_of_the_bot(make_bot, platform, openai, wait_for):
    async with make_bot():
        await platform.sink(platform.said("Use the tool tracker__close number=3"))
        await wait_for(lambda: platform.finished)
    assert platform.finished[0].state is ReplyState.WAITING
    assert "**tracker** asks: Close issue 3?" in platform.finished[0].text
    async with make_bot():
        assert await platform.sink(platform.pressed("Accept")) is Acceptance.ACCEPTED
        await wait_for(lambda: len(platform.finished) == 2)
    assert platform.finished[1].state is ReplyState.FINISHED
    assert len(openai.requests) == 2
    assert "closed 3" in str(openai.messages(1))


async def test_a_bot_starts_and_answers_while_a_server_is_out_of_reach(platform, openai, store, wait_for):
    gone = MCPServer("gone", command=["/nonexistent/server"])
    model = OpenAIChat(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)
    async with Bot(agent=Agent(model=model, tools=[gone]), adapters=[platform], store=store):
        await platform.sink(platform.said("Hello"))
        await wait_for(lambda: platform.finished)
    assert platform.finished[0].state is ReplyState.FINISHED
