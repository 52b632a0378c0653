"""Measure the bot on Discord: messages through reconnects and restarts, CPU of an answer, memory of idle servers.

Writes DISCORD.md beside this file, or prints with --quick. (It must not be called discord.py: scripts of this folder
would import it in place of the library.)
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import platform
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from peers.words import END, QUESTION
from platforms import Platforms
from redis_server import running_redis
from threadkeep_emulators.discord import Channel, DiscordEmulator, Message, Person

HERE = Path(__file__).parent
RESULTS = HERE / "DISCORD.md"
OURS, BARE = "discord_ours.py", "thirty_line_discord_bot.py"
NAMES = {OURS: "threadkeep", BARE: "thirty lines of discord.py + openai"}
PARTS = ("delivery", "cpu", "memory")
PATIENCE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured.

    Attributes:
        channels: In how many channels people talk.
        messages: How many messages they write.
        reconnects: How often the gateway breaks meanwhile.
        restarts: How often the process ends meanwhile.
        rounds: How often the contestants answer in turn.
        answers: How many answers in a round.
        guilds: In how many servers the idle bot is.
    """

    channels: int
    messages: int
    reconnects: int
    restarts: int
    rounds: int
    answers: int
    guilds: int


FULL = Size(channels=100, messages=2_000, reconnects=20, restarts=5, rounds=4, answers=4, guilds=1_000)
QUICK = Size(channels=20, messages=200, reconnects=4, restarts=2, rounds=2, answers=3, guilds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the bots talk to, all in this process, and where their logs go."""

    discord: DiscordEmulator
    platforms: Platforms
    redis_url: str
    folder: Path

    def environ(self, *, is_streamed: bool, prefix: str) -> dict[str, str]:
        """Give the variables with which a bot finds everything."""
        return {
            **os.environ,
            "DISCORD_BOT_TOKEN": self.discord.bot.token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "OPENAI_BASE_URL": f"{self.platforms.url}/v1",
            "OPENAI_API_KEY": "sk-bench",
            "REDIS_URL": self.redis_url,
            "PREFIX": prefix,
            "STREAM": "1" if is_streamed else "0",
        }


class Process:
    """A bot at work."""

    def __init__(self, scene: Scene, script: str, *, is_streamed: bool, prefix: str = "bench") -> None:
        self._scene = scene
        self._script = script
        self._environ = scene.environ(is_streamed=is_streamed, prefix=prefix)
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is connected some time later."""
        with (self._scene.folder / f"{self._script}.log").open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, str(HERE / "peers" / self._script)), stdout=log, stderr=log, env=self._environ
            )

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal and wait until it is gone."""
        running, self._running = self._running, None
        if running is None:
            return
        running.send_signal(number)
        try:
            await asyncio.wait_for(running.wait(), 30)
        except TimeoutError:
            running.kill()
            await running.wait()

    def cpu(self) -> float:
        """Give the seconds of CPU that all its threads have used."""
        assert self._running is not None
        fields = Path(f"/proc/{self._running.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Give its resident memory in MiB."""
        assert self._running is not None
        status = Path(f"/proc/{self._running.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextlib.asynccontextmanager
async def scene_of(redis_port: int, folder: Path) -> AsyncIterator[Scene]:
    """Open a Discord and a model of their own."""
    async with DiscordEmulator(seed=5) as discord, Platforms() as platforms:
        yield Scene(discord=discord, platforms=platforms, redis_url=f"redis://127.0.0.1:{redis_port}/0", folder=folder)


class Delivery:
    """People talk in many channels while the gateway breaks and the process ends, over and over."""

    def __init__(self, scene: Scene, size: Size) -> None:
        self._scene = scene
        self._size = size
        club = scene.discord.guild("Club")
        self._channels = [club.channel(f"room-{number}") for number in range(size.channels)]
        self._ann = scene.discord.user("Ann")
        self._asked: dict[int, list[int]] = {channel.id: [] for channel in self._channels}
        self._process = Process(scene, OURS, is_streamed=False, prefix=f"delivery-{uuid4().hex}")

    async def measure(self) -> list[tuple[str, str, str]]:
        """Give the rows of the report."""
        await self._process.start()
        await self._scene.discord.gateway.wait_connected(timeout=60)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._talk())
            tasks.create_task(self._break())
        await self._all_answered()
        seconds = time.perf_counter() - began
        await self._process.end()
        lost, twice, astray = self._faults()
        gateway, size = self._scene.discord.gateway, self._size
        return [
            ("messages", f"{size.messages:,} in {size.channels} channels, in {seconds:.0f} s", "2,000 in 100"),
            (
                "forced reconnects",
                f"{size.reconnects} ({gateway.resumes} sessions resumed, {gateway.identifies - 1} begun anew)",
                "20",
            ),
            ("restarts of the process", f"{size.restarts}, every second one by SIGKILL", "5"),
            ("lost, answered twice, out of order", f"{lost}, {twice}, {astray}", "0, 0, 0"),
        ]

    async def _talk(self) -> None:
        mention = self._scene.discord.bot.mention
        numbers = itertools.cycle(range(len(self._channels)))
        for number in range(self._size.messages):
            channel = self._channels[next(numbers)]
            said = await self._ann.says(channel, f"{mention} message {number}")
            self._asked[channel.id].append(said.id)
            await asyncio.sleep(0.02)

    async def _break(self) -> None:
        gateway = self._scene.discord.gateway
        breaks: list[Callable[[], Awaitable[None]]] = [
            gateway.drop,
            gateway.ask_to_reconnect,
            lambda: gateway.drop(4000),
            lambda: gateway.invalidate(is_resumable=True),
        ]
        every = max(1, self._size.reconnects // self._size.restarts)
        for number in range(self._size.reconnects):
            await asyncio.sleep(random.uniform(0.2, 1.0))
            await gateway.wait_connected(timeout=60)
            with contextlib.suppress(ConnectionError):
                await breaks[number % len(breaks)]()
            if number % every == every - 1:
                is_killed = number // every % 2
                await self._process.end(signal.SIGKILL if is_killed else signal.SIGTERM)
                await self._process.start()

    async def _all_answered(self) -> None:
        async with asyncio.timeout(PATIENCE):
            for channel in self._channels:
                while len(self._answers(channel)) < len(self._asked[channel.id]):  # noqa: ASYNC110 - as it may never be
                    await asyncio.sleep(0.2)
        # What is answered twice would come a moment later.
        await asyncio.sleep(3)

    def _answers(self, channel: Channel) -> list[int]:
        return [reference_of(message) for message in channel.messages if message.author.id == self._bot_id]

    def _faults(self) -> tuple[int, int, int]:
        lost = twice = astray = 0
        for channel in self._channels:
            answers, asked = self._answers(channel), self._asked[channel.id]
            lost += len(set(asked) - set(answers))
            twice += len(answers) - len(set(answers))
            astray += sum(one > other for one, other in itertools.pairwise(answers))
        return lost, twice, astray

    @property
    def _bot_id(self) -> int:
        return self._scene.discord.bot.id


def reference_of(message: Message) -> int:
    """Give the message that is answered, 0 if none is named."""
    return 0 if message.reference is None else message.reference.message_id


class Answers:
    """The contestants answer direct messages in turn, streamed."""

    def __init__(self, scenes: dict[str, Scene], size: Size) -> None:
        self._scenes = scenes
        self._size = size

    async def measure(self) -> list[tuple[str, str, str]]:
        """Give the rows of the report."""
        costs: dict[str, list[float]] = {script: [] for script in self._scenes}
        processes = {script: Process(scene, script, is_streamed=True) for script, scene in self._scenes.items()}
        people = {script: scene.discord.user("Ann") for script, scene in self._scenes.items()}
        try:
            for script, process in processes.items():
                await process.start()
                await self._scenes[script].discord.gateway.wait_connected(timeout=60)
                self._scenes[script].platforms.chunk_delay = 0.03
                for _ in range(2):
                    await self._ask(people[script])
            for number in range(self._size.rounds):
                for script in list(processes)[:: 1 if number % 2 else -1]:
                    before = processes[script].cpu()
                    for _ in range(self._size.answers):
                        await self._ask(people[script])
                    costs[script].append((processes[script].cpu() - before) / self._size.answers)
        finally:
            for process in processes.values():
                await process.end()
        ratios = [ours / bare for ours, bare in zip(costs[OURS], costs[BARE], strict=True)]
        rows = [
            (f"CPU of a streamed answer, {NAMES[script]}", f"{statistics.median(values) * 1000:.1f} ms", "")
            for script, values in costs.items()
        ]
        spread = f"{statistics.median(ratios):.2f}x ({min(ratios):.2f}-{max(ratios):.2f})"
        return [*rows, ("ratio, median of the rounds", spread, "1.0x")]

    async def _ask(self, person: Person) -> None:
        question = await person.dm(QUESTION)
        await person.dm_channel.wait_for_reply(
            to=question, until=lambda message: message.text.rstrip().endswith(END), timeout=60
        )
        # What is done after the answer is visible belongs to it.
        await asyncio.sleep(0.1)


async def measure_memory(scene: Scene, script: str, size: Size) -> float:
    """Give the memory of a bot that is in many servers in which nothing happens."""
    for number in range(size.guilds):
        guild = scene.discord.guild(f"Club {number}")
        for index in range(20):
            guild.channel(f"room-{index}", topic="What is talked about here")
        for index in range(8):
            guild.role(f"role-{index}")
    process = Process(scene, script, is_streamed=True)
    await process.start()
    try:
        await scene.discord.gateway.wait_connected(timeout=60)
        before, after = 0.0, process.memory()
        while after - before > 0.5:
            await asyncio.sleep(2)
            before, after = after, process.memory()
        return after
    finally:
        await process.end()


async def measure(size: Size, parts: tuple[str, ...], redis_port: int, folder: Path) -> str:
    """Measure the parts and give them as a table."""
    rows: list[tuple[str, str, str]] = []
    if "delivery" in parts:
        async with scene_of(redis_port, folder) as scene:
            rows += await Delivery(scene, size).measure()
    if "cpu" in parts:
        async with scene_of(redis_port, folder) as ours, scene_of(redis_port, folder) as bare:
            rows += await Answers({OURS: ours, BARE: bare}, size).measure()
    if "memory" in parts:
        for script, aim in ((OURS, "150 MiB"), (BARE, "")):
            async with scene_of(redis_port, folder) as scene:
                memory = await measure_memory(scene, script, size)
            rows.append((f"memory in {size.guilds:,} idle servers, {NAMES[script]}", f"{memory:.0f} MiB", aim))
    head = ("", "measured", "aim")
    return "\n" + "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---", "---:", "---:"), *rows)) + "\n"


def heading() -> str:
    """Say when, where and with what it was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"""# Discord: through reconnects and restarts, and what it costs

Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/discord_scale.py`, which writes this file.
Run it again to check.

Machine: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}.
Python {platform.python_version()}, discord.py {version("discord.py")}, threadkeep {version("threadkeep")};
load average at the end {os.getloadavg()[0]:.1f}.

The bots are processes of their own, on the Discord emulator and one redis-server that waits for the disk. For the
delivery, people write into all channels in turn while the gateway is cut, closed with 4000, told to reconnect
(opcode 7) and invalidated (opcode 9, to be resumed), and the process is ended and started again meanwhile. Sessions
that Discord gives up are not among these: what is missed then is read afterwards, by other means. Each answer names
the question that it refers to; they are compared one by one, in every channel. The CPU is that of all threads of the
process for a streamed answer of a hundred chunks 30 ms apart; both bots show the first words at once and edit again
after 1.2 s. The idle servers have 20 channels and 8 roles each.
"""


@contextlib.contextmanager
def logs_shown_on_failure(folder: Path) -> Iterator[None]:
    """Print the ends of the bots' logs if something fails."""
    try:
        yield
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            print(f"{log.name}:\n{log.read_text()[-4000:]}", file=sys.stderr)
        raise


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a coarse look; prints, writes nothing")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="some parts; prints, writes nothing")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as name, running_redis() as port, logs_shown_on_failure(Path(name)):
        table = asyncio.run(measure(size, tuple(options.only or PARTS), port, Path(name)))
    print(table)
    if not options.quick and not options.only:
        RESULTS.write_text(heading() + table)


if __name__ == "__main__":
    main()
