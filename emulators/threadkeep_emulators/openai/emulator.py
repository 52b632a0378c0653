"""The emulated OpenAI API: a local server that is started, scripted and looked into by tests and demos."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Self

from aiohttp import web

from threadkeep_emulators.faults import Faults

from .endpoints import Endpoints
from .ids import IdSource
from .log import RequestLog, RequestRecord
from .memory import StoredResponses
from .model_rules import DEFAULT_MODELS
from .offline import OfflineModel
from .payloads import JsonObject
from .scripts import Predicate, ScriptedAnswer, Scripts
from .service import Service
from .tokens import PromptCache

_SHUTDOWN_SECONDS = 0.2
_LARGEST_BODY = 64 * 1024 * 1024


class OpenAIEmulator:
    """Serve Chat Completions and Responses on a free port of the loopback interface.

    A request takes the next scripted answer that is meant for it; where there is none, the offline model
    answers. Use it as an async context manager; ``url`` is what a client takes as its base URL.

    Args:
        clock: Gives the seconds since the epoch.
        seed: Where ids come from.
        models: The ids of the models that exist.
        api_keys: The keys that are accepted; the first one is ``api_key``.
        offline: The model that answers where no script does; None refuses such requests with status 501.
        must_use_answers: Whether leaving the context with scripted answers left is an error.
        log_limit: The number of requests that the log keeps.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        models: Sequence[str] = DEFAULT_MODELS,
        api_keys: Sequence[str] = ("sk-emulator",),
        offline: OfflineModel | None = OfflineModel(),  # noqa: B008 - it is immutable
        must_use_answers: bool = False,
        log_limit: int = 10_000,
    ) -> None:
        self.api_key = api_keys[0]
        self.faults = Faults()
        self.log = RequestLog(limit=log_limit)
        self.scripts = Scripts()
        self._must_use_answers = must_use_answers
        self._closing = asyncio.Event()
        self._service = Service(
            clock=clock,
            ids=IdSource(seed),
            models=tuple(models),
            api_keys=frozenset(api_keys),
            offline=offline,
            log=self.log,
            faults=self.faults,
            scripts=self.scripts,
            cache=PromptCache(),
            stored=StoredResponses(limit=1_000),
            closing=self._closing,
        )
        self._runner: web.AppRunner | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """Give the base URL, such as ``http://127.0.0.1:40123/v1``.

        Raises:
            RuntimeError: The emulator is not running.
        """
        if self._url is None:
            raise RuntimeError("the emulator has no URL before it runs: enter it with 'async with'")
        return self._url

    @property
    def requests(self) -> list[RequestRecord]:
        """Give the requests received so far, oldest first."""
        return list(self.log)

    def answers(self, *answers: ScriptedAnswer, when: Predicate | None = None) -> None:
        """Script the next answers.

        Args:
            answers: Answers, or functions that make one from the request, in order.
            when: Which requests they are for; None means any that has no script of its own.
        """
        self.scripts.add(answers, when=when)

    def messages(self, position: int) -> list[JsonObject]:
        """Give the chat messages, or input items, of the request at a position; -1 is the newest."""
        return self.log[position].messages

    async def wait_for_requests(
        self,
        count: int,
        timeout: float = 5.0,  # noqa: ASYNC109 - the error has to list what was received
    ) -> list[RequestRecord]:
        """Wait until a number of requests were received, and give them.

        Raises:
            TimeoutError: There were fewer; the message lists them.
        """
        await self.log.wait_for(lambda log: log.total >= count, timeout=timeout, goal=f"{count} request(s)")
        return self.requests

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST_BODY)
        Endpoints(self._service).register(app)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._must_use_answers and kind is None:
            self.scripts.require_used_up()
