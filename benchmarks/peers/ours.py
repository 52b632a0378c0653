"""threadkeep as a contestant: a bot as its users write it."""

import asyncio
import os

from pulse import pulse
from words import ANSWER, HISTORY_RUNS, INSTRUCTIONS, MODEL, PERSON, QUESTION, TEAM

from threadkeep import Agent, Bot, Message, OpenAIChat, RedisStore, Role, Run, SessionKey, UserKey
from threadkeep.runtime.logs import configure_logging
from threadkeep.sessions import new_run_id
from threadkeep_slack import SlackAdapter
from threadkeep_slack.replies.budgets import APPEND, START, STOP, UPDATE


def finished_run(channel: str) -> Run:
    return Run(
        run_id=new_run_id(),
        session_id=str(SessionKey(platform="slack", workspace=TEAM, channel=channel)),
        user_id=str(UserKey(platform="slack", workspace=TEAM, user=PERSON)),
        messages=(Message(role=Role.USER, content=QUESTION), Message(role=Role.ASSISTANT, content=ANSWER)),
        content=ANSWER,
        created_at=1_790_000_000.0,
    )


async def main() -> None:
    # Slack allows so many calls a minute, and the adapter keeps to it. What an answer costs is measured, not that wait.
    for budget in (START, APPEND, STOP, UPDATE):
        object.__setattr__(budget, "limit", 10_000_000)
    configure_logging(level="info", is_json=True)
    store = RedisStore(os.environ["REDIS_URL"], max_runs=10_000)
    agent = Agent(
        model=OpenAIChat(id=MODEL),
        instructions=INSTRUCTIONS,
        add_history_to_messages=True,
        num_history_runs=HISTORY_RUNS,
    )
    adapter = SlackAdapter.from_environment(os.environ)
    assert adapter is not None
    bot = Bot(
        agent=agent,
        adapters=[adapter],
        store=store,
        stream=os.environ["STREAM"] == "1",
        max_concurrent_runs=100,
        grace_seconds=1.0,
    )

    async def seed(channel: str, runs: int) -> None:
        for first in range(0, runs, 100):
            batch = range(first, min(first + 100, runs))
            await asyncio.gather(*(store.history.append(finished_run(channel)) for _ in batch))

    async with bot:
        await pulse(seed)


asyncio.run(main())
