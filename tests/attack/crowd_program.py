"""Ingresses and workers of one bot, each a process of its own."""

import asyncio

from siege.forge import Order, say, serve_orders
from siege.haste import forget_messages_after
from siege.ledger import EchoModel, LedgerAdapter

from threadkeep import Agent, Bot, RedisStore, SQLiteStore
from threadkeep.chat.policy import Policy
from threadkeep.runtime.bot import Role
from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.serving import serve
from threadkeep.stores.base import Store


def run(order: Order) -> None:
    """Be an ingress or a worker, until SIGTERM."""
    configure_logging(level=order["log_level"], is_json=True)
    asyncio.run(live(order))


def make_store(order: Order) -> Store:
    """Give the store of an order."""
    if order["seen_seconds"] is not None:
        forget_messages_after(order["seen_seconds"])
    settings = order["store"]
    if order["redis"]:
        return RedisStore(order["redis"], prefix=order["prefix"], **settings)
    return SQLiteStore(order["sqlite"], **settings)


async def live(order: Order) -> None:
    """Run the bot of an order."""
    bot = Bot(
        agent=Agent(model=EchoModel(order["model_seconds"])),
        adapters=[LedgerAdapter(order["ledger"], order["deliveries"])],
        store=make_store(order),
        stream=False,
        policy=Policy(order["policy"]),
        max_attempts=20,
        role=Role(order["role"]),
    )

    def announce(line: str) -> None:
        if line == "Ready.":
            say(order["number"], "ready")

    await serve(bot, say=announce)


if __name__ == "__main__":
    serve_orders(run)
