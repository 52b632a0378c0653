"""threadkeep as a contestant: a bot as its users write it, and a switch for streaming."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from pulse import pulse
from words import ANSWER, HISTORY_RUNS, INSTRUCTIONS, MODEL, PERSON, QUESTION, TEAM

import threadkeep_slack.pacing
from threadkeep import Agent, Bot, Message, OpenAIChat, RedisStore, Role, Run, SessionKey, UserKey
from threadkeep.models.base import Model, ModelEvent, ModelSettings, ToolSpec
from threadkeep.runtime.logs import configure_logging
from threadkeep.sessions import new_run_id
from threadkeep_slack import SlackAdapter


class Switched:
    """A model that is asked for its answer in one piece or as a stream."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.is_streamed = True

    @property
    def id(self) -> str:
        return self._model.id

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        return self._model.stream(messages, tools, replace(settings, is_streamed=self.is_streamed))

    async def aclose(self) -> None:
        await self._model.aclose()


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
    # Slack allows 50 edits a minute, and the adapter keeps to it. What is measured is what an answer costs, not that wait.
    threadkeep_slack.pacing.EDITS_PER_MINUTE = 10_000_000  # type: ignore[misc]
    configure_logging(level=os.environ.get("LOG_LEVEL", "info"), is_json=True)
    model = Switched(OpenAIChat(id=MODEL))
    store = RedisStore(os.environ["REDIS_URL"], max_runs=10_000)
    agent = Agent(
        model=model, instructions=INSTRUCTIONS, add_history_to_messages=True, num_history_runs=HISTORY_RUNS
    )
    adapter = SlackAdapter.from_environment(os.environ)
    assert adapter is not None

    async def seed(channel: str, runs: int) -> None:
        for first in range(0, runs, 100):
            await asyncio.gather(*(store.history.append(finished_run(channel)) for _ in range(first, min(first + 100, runs))))

    def set_streaming(is_streaming: bool) -> None:
        model.is_streamed = is_streaming

    async with Bot(agent=agent, adapters=[adapter], store=store, max_concurrent_runs=100, grace_seconds=1.0):
        await pulse(seed=seed, set_streaming=set_streaming)


asyncio.run(main())
