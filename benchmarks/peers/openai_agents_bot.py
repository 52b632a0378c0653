"""openai-agents with its Redis session, inside the same bolt handler."""

import asyncio
import os
from typing import Any

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from agents.extensions.memory import RedisSession
from agents.memory import SessionSettings
from openai import AsyncOpenAI
from openai.types.responses import ResponseTextDeltaEvent
from pulse import pulse
from redis import asyncio as redis
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from words import ANSWER, HISTORY_RUNS, INSTRUCTIONS, MODEL, QUESTION

set_tracing_disabled(disabled=True)
IS_STREAMED = os.environ["STREAM"] == "1"
app = AsyncApp(client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
client = redis.from_url(os.environ["REDIS_URL"])
agent = Agent(
    name="assistant",
    instructions=INSTRUCTIONS,
    model=OpenAIChatCompletionsModel(model=MODEL, openai_client=AsyncOpenAI()),
    model_settings=ModelSettings(),
)
# Without a limit it reads and sends the whole session, which no model would take at turn 2,000.
SETTINGS = SessionSettings(limit=2 * HISTORY_RUNS)


def session_of(channel: str) -> RedisSession:
    return RedisSession(session_id=channel, redis_client=client, session_settings=SETTINGS)


async def complete(text: str, channel: str) -> str:
    session = session_of(channel)
    if not IS_STREAMED:
        return str((await Runner.run(agent, text, session=session)).final_output)
    result = Runner.run_streamed(agent, text, session=session)
    pieces = [
        event.data.delta
        async for event in result.stream_events()
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent)
    ]
    return "".join(pieces)


@app.event("message")
async def answer(event: dict[str, Any], say: Any) -> None:
    text = await complete(event["text"], event["channel"])
    await say(text, thread_ts=event.get("thread_ts"))


async def seed(channel: str, runs: int) -> None:
    """Make one real run, then store copies of its items through the same session."""
    session = session_of(channel)
    await Runner.run(agent, QUESTION, session=session)
    items = await session.get_items()
    assert any(ANSWER in str(item) for item in items)
    for first in range(1, runs, 100):
        await session.add_items(items * min(100, runs - first))


async def main() -> None:
    handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()
    await pulse(seed)


asyncio.run(main())
