"""Bots on the emulated platforms, each a process of its own that may be told where to die."""

import asyncio
import os
import resource
import signal
from pathlib import Path
from typing import Any

# Imported before the forks, so that each does not do it at its first question.
import httpcore2  # noqa: F401
import openai.resources.chat  # noqa: F401
from siege.doom import Doom, DoomedModel, DoomedStore, lead_past_points
from siege.forge import Order, say, serve_orders

import threadkeep.models.client  # noqa: F401
import threadkeep_discord.adapter
import threadkeep_discord.crew
import threadkeep_discord.shard
import threadkeep_discord.slots
import threadkeep_slack.adapter
from threadkeep import Agent, Bot, OpenAIChat, RedisStore, SQLiteStore
from threadkeep.chat.policy import Policy
from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.serving import serve
from threadkeep_discord.poster import DiscordPoster
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.replies.stream_calls import StreamCalls
from threadkeep_slack.transport.socket_link import SocketLink

# What a dead process held lapses sooner than in real life, where it takes some seconds.
threadkeep_discord.slots._HELD_SECONDS = 0.6  # type: ignore[misc]
threadkeep_discord.crew._BEAT_SECONDS = 0.15  # type: ignore[misc]
threadkeep_discord.shard._NOTE_SECONDS = 0.1  # type: ignore[misc]


def make_tool(doom: Doom, ledger: Path) -> Any:
    """Give a tool with an effect outside: a line in a file."""

    async def note(text: str) -> str:
        """Write something down.

        Args:
            text: What.
        """
        doom.reach("tool.note", "before")
        descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{text}\n".encode())
        os.close(descriptor)
        doom.reach("tool.note", "after")
        return "noted"

    return note


def make_bot(order: Order, doom: Doom) -> Bot:
    """Build the bot of an order, with every step of its runs led past the points."""
    lead_past_points(SlackPoster, doom, "poster", "post", "edit", "remove")
    lead_past_points(StreamCalls, doom, "stream", "start", "append", "stop")
    lead_past_points(DiscordPoster, doom, "poster", "post", "edit", "remove")
    # What it sends are acknowledgements.
    lead_past_points(SocketLink, doom, "slack", "send")
    environ = order["environ"]
    adapters = [
        threadkeep_slack.adapter.SlackAdapter.from_environment(environ),
        threadkeep_discord.adapter.DiscordAdapter.from_environment(environ),
    ]
    settings = order["store"]
    store = (
        RedisStore(order["redis"], prefix=order["prefix"], **settings)
        if order["redis"]
        else SQLiteStore(order["sqlite"], **settings)
    )
    model = OpenAIChat(id="gpt-5.4-mini", api_key=environ["OPENAI_API_KEY"], base_url=environ["OPENAI_BASE_URL"])
    return Bot(
        agent=Agent(
            model=DoomedModel(model, doom),
            tools=[make_tool(doom, Path(order["ledger"]))] if order["has_tool"] else [],
            add_history_to_messages=True,
        ),
        adapters=[adapter for adapter in adapters if adapter is not None],
        store=DoomedStore(store, doom),
        policy=Policy.QUEUE,
        # On a busy machine a process stands still for longer than these leases, which costs attempts, too.
        max_attempts=20,
        grace_seconds=5.0,
    )


def fill_disk_on_signal(database: str) -> None:
    """Let no file grow beyond what the store has now from SIGUSR1 to SIGUSR2, as if the disk were full."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(*_: object) -> None:
        size = Path(f"{database}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    def free(*_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    signal.signal(signal.SIGUSR1, fill)
    signal.signal(signal.SIGUSR2, free)


def run(order: Order) -> None:
    """Be the bot of an order, until SIGTERM or the point where it dies."""
    fill_disk_on_signal(order["sqlite"])
    configure_logging(level="info", is_json=True)
    doom = Doom(order["point"], Path(order["trace"]))

    def announce(line: str) -> None:
        if line == "Ready.":
            say(order["number"], "ready")

    asyncio.run(serve(make_bot(order, doom), say=announce))


if __name__ == "__main__":
    serve_orders(run)
