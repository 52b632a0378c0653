"""Run a bot until it ends or the operator stops it."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext

from threadkeep.runtime.bot import Bot

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _stop_signals(stopped: asyncio.Event, say: Callable[[str], None]) -> Iterator[None]:
    """Set the event at the first SIGINT or SIGTERM; the second one ends the process as usual."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        say("Stopping ... (again to stop at once)")
        stopped.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _telling_health(
    bot: Bot, address: str | None, say: Callable[[str], None]
) -> AsyncIterator[AbstractAsyncContextManager[object]]:
    """Serve the bot's health, if there is an address for it; give what watches the bot while it is ready."""
    if address is None:
        yield nullcontext()
        return
    from threadkeep.runtime.health import Health  # noqa: PLC0415 - a web server is only imported where it is wanted
    from threadkeep.runtime.health_server import HealthAddress, HealthServer  # noqa: PLC0415

    health = Health(bot)
    async with HealthServer(HealthAddress.parse(address), health) as server:
        say(f"  Health: {server.url}/live and {server.url}/ready")
        yield health


async def serve(bot: Bot, *, say: Callable[[str], None], health: str | None = None) -> None:
    """Run a bot until SIGINT, SIGTERM, or the end of its platforms.

    Args:
        bot: The bot, with adapters and store.
        say: Prints a line for the operator.
        health: Where its health is served, as ``host:port``; None for nowhere.

    Raises:
        ConfigError: Health cannot be served there.
        ThreadkeepError: The store or a platform refused, or a platform ended its connection for good.
    """
    stopped = asyncio.Event()
    with _stop_signals(stopped, say):
        say("Connecting ... (Ctrl-C to stop)")
        async with _telling_health(bot, health, say) as watching, bot:
            for line in bot.descriptions:
                say(f"  {line}")
            say("Ready.")
            # What was imported and made by now stays to the end: the collector need not walk over it again and again.
            gc.collect()
            gc.freeze()
            async with watching:
                await _until_closed(bot, stopped)
    say("Stopped.")


async def _until_closed(bot: Bot, stopped: asyncio.Event) -> None:
    closed = asyncio.create_task(bot.wait_closed(), name="platforms")
    stop = asyncio.create_task(stopped.wait(), name="stop-signal")
    try:
        await asyncio.wait((closed, stop), return_when=asyncio.FIRST_COMPLETED)
        if closed.done():
            closed.result()
    finally:
        closed.cancel()
        stop.cancel()
        await asyncio.gather(closed, stop, return_exceptions=True)
