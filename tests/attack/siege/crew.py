"""The processes of one bot, and the platform that delivers to them."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from siege.ledger import post_texts
from siege.starter import BotProcess, Starter, order_of_store

from threadkeep import RedisStore, SQLiteStore
from threadkeep.stores.base import Store

_ENDING_SECONDS = 30.0


class Platform:
    """Delivers messages to the ingresses that are there until they are acknowledged, in order in each channel."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.accepted_at: dict[tuple[str, int], float] = {}
        self.accept: list[float] = []
        self.redelivered = 0
        self._server: asyncio.Server | None = None
        self._ingresses: dict[asyncio.StreamWriter, set[tuple[str, int]]] = {}
        self._is_open: dict[tuple[str, int], asyncio.Future[bool]] = {}
        self._has_ingress = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._ingresses:
            writer.close()
        self.path.unlink(missing_ok=True)

    async def deliver(self, channel: str, number: int) -> None:
        """Deliver a message until somebody acknowledges it."""
        is_first = True
        while True:
            while not self._ingresses:
                self._has_ingress.clear()
                await self._has_ingress.wait()
            self.redelivered += not is_first
            is_first = False
            writer = random.choice(list(self._ingresses))
            self._ingresses[writer].add((channel, number))
            answered = self._is_open[channel, number] = asyncio.get_running_loop().create_future()
            writer.write(f"{channel} {number}\n".encode())
            if await answered:
                return
            await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ingresses[writer] = set()
        self._has_ingress.set()
        try:
            async for line in reader:
                channel, number, *rest = line.decode().split()
                self._ingresses[writer].discard((channel, int(number)))
                if len(rest) == 2:
                    self.accept.append(float(rest[0]))
                    self.accepted_at[channel, int(number)] = float(rest[1])
                self._settle((channel, int(number)), is_acknowledged=len(rest) == 2)
        except ConnectionError:
            pass
        finally:
            for message in self._ingresses.pop(writer):
                self._settle(message, is_acknowledged=False)
            writer.close()

    def _settle(self, message: tuple[str, int], *, is_acknowledged: bool) -> None:
        answered = self._is_open[message]
        if not answered.done():
            answered.set_result(is_acknowledged)


class Crew:
    """Ingresses and workers of one bot on one store. Use it as an async context manager, which ends them all.

    Args:
        starter: Starts the processes, of ``crowd_program.py``.
        folder: For the files.
        redis: The URL of the server; None for SQLite.
        policy: The bot's policy.
        model_seconds: How long the model thinks.
        seen_seconds: How long a message is known; None for the store's own time.
        store: What the store is told.
    """

    def __init__(
        self,
        starter: Starter,
        *,
        folder: Path,
        redis: str | None,
        policy: str = "collect",
        model_seconds: float = 0.0,
        seen_seconds: float | None = None,
        store: dict[str, Any] | None = None,
    ) -> None:
        self._starter = starter
        self._folder = folder
        self._redis = redis
        self._prefix = f"crew-{uuid4().hex}"
        self._settings = store or {}
        self._order = {"policy": policy, "model_seconds": model_seconds, "seen_seconds": seen_seconds}
        # The path of a Unix socket may not be long.
        self.platform = Platform(Path(f"/tmp/crew-{uuid4().hex[:12]}.sock"))
        self.ledger = str(folder / "ledger")
        self.members: list[tuple[str, BotProcess]] = []

    async def __aenter__(self) -> Self:
        await self.platform.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for _, member in self.members:
            member.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                await asyncio.gather(*(member.ended.wait() for _, member in self.members))
        finally:
            for _, member in self.members:
                member.send(signal.SIGKILL)
            await self.platform.__aexit__(*exc_info)

    @property
    def prefix(self) -> str:
        """The prefix of the store's keys."""
        return self._prefix

    @property
    def log(self) -> str:
        """What the processes logged."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def texts(self) -> list[str]:
        """What was posted, oldest first."""
        return post_texts(self.ledger)

    def open_store(self) -> Store:
        """Give the store, unopened."""
        if self._redis is None:
            return SQLiteStore(self._folder / "store.db", **self._settings)
        return RedisStore(self._redis, prefix=self._prefix, **self._settings)

    async def add(self, *roles: str) -> None:
        """Start processes, and wait until they work."""
        started = [(role, await self._start(role)) for role in roles]
        self.members += started
        for _, member in started:
            assert await member.wait_ready(), self.log[-3000:]

    async def kill(self, number: int) -> str:
        """Kill a process and start another in its place; give its role."""
        role, member = self.members[number]
        member.send(signal.SIGKILL)
        await member.ended.wait()
        self.members[number] = (role, await self._start(role))
        return role

    async def _start(self, role: str) -> BotProcess:
        return await self._starter.start(
            log=self._folder / "log",
            log_level="warning",
            role=role,
            **order_of_store(self._redis, prefix=self._prefix, folder=self._folder, **self._settings),
            ledger=self.ledger,
            deliveries=str(self.platform.path),
            **self._order,
        )
