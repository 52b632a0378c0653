"""What a terminal shows."""

import io

import pytest
from rich.console import Console

from threadkeep import Agent, ModelUnavailableError, ToolCall, pprint_run_response, tool
from threadkeep.agent.printing import Printout


@tool
def look(where: str) -> str:
    """Look."""
    return where


@pytest.fixture
def agent(scripted, script):
    calls = [ToolCall(id="1", name="look", arguments='{"where": "here"}')]
    agent = Agent(model=scripted(script(calls=calls), script("It is ", "**here**.")), tools=[look])
    yield agent
    agent.close()


def test_question_tools_and_answer_are_printed(agent, capsys):
    agent.print_response("Where\nis it?", show_time=True)
    out = capsys.readouterr().out
    for part in ("Where", "is it?", 'look({"where": "here"}) done in', "It is **here**.", "Response (0."):
        assert part in out
    assert out.endswith("╯\n")


async def test_printing_works_in_asynchronous_programs(agent, capsys):
    await agent.aprint_response("Where?", markdown=True, show_message=False)
    out = capsys.readouterr().out
    assert "It is here." in out
    assert "Where?" not in out


def test_a_response_is_printed(agent, capsys):
    pprint_run_response(agent.run("Where?"), markdown=True)
    assert "It is here." in capsys.readouterr().out


def test_events_are_printed(agent, capsys):
    pprint_run_response(agent.run("Where?", stream=True), show_time=True)
    assert "It is **here**." in capsys.readouterr().out


async def test_asynchronous_events_are_printed(agent, capsys):
    await pprint_run_response(agent.arun("Where?", stream=True))
    assert "It is **here**." in capsys.readouterr().out


def test_what_was_said_before_a_failure_stays(scripted, script, capsys):
    agent = Agent(model=scripted([*script("Well, ")[:-1], ModelUnavailableError("gone")]))
    with pytest.raises(ModelUnavailableError):
        agent.print_response("Hello")
    agent.close()
    assert "Well," in capsys.readouterr().out


def test_a_terminal_is_left_on_a_line_of_its_own(agent):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60)
    with Printout(question="Where?", console=console) as printout:
        for event in agent.run("Where?", stream=True):
            printout.show(event)
    assert "**here**" in screen.getvalue()
