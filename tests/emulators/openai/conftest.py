from collections.abc import AsyncIterator, Callable

import pytest
from openai import AsyncOpenAI

from threadkeep_emulators.openai import OpenAIEmulator

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
async def emulator() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(clock=lambda: 1_790_000_000.5) as running:
        yield running


@pytest.fixture
async def client(emulator: OpenAIEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key, max_retries=0, timeout=10) as client:
        yield client


@pytest.fixture
def ask(client: AsyncOpenAI) -> Callable[..., object]:
    async def ask(*messages: str | dict[str, object], **options: object) -> str:
        given = [{"role": "user", "content": said} if isinstance(said, str) else said for said in messages]
        completion = await client.chat.completions.create(model="offline", messages=given, **options)
        return completion.choices[0].message.content

    return ask
