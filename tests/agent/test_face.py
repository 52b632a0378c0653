"""The public face: names, laziness, and what a type checker sees."""

import subprocess
import sys

import pytest

import threadkeep

SLOW = {"openai", "redis", "aiohttp", "httpx2"}
LIBRARIES = SLOW | {"pydantic", "pydantic_settings", "rich", "structlog", "typer"}


def loaded_after(source: str) -> set[str]:
    report = (
        f"import sys\nsys.path[:0] = {sys.path!r}\n{source}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return LIBRARIES & set(done.stdout.split())


def test_importing_threadkeep_loads_no_library():
    assert loaded_after("import threadkeep") == set()


def test_an_agent_is_made_without_the_clients():
    source = "from threadkeep import Agent, OpenAIChat, Memory\nAgent(model=OpenAIChat(id='m'), memory=Memory())"
    assert not loaded_after(source) & SLOW


@pytest.mark.parametrize("name", threadkeep.__all__)
def test_every_name_exists(name):
    assert getattr(threadkeep, name) is not None
    assert name in dir(threadkeep)


def test_other_names_do_not():
    with pytest.raises(AttributeError, match="no attribute 'Agents'"):
        _ = threadkeep.Agents
