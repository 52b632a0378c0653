"""The thirty-line bot as a contestant."""

import asyncio
import json
import os

import thirty_line_bot as bot
from pulse import pulse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from words import ANSWER, QUESTION


async def seed(channel: str, runs: int) -> None:
    run = [json.dumps({"role": "user", "content": QUESTION}), json.dumps({"role": "assistant", "content": ANSWER})]
    for first in range(0, runs, 500):
        await bot.store.rpush(f"history:{channel}:", *run * min(500, runs - first))


async def main() -> None:
    handler = AsyncSocketModeHandler(bot.app, os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()
    await pulse(seed)


asyncio.run(main())
