"""The bot that one writes from the READMEs of bolt, openai and redis-py. The measure of all others."""

import asyncio
import json
import os
from typing import Any

import redis.asyncio as redis
from openai import AsyncOpenAI
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

MODEL, HISTORY = "gpt-5.4-mini", 6
SYSTEM = {"role": "system", "content": "You are a helpful assistant in a team's chat."}
app = AsyncApp(client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
openai = AsyncOpenAI()
store = redis.from_url(os.environ["REDIS_URL"])


async def streamed(messages: list[Any]) -> str:
    stream = await openai.chat.completions.create(model=MODEL, messages=messages, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


async def whole(messages: list[Any]) -> str:
    completion = await openai.chat.completions.create(model=MODEL, messages=messages)
    return completion.choices[0].message.content or ""


complete = streamed if os.environ["STREAM"] == "1" else whole


@app.event("message")
async def answer(event: dict[str, Any], say: AsyncSay) -> None:
    key = f"history:{event['channel']}:{event.get('thread_ts', '')}"
    history = [json.loads(item) for item in await store.lrange(key, -HISTORY, -1)]
    question = {"role": "user", "content": event["text"]}
    text = await complete([SYSTEM, *history, question])
    await say(text, thread_ts=event.get("thread_ts"))
    await store.rpush(key, json.dumps(question), json.dumps({"role": "assistant", "content": text}))


async def main() -> None:
    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()


if __name__ == "__main__":
    asyncio.run(main())
