"""Starts bots, each a process of its own that may be told where to die.

A fork of this process begins at once, where a new interpreter imports for a second. Orders come on standard input, a
JSON object a line; what became of them goes to standard output: ``ready``, ``ended <status>``.
"""

import asyncio
import json
import os
import selectors
import signal
import sys
from pathlib import Path
from typing import Any

# Imported before the forks, so that each does not do it at its first question.
import openai.resources.chat  # noqa: F401
import threadkeep.models.client  # noqa: F401
import threadkeep_discord.adapter
import threadkeep_discord.crew
import threadkeep_discord.shard
import threadkeep_discord.slots
import threadkeep_slack.adapter
import threadkeep_slack.socket_mode
from siege.doom import Doom, DoomedModel, DoomedStore, doomed
from threadkeep import Agent, Bot, OpenAIChat, RedisStore, SQLiteStore
from threadkeep.chat.policy import Policy
from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.serving import serve

# What a dead process held lapses sooner than in real life, where it takes some seconds.
threadkeep_discord.slots._HELD_SECONDS = 0.6  # type: ignore[misc]
threadkeep_discord.crew._BEAT_SECONDS = 0.15  # type: ignore[misc]
threadkeep_discord.shard._NOTE_SECONDS = 0.1  # type: ignore[misc]


def say(number: int, *words: object) -> None:
    """Tell the starter what became of an order, in one write that no other process can cut in two."""
    os.write(1, f"{number} {' '.join(map(str, words))}\n".encode())


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


def make_bot(order: dict[str, Any], doom: Doom) -> Bot:
    """Build the bot of an order, with every step of its runs led past the points."""
    threadkeep_slack.adapter.SlackPoster = doomed(
        threadkeep_slack.adapter.SlackPoster, doom, "poster", "post", "edit", "remove"
    )
    threadkeep_discord.adapter.DiscordPoster = doomed(
        threadkeep_discord.adapter.DiscordPoster, doom, "poster", "post", "edit", "remove"
    )
    threadkeep_slack.socket_mode.OwnedSocketClient = doomed(
        threadkeep_slack.socket_mode.OwnedSocketClient, doom, "slack", "send_socket_mode_response"
    )
    environ = order["environ"]
    adapters = [
        threadkeep_slack.adapter.SlackAdapter.from_environment(environ),
        threadkeep_discord.adapter.DiscordAdapter.from_environment(environ),
    ]
    lease = order["lease_seconds"]
    store = (
        RedisStore(order["redis"], prefix=order["prefix"], lease_seconds=lease)
        if order["redis"]
        else SQLiteStore(order["sqlite"], lease_seconds=lease)
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
        policy=Policy(order["policy"]),
        grace_seconds=5.0,
    )


def run(order: dict[str, Any]) -> None:
    """Be the bot of an order, until SIGTERM or the point where it dies."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)
    configure_logging(level="info", is_json=True)
    doom = Doom(order["point"], Path(order["trace"]))

    def announce(line: str) -> None:
        if line == "Ready.":
            say(order["number"], "ready")

    asyncio.run(serve(make_bot(order, doom), say=announce))


def become(order: dict[str, Any], *descriptors: int) -> None:
    """Run the order in this process, a fresh fork, and end it."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in descriptors:
            os.close(descriptor)
        run(order)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stderr.flush()
        os._exit(status)


def reap(running: dict[int, int]) -> None:
    """Report the processes that have ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        say(running.pop(pid), "ended", os.waitstatus_to_exitcode(status))


def main() -> None:
    """Take orders until standard input ends."""
    running: dict[int, int] = {}
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(bell, selectors.EVENT_READ)
    say(0, "ready")
    orders = b""
    while True:
        for key, _ in selector.select():
            data = os.read(key.fd, 65536)
            if key.fd != 0:
                reap(running)
                continue
            if not data:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return
            orders += data
        *lines, orders = orders.split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if pid == 0:
                become(order, 0, bell, ring)
            running[pid] = order["number"]
            say(order["number"], "started", pid)


if __name__ == "__main__":
    main()
