"""The command line beside a store in which something happened."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis.asyncio

from threadkeep import RedisStore, SQLiteStore
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.messages import Message, Role
from threadkeep.runs import Metrics, Run, RunStatus, RunTrace
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Store

SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "LOG_")
DATABASE = 13
"""The commands use the store's usual prefix, so that these tests have a database of the server for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An operator's desk: a folder, a store, and the command line."""

    folder: Path
    store: Store
    environ: dict[str, str] = field(default_factory=dict)

    async def threadkeep(self, *arguments: str, said: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a clean environment."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "threadkeep", *arguments],
                cwd=self.folder,
                env={**clean, **self.environ, **environ},
                input=said,
                capture_output=True,
                text=True,
                timeout=50,
                check=False,
            )

        return await asyncio.to_thread(run)

    def said(self, text: str, *, message: str = "1700000000.000100", speaker: str = "Ann") -> MessageReceived:
        """Build what somebody said in a thread."""
        session = SessionKey(platform="slack", workspace="T1", channel="C1", thread="1700000000.000100")
        return MessageReceived(
            key=MessageKey(platform="slack", workspace="T1", channel="C1", message=message),
            place=Place(session=session, kind=PlaceKind.THREAD),
            user=UserKey(platform="slack", workspace="T1", user="U1"),
            speaker=speaker,
            text=text,
            sent_at=float(message),
        )

    async def answer(self, run_id: str, *, dead: str | None = None) -> None:
        """Do a worker's work on all that waits in the next session."""
        claim = await self.store.inbox.claim("host:1", run_id=run_id, runs=0)
        assert claim is not None
        questions = (Message(role=Role.USER, content=one.text, source=str(one.key)) for one in claim.events)
        run = Run(
            run_id=claim.run_id,
            session_id=claim.lease.session_id,
            status=RunStatus.FAILED if dead else RunStatus.COMPLETED,
            error=dead,
            messages=(*questions, Message(role=Role.ASSISTANT, content="the answer")),
            content="the answer",
            metrics=Metrics(
                input_tokens=70,
                cached_tokens=64,
                output_tokens=8,
                time_to_first_token=0.25,
                duration=0.5,
                model_calls=1,
            ),
            trace=RunTrace(
                worker="host:1", attempt=1, claimed_at=1.7e9, finished_at=1.7e9 + 1, posted=("1700000001.000200",)
            ),
        )
        await self.store.inbox.commit(claim.lease, run, consumed=len(claim.events), dead=dead)


@pytest.fixture(params=["redis", "sqlite"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "sqlite":
        async with SQLiteStore(tmp_path / "threadkeep.db") as store:
            yield Desk(folder=tmp_path, store=store)
        return
    server, _, _ = request.getfixturevalue("redis_server").url.rpartition("/")
    url = f"{server}/{DATABASE}"
    async with redis.asyncio.from_url(url) as client:
        await client.flushdb()
        async with RedisStore(url) as store:
            yield Desk(folder=tmp_path, store=store, environ={"REDIS_URL": url})
        await client.flushdb()


@pytest.fixture
def bot_file(desk: Desk, request: pytest.FixtureRequest) -> Path:
    """A file with the BOT of the tests."""
    path = desk.folder / "library.py"
    path.write_text(request.module.BOT, encoding="utf-8")
    return path


@pytest.fixture
def announced(
    desk: Desk,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Announces the ENTRY_POINTS of the tests as an installed package does, wherever they run."""
    folder = tmp_path_factory.mktemp("site") / "announced-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: announced\nVersion: 1\n", encoding="utf-8")
    (folder / "entry_points.txt").write_text(request.module.ENTRY_POINTS, encoding="utf-8")
    paths = [str(folder.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))


@pytest.fixture
def kill_message(desk: Desk) -> Callable[..., Awaitable[str]]:
    """Lets a message become a dead letter; gives the run id."""

    async def kill(text: str = "a secret question", *, number: int = 1, **fields: str) -> str:
        run_id = f"{number:08x}" + "0" * 24
        await desk.store.inbox.accept(desk.said(text, message=f"17000000{number:02}.000100", **fields))
        await desk.answer(run_id, dead="PlatformUnavailableError")
        return run_id

    return kill
