"""Agno with its Redis store, inside the same bolt handler."""

import asyncio
import os
from copy import copy
from typing import Any
from uuid import uuid4

from agno.agent import Agent
from agno.db.redis import RedisDb
from agno.models.openai import OpenAIChat
from pulse import pulse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from words import HISTORY_RUNS, INSTRUCTIONS, MODEL, PERSON, QUESTION

IS_STREAMED = os.environ["STREAM"] == "1"
app = AsyncApp(client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
db = RedisDb(db_url=os.environ["REDIS_URL"])
agent = Agent(
    model=OpenAIChat(id=MODEL),
    instructions=INSTRUCTIONS,
    db=db,
    add_history_to_context=True,
    num_history_runs=HISTORY_RUNS,
    telemetry=False,
)


async def complete(text: str, session_id: str, user_id: str) -> str:
    if not IS_STREAMED:
        return str((await agent.arun(text, session_id=session_id, user_id=user_id)).content)
    events = agent.arun(text, session_id=session_id, user_id=user_id, stream=True)
    return "".join([str(event.content) async for event in events if event.event == "RunContent" and event.content])


@app.event("message")
async def answer(event: dict[str, Any], say: Any) -> None:
    text = await complete(event["text"], event["channel"], event["user"])
    await say(text, thread_ts=event.get("thread_ts"))


async def seed(channel: str, runs: int) -> None:
    """Make one real run, then store copies of it through the same store."""
    await agent.arun(QUESTION, session_id=channel, user_id=PERSON)
    stored, *_ = db.get_runs(session_id=channel)
    for number in range(1, runs):
        run = copy(stored)
        run.run_id = str(uuid4())
        db.upsert_run(run, session_id=channel, user_id=PERSON, run_index=number)


async def main() -> None:
    handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()
    await pulse(seed)


asyncio.run(main())
