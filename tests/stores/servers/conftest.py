"""Sentinels, and TLS in front of servers that may themselves have been built without it."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio

FOLDER = Path(__file__).parent / "tls"
"""A certificate for 127.0.0.1 that is its own authority, and its key; made for these tests, good for a century."""


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


@pytest.fixture
def certificate() -> Path:
    return FOLDER / "server.pem"


@pytest.fixture
async def behind_tls() -> AsyncIterator[Callable[[int], Awaitable[int]]]:
    """Puts a TLS server in front of a port; gives its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    async with AsyncExitStack() as stack:

        async def cover(port: int) -> int:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                upstream, up = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pump(reader, up), pump(upstream, writer))

            server = await asyncio.start_server(serve, "127.0.0.1", ssl=context)
            await stack.enter_async_context(server)
            return int(server.sockets[0].getsockname()[1])

        yield cover


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def watching(redis_server, private_redis, tmp_path):
    """Runs a Sentinel around a block that watches a port, the private server's if no other is named; gives its own."""

    @asynccontextmanager
    async def run(*lines, watched=None):
        port = free_port()
        file = tmp_path / f"sentinel-{port}.conf"
        watch = f"sentinel monitor mymaster 127.0.0.1 {watched or private_redis.port} 1"
        file.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {tmp_path}", watch, *lines, ""]))
        process = await asyncio.create_subprocess_exec(
            redis_server.executable or "redis-server", str(file), "--sentinel", stdout=subprocess.DEVNULL
        )
        try:
            await until_there(port)
            yield port
        finally:
            process.kill()
            await process.wait()

    return run


async def until_there(port):
    async with asyncio.timeout(15), redis.asyncio.Redis(port=port) as client:
        while True:
            try:
                await client.execute_command("PING")
            except redis.exceptions.AuthenticationError:
                return
            except redis.exceptions.ConnectionError:
                await asyncio.sleep(0.01)
            else:
                return
