"""Programs written for the sessions page of Agno 1.x run with their imports changed, and mix nothing up."""

import asyncio
import os
import subprocess
import sys

import pytest

from threadkeep_emulators.openai import Answer, OpenAIEmulator

SINGLE_RUN = """
from typing import Iterator
from threadkeep import Agent, RunResponse
from threadkeep import OpenAIChat
from threadkeep import pprint_run_response

agent = Agent(model=OpenAIChat(id="gpt-4o-mini"))

# Run agent and return the response as a variable
agent.print_response("Tell me a 5 second short story about a robot")
"""

TWO_USERS = """
from threadkeep import Agent
from threadkeep import OpenAIChat
from threadkeep import Memory

agent = Agent(
    model=OpenAIChat(id="gpt-4o-mini"),
    # Multi-user, multi-session only work with Memory.v2
    memory=Memory(),
    add_history_to_messages=True,
    num_history_runs=3,
)

user_1_id = "user_101"
user_2_id = "user_102"

user_1_session_id = "session_101"
user_2_session_id = "session_102"

# Start the session with user 1
agent.print_response(
    "Tell me a 5 second short story about a robot.",
    user_id=user_1_id,
    session_id=user_1_session_id,
)
# Continue the session with user 1
agent.print_response("Now tell me a joke.", user_id=user_1_id, session_id=user_1_session_id)

# Start the session with user 2
agent.print_response("Tell me about quantum physics.", user_id=user_2_id, session_id=user_2_session_id)
# Continue the session with user 2
agent.print_response("What is the speed of light?", user_id=user_2_id, session_id=user_2_session_id)

# Ask the agent to give a summary of the conversation, this will use the history from the previous messages
agent.print_response(
    "Give me a summary of our conversation.",
    user_id=user_1_id,
    session_id=user_1_session_id,
)
"""

RESPONSE_AND_STREAM = """
from typing import Iterator
from threadkeep import Agent, RunResponse
from threadkeep import OpenAIChat
from threadkeep import pprint_run_response

agent = Agent(model=OpenAIChat(id="gpt-4o-mini"))
response: RunResponse = agent.run("One")
pprint_run_response(response, markdown=True)
response_stream: Iterator[RunResponse] = agent.run("Two", stream=True)
pprint_run_response(response_stream, markdown=True, show_time=True)
assert response.run_id and response.session_id and response.user_id is None
"""

STORY, JOKE = "A robot woke, waved and slept.", "A byte walks into a bar."
PHYSICS, LIGHT = "Small things jump.", "299792458 metres a second."


@pytest.fixture
async def openai():
    async with OpenAIEmulator(offline=None, must_use_answers=True) as emulator:
        yield emulator


async def output_of(program: str, emulator: OpenAIEmulator) -> str:
    """Run a program, every warning an error, and give what it printed; it must say nothing on stderr."""
    environ = {
        "OPENAI_BASE_URL": emulator.url,
        "OPENAI_API_KEY": emulator.api_key,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PATH": os.environ["PATH"],
        "COLUMNS": "120",
        "PYTHONIOENCODING": "utf-8",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    out, err = await asyncio.wait_for(process.communicate(), 50)
    assert err.decode() == ""
    assert process.returncode == 0
    return out.decode()


def spoken(openai: OpenAIEmulator, position: int) -> list[tuple[object, object]]:
    return [(message["role"], message["content"]) for message in openai.messages(position)]


async def test_a_single_run_is_printed(openai):
    openai.answers(Answer(text=STORY))
    out = await output_of(SINGLE_RUN, openai)
    assert "Tell me a 5 second short story about a robot" in out
    assert STORY in out
    assert len(openai.requests) == 1


async def test_two_users_have_sessions_of_their_own(openai):
    openai.answers(*(Answer(text=text) for text in (STORY, JOKE, PHYSICS, LIGHT, "A story and a joke.")))
    out = await output_of(TWO_USERS, openai)
    first = [("user", "Tell me a 5 second short story about a robot.")]
    second = [*first, ("assistant", STORY), ("user", "Now tell me a joke.")]
    third = [("user", "Tell me about quantum physics.")]
    fourth = [*third, ("assistant", PHYSICS), ("user", "What is the speed of light?")]
    fifth = [*second, ("assistant", JOKE), ("user", "Give me a summary of our conversation.")]
    assert [spoken(openai, number) for number in range(5)] == [first, second, third, fourth, fifth]
    assert all(text in out for text in (STORY, JOKE, PHYSICS, LIGHT, "A story and a joke."))


async def test_responses_and_streams_can_be_printed(openai):
    openai.answers(Answer(text=STORY), Answer(text=JOKE))
    out = await output_of(RESPONSE_AND_STREAM, openai)
    assert STORY in out
    assert JOKE in out
