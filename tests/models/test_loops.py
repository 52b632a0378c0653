"""Connections belong to event loops, and end with them."""

import asyncio
import os
import subprocess
import sys
import textwrap

import pytest

from threadkeep.errors import ConfigError
from threadkeep.models.openai_chat import OpenAIChat
from threadkeep_emulators.openai import Answer, OpenAIEmulator


async def program(emulator: OpenAIEmulator, source: str) -> str:
    """Run a program against the emulator; any warning or line on stderr is a failure."""
    environ = {
        "OPENAI_BASE_URL": emulator.url,
        "OPENAI_API_KEY": emulator.api_key,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", textwrap.dedent(source)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    out, err = await asyncio.wait_for(process.communicate(), 40)
    assert err.decode() == ""
    assert process.returncode == 0
    return out.decode()


async def test_each_event_loop_has_connections_that_end_with_it(openai):
    openai.answers(Answer(text="one"), Answer(text="two"))
    out = await program(
        openai,
        """
        import asyncio
        from threadkeep.messages import Message, Role
        from threadkeep.models.base import ModelSettings
        from threadkeep.models.openai_chat import OpenAIChat

        model = OpenAIChat("gpt-4o-mini")

        async def ask():
            hello = [Message(role=Role.USER, content="Hello")]
            async for event in model.stream(hello, [], ModelSettings()):
                pass
            print(event.message.content)

        asyncio.run(ask())
        asyncio.run(ask())
        """,
    )
    assert out.split() == ["one", "two"]


async def test_closing_is_harmless_at_any_time(openai, make_model, ask):
    model = make_model()
    await model.aclose()
    openai.answers(Answer(text="one"), Answer(text="two"))
    await ask(model)
    await model.aclose()
    await model.aclose()
    await ask(model)


@pytest.mark.parametrize("setting", [{"timeout": 0}, {"max_retries": -1}])
def test_settings_without_sense_are_refused(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        OpenAIChat("gpt-4o-mini", **setting)


@pytest.mark.parametrize("address", ["nowhere", "localhost:8000/v1", "http:///v1"])
async def test_an_address_that_is_none_is_refused_before_the_first_question(make_model, address):
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        await make_model(base_url=address).prepare()


def test_a_key_is_never_shown():
    assert "sk-secret" not in repr(OpenAIChat("gpt-4o-mini", api_key="sk-secret"))
