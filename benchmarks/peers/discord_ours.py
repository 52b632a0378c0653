"""threadkeep on Discord as a contestant: a bot as its users write it, until SIGTERM."""

import asyncio
import os

from words import HISTORY_RUNS, INSTRUCTIONS, MODEL

from threadkeep import Agent, Bot, OpenAIChat, RedisStore
from threadkeep.chat.policy import Policy
from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.serving import serve
from threadkeep_discord import DiscordAdapter


async def main() -> None:
    configure_logging(level="info", is_json=True)
    adapter = DiscordAdapter.from_environment(os.environ)
    assert adapter is not None
    bot = Bot(
        agent=Agent(
            model=OpenAIChat(id=MODEL),
            instructions=INSTRUCTIONS,
            add_history_to_messages=True,
            num_history_runs=HISTORY_RUNS,
        ),
        adapters=[adapter],
        store=RedisStore(os.environ["REDIS_URL"], prefix=os.environ["PREFIX"]),
        stream=os.environ["STREAM"] == "1",
        policy=Policy.QUEUE,
        max_concurrent_runs=100,
        grace_seconds=2.0,
    )
    await serve(bot, say=lambda line: print(line, flush=True))


asyncio.run(main())
