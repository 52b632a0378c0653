"""The requests that the emulator received, and how each was answered."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .payloads import JsonObject, objects_in, text_in

Outcome = Literal["pending", "answered", "refused", "cut", "client_left"]


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """Hold one request. Its outcome is ``pending`` until the answer is out.

    Attributes:
        method: The HTTP method.
        path: The path, such as ``/v1/chat/completions``.
        headers: The request's headers, with names in lower case.
        body: The parsed body; empty where there was none or where it was not a JSON object.
        has_body: Whether there was a JSON object at all.
        time: When it came, by the emulator's clock.
        outcome: What became of it: ``answered`` in full, ``refused`` with an error status, ``cut`` by a script
            or a fault, or the client left before the end.
        status: The HTTP status that was sent; None when no header went out.
        answered_by: ``script``, ``offline`` or ``api`` (errors, lists of models).
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: JsonObject
    has_body: bool
    time: float
    outcome: Outcome = "pending"
    status: int | None = None
    answered_by: Literal["script", "offline", "api"] = "api"

    @property
    def messages(self) -> list[JsonObject]:
        """Give the chat messages, or the input items of a response."""
        given = self.body.get("messages", self.body.get("input"))
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        return objects_in(given)

    @property
    def tool_names(self) -> list[str]:
        """Give the names of the functions that the request offers."""
        tools = objects_in(self.body.get("tools"))
        named = [tool.get("function", tool) for tool in tools]
        return [text_in(tool.get("name")) for tool in objects_in(named)]

    def __str__(self) -> str:
        model = text_in(self.body.get("model"))
        return f"{self.method} {self.path} {model} {len(self.messages)} messages: {self.outcome} {self.status}"


class RequestLog:
    """Keep the newest requests, oldest first, and wake whoever waits for one."""

    def __init__(self, *, limit: int) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=limit)
        self._changed = asyncio.Event()
        self.total = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(tuple(self._records))

    def __getitem__(self, position: int) -> RequestRecord:
        return self._records[position]

    def add(self, record: RequestRecord) -> None:
        """Append a request; beyond the limit, the oldest one is forgotten."""
        self._records.append(record)
        self.total += 1
        self._wake()

    def close(self, record: RequestRecord, outcome: Outcome, status: int | None) -> None:
        """Note what became of a request."""
        record.outcome = outcome
        record.status = status
        self._wake()

    def clear(self) -> None:
        """Forget what was received so far."""
        self._records.clear()
        self.total = 0

    async def wait_for(
        self,
        predicate: Callable[["RequestLog"], bool],
        *,
        timeout: float = 5.0,  # noqa: ASYNC109 - the error has to list what was received
        goal: str = "the condition",
    ) -> None:
        """Wait until the log satisfies a predicate; it is asked again at each change.

        Raises:
            TimeoutError: It did not in time; the message lists what was received.
        """
        try:
            async with asyncio.timeout(timeout):
                while not predicate(self):
                    await self._changed.wait()
        except TimeoutError as error:
            received = "\n".join(f"  {record}" for record in self) or "  nothing"
            raise TimeoutError(f"waited {timeout} s for {goal}; received:\n{received}") from error

    def _wake(self) -> None:
        # A fresh event for the next wait: those who waited on the old one each look at the log again.
        self._changed.set()
        self._changed = asyncio.Event()
