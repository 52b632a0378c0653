"""Have Slack renew the socket a thousand times under load, and count what is lost, doubled or out of order.

Writes REFRESHES.md beside this file. `--refreshes 20` is a short run, which writes nothing.
"""

import argparse
import asyncio
import logging
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import structlog
from pydantic import SecretStr

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event, MessageReceived
from threadkeep_emulators.slack import Person, SlackEmulator, Workspace
from threadkeep_slack import SlackAdapter, SlackSettings

RESULTS = Path(__file__).parent / "REFRESHES.md"
PEOPLE = 20
BURST = 5
GRACE = 3.0
LEAVING = 6
AIM_REFRESHES = 1_000


@dataclass(slots=True)
class Ledger:
    """What came to the bot.

    Attributes:
        heard: The number of each message, in the order in which they came, by speaker.
        delays: Seconds from when a message was said to when it was handed over.
        doubled: How often a message came that was there already, as the store would see it.
    """

    heard: dict[str, list[int]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    doubled: int = 0
    seen: set[str] = field(default_factory=set)

    async def take(self, event: Event) -> Acceptance:
        """Take an event, as a store does."""
        if not isinstance(event, MessageReceived):
            return Acceptance.ACCEPTED
        if str(event.key) in self.seen:
            self.doubled += 1
            return Acceptance.DUPLICATE
        self.seen.add(str(event.key))
        self.delays.append(time.time() - event.sent_at)
        self.heard.setdefault(event.speaker, []).append(int(event.text))
        return Acceptance.ACCEPTED

    @property
    def count(self) -> int:
        """Count the messages."""
        return sum(len(numbers) for numbers in self.heard.values())

    @property
    def out_of_order(self) -> int:
        """Count the messages that came behind a later one of the same person."""
        return sum(earlier > later for numbers in self.heard.values() for earlier, later in pairwise(numbers))


@dataclass(slots=True, kw_only=True)
class Trial:
    """One run.

    Attributes:
        refreshes: How often Slack has the socket renewed.
        rate: Messages a second.
        said: How many messages were said.
        is_over: Whether the last renewal was made.
    """

    refreshes: int
    rate: float
    said: int = 0
    is_over: bool = False

    async def talk(self, people: list[Person]) -> None:
        """Let people talk until the last renewal was made."""
        begun = time.monotonic()
        while not self.is_over:
            await people[self.said // BURST % len(people)].dm(str(self.said))
            self.said += 1
            await asyncio.sleep(max(0.0, begun + self.said / self.rate - time.monotonic()))

    async def renew(self, slack: SlackEmulator, adapter: SlackAdapter) -> int:
        """Have the socket renewed again and again; every second time with a warning before. Count the gaps."""
        gaps = 0
        room = asyncio.Semaphore(LEAVING)
        async with asyncio.TaskGroup() as leaving:
            for number in range(self.refreshes):
                async with room:
                    (old,) = await slack.wait_for_connections(1, timeout=30)
                leaving.create_task(self._ask(slack, old, room, is_warned=bool(number % 2)))
                while slack.connections in ((), (old,)):
                    gaps += not adapter.is_connected
                    await asyncio.sleep(0.001)
        self.is_over = True
        return gaps

    async def _ask(self, slack: SlackEmulator, name: str, room: asyncio.Semaphore, *, is_warned: bool) -> None:
        async with room:
            if is_warned:
                await slack.disconnect_sockets("warning", names=[name])
            await slack.disconnect_sockets("refresh_requested", grace=GRACE, names=[name])


async def run(trial: Trial) -> tuple[dict[str, str], bool]:
    """Make a trial; give the figures and whether all is well."""
    async with SlackEmulator() as slack:
        acme: Workspace = slack.workspace("Acme")
        people = [acme.user(f"Person {number}") for number in range(PEOPLE)]
        ledger = Ledger()
        adapter = SlackAdapter(
            SlackSettings(
                bot_token=SecretStr(acme.bot_token), app_token=SecretStr(slack.app_token), api_url=slack.api_url
            )
        )
        await adapter.start(ledger.take)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(trial.talk(people))
            gaps = await tasks.create_task(trial.renew(slack, adapter))
        await slack.wait_until_settled(timeout=60)
        seconds = time.monotonic() - begun
        await adapter.stop()
        outcomes = Counter(attempt.outcome for one in slack.deliveries for attempt in one.attempts)
    lost = trial.said - ledger.count
    delays = sorted(ledger.delays)
    figures = {
        "renewals of the socket": f"{trial.refreshes:,}",
        "messages said meanwhile": f"{trial.said:,} ({trial.said / seconds:.0f} a second, of {PEOPLE} people)",
        "lost": str(lost),
        "handed over twice": str(ledger.doubled),
        "out of order in their conversation": str(ledger.out_of_order),
        "moments without an open socket": str(gaps),
        "deliveries that Slack had to repeat": str(outcomes["timeout"] + outcomes["connection_lost"]),
        "said to handed over, p50": f"{delays[len(delays) // 2] * 1000:.1f} ms",
        "said to handed over, p99": f"{delays[int(len(delays) * 0.99)] * 1000:.1f} ms",
        "said to handed over, longest": f"{delays[-1] * 1000:.0f} ms",
    }
    return figures, not (lost or ledger.doubled or ledger.out_of_order or gaps)


def page(figures: dict[str, str]) -> str:
    """Give the page that shows the figures."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in figures.items())
    return f"""# A thousand renewals of the socket

Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/refreshes.py`, which writes this file. Run it again to
check. Machine: {os.cpu_count()} cores, {platform.system()} {platform.release()}; Python {platform.python_version()},
threadkeep {version("threadkeep")}, load average at the end {os.getloadavg()[0]:.1f}.

Slack's emulator and the adapter are in one process. The emulator has the one socket of the bot renewed again and again,
every second time with a warning before, sends nothing over it any more, and hangs up after {GRACE:g} s if the bot has
not; Slack's own warning comes about ten seconds before. Up to {LEAVING} old sockets are on their way out at a time.
People talk meanwhile, each in a conversation of their own and {BURST} messages in a row.

| | measured |
| --- | ---: |
{rows}
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refreshes", type=int, default=AIM_REFRESHES)
    parser.add_argument("--rate", type=float, default=100.0)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    figures, is_well = asyncio.run(run(Trial(refreshes=arguments.refreshes, rate=arguments.rate)))
    text = page(figures)
    print(text)
    if not is_well:
        sys.exit("Something was lost, doubled, out of order, or there was a gap.")
    if arguments.refreshes >= AIM_REFRESHES:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
