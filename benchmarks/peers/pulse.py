"""The line protocol between the benchmark and a contestant: JSON in on stdin, JSON out on stdout."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

Seed = Callable[[str, int], Awaitable[None]]
"""Gives the session of a channel so many finished runs."""


async def pulse(seed: Seed) -> None:
    """Answer the benchmark's commands until it closes the pipe."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        if command:
            await seed(command["channel"], command["runs"])
        # Of all threads, since the start of the process.
        sys.stdout.write(json.dumps({"cpu": time.process_time()}) + "\n")
        sys.stdout.flush()
