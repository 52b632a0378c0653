"""Every Python program of the documentation runs as it stands."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from threadkeep_emulators.openai import OpenAIEmulator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECONDS = 150
SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "LOG_")
TRY_BOT = """\
from pathlib import Path
from threadkeep.runtime.loading import load_bot
bot = load_bot(Path("program.py"))
print(bot.agent.run("Hello", user_id="ann").content)
"""

# A program starts a process, and a test file a pytest of its own, which takes long where the machine does much else.
pytestmark = pytest.mark.timeout(200)


@dataclass(frozen=True, slots=True)
class Program:
    """A fenced block of a page."""

    page: Path
    line: int
    text: str

    @property
    def is_test(self):
        return "\nasync def test_" in self.text

    @property
    def is_bot(self):
        return "\nbot = Bot(" in self.text

    def __str__(self):
        return f"{self.page.name}:{self.line}"


def programs(language="python"):
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield Program(page, text[: block.start()].count("\n") + 1, block[1])


PROGRAMS = list(programs())


@pytest.fixture
def run(tmp_path):
    async def run(*arguments):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
        async with OpenAIEmulator() as openai:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=tmp_path,
                env={**clean, "OPENAI_BASE_URL": openai.url, "OPENAI_API_KEY": openai.api_key},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                async with asyncio.timeout(SECONDS):
                    output, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()

    return run


@pytest.mark.parametrize("program", [one for one in PROGRAMS if not one.is_test and not one.is_bot], ids=str)
async def test_a_program_runs(program, run, tmp_path):
    (tmp_path / "program.py").write_text(program.text, encoding="utf-8")
    output = await run("program.py")
    assert "Traceback" not in output


@pytest.mark.parametrize("program", [one for one in PROGRAMS if one.is_bot and not one.is_test], ids=str)
async def test_a_bot_can_be_loaded_and_answers(program, run, tmp_path):
    (tmp_path / "program.py").write_text(program.text, encoding="utf-8")
    assert "Hello" in await run("-c", TRY_BOT)


@pytest.mark.parametrize("program", [one for one in PROGRAMS if one.is_test], ids=str)
async def test_a_test_passes(program, run, tmp_path):
    (tmp_path / "test_program.py").write_text(program.text, encoding="utf-8")
    output = await run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_program.py")
    assert " passed" in output


def test_the_pages_hold_programs_of_each_kind():
    pages = {"README.md", "bots.md", "emulators.md", "models.md", "operations.md"}
    assert pages <= {program.page.name for program in PROGRAMS}
    assert any(program.is_test for program in PROGRAMS)
    assert sum(program.is_bot for program in PROGRAMS) >= 3


async def test_the_memory_program_remembers(run, tmp_path):
    (program,) = [one for one in PROGRAMS if "async def remember" in one.text]
    ask = TRY_BOT + (
        "bot.agent.run('Use the tool remember fact=\"likes tea\"', user_id='ann')\n"
        "print([memo.text for memo in bot.agent.wait(bot.agent.memories('ann'))])\n"
    )
    (tmp_path / "program.py").write_text(program.text, encoding="utf-8")
    assert "likes tea" in await run("-c", ask)
