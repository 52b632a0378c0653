"""Workers of a bot that asks people, each a process of its own that may be told where to die."""

import asyncio
from pathlib import Path

from siege import asking
from siege.asking import AskingAdapter, AskingModel, make_agent
from siege.doom import Doom, DoomedModel, DoomedStore, lead_past_points
from siege.forge import Order, say, serve_orders

from threadkeep import Bot, RedisStore, SQLiteStore
from threadkeep.runtime.bot import Role
from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.serving import serve


def run(order: Order) -> None:
    """Be a worker, until SIGTERM or the point where it dies."""
    configure_logging(level="info", is_json=True)
    asyncio.run(live(order))


async def live(order: Order) -> None:
    """Run the bot of an order."""
    doom = Doom(order["point"], Path(order["trace"]))
    lead_past_points(asking.AskingPoster, doom, "poster", "post", "edit")
    settings = order["store"]
    store = (
        RedisStore(order["redis"], prefix=order["prefix"], **settings)
        if order["redis"]
        else SQLiteStore(order["sqlite"], **settings)
    )
    bot = Bot(
        agent=make_agent(DoomedModel(AskingModel(), doom), order["notes"]),
        adapters=[AskingAdapter(order["shown"])],
        store=DoomedStore(store, doom),
        role=Role.WORKER,
        grace_seconds=5.0,
    )

    def announce(line: str) -> None:
        if line == "Ready.":
            say(order["number"], "ready")

    await serve(bot, say=announce)


if __name__ == "__main__":
    serve_orders(run)
