"""A person who asks a bot one question after the other, and what must stand there in the end."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

from siege.starter import BotProcess, Starter, order_of_store
from siege.streets import Street, open_echo, open_street
from siege.waiting import until

from threadkeep_emulators.openai import OpenAIEmulator

LEASE_SECONDS = 0.8
SECONDS = 30.0


class Talk:
    """One conversation with a bot of one or more processes.

    Args:
        starter: Starts the bot's processes.
        street: Where it takes place.
        model: Who answers.
        folder: For the files.
        redis: The server's URL, perhaps a proxy's; None for SQLite.
    """

    def __init__(
        self, starter: Starter, street: Street, model: OpenAIEmulator, folder: Path, *, redis: str | None
    ) -> None:
        self._starter = starter
        self._folder = folder
        self._redis = redis
        self._prefix = f"attack-{uuid4().hex}"
        self.street = street
        self.model = model
        self.asked = 0

    async def start_bot(self, **store: float) -> BotProcess:
        """Start a process of the bot, and wait until it answers."""
        settings = {"lease_seconds": LEASE_SECONDS, **store}
        bot = await self._starter.start(
            log=self._folder / "log",
            environ={**self.street.environ, "OPENAI_API_KEY": self.model.api_key, "OPENAI_BASE_URL": self.model.url},
            **order_of_store(self._redis, prefix=self._prefix, folder=self._folder, **settings),
            has_tool=False,
            ledger=str(self._folder / "ledger"),
            point=None,
            trace=str(self._folder / "trace"),
        )
        assert await bot.wait_ready(), self.log
        return bot

    @property
    def log(self) -> str:
        """What the bot logged."""
        return (self._folder / "log").read_text(errors="replace")

    @property
    def answers(self) -> list[int]:
        """The questions that were answered, in order; -1 for something else that the bot said."""
        found = [re.fullmatch(r"This is answer (\d+)\.", said.text) for said in self.street.seen if said.is_ours]
        return [int(match[1]) if match else -1 for match in found]

    async def ask(self) -> int:
        """Ask the next question."""
        self.asked += 1
        await self.street.say(f"Question {self.asked}.")
        return self.asked

    async def until_answered(self) -> None:
        """Wait until the last question is answered."""
        await self.street.wait(lambda _: self.asked in self.answers, seconds=SECONDS)

    async def until_logged(self, text: str) -> None:
        """Wait until the bot has logged something."""
        await until(lambda: text in self.log, seconds=SECONDS)

    def check(self) -> None:
        """Require that each question has exactly one answer, in order, and that nothing else was said."""
        assert self.answers == list(range(1, self.asked + 1)), f"{self.street.seen}\n{self.log[-6000:]}"


@asynccontextmanager
async def open_talk(
    starter: Starter, platform: str, folder: Path, *, redis: str | None, thinking: float = 0.0, pace: float = 0.01
) -> AsyncIterator[Talk]:
    """Open a place, a model and the person between them; the bot is still to be started."""
    async with AsyncExitStack() as stack:
        street = await stack.enter_async_context(open_street(platform, is_direct=False))
        model = await stack.enter_async_context(open_echo(seconds=thinking, pace=pace))
        yield Talk(starter, street, model, folder, redis=redis)
