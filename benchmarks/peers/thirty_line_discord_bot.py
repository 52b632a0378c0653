"""The bot that one writes from the READMEs of discord.py, openai and redis-py: it streams by edits."""

import json
import os
import time

import discord
import redis.asyncio as redis
import yarl
from openai import AsyncOpenAI

if "DISCORD_API_URL" in os.environ:
    discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])

MODEL, HISTORY, PACE = "gpt-5.4-mini", 6, 1.2
SYSTEM = {"role": "system", "content": "You are a helpful assistant in a team's chat."}
intents = discord.Intents.default()
client = discord.Client(intents=intents, allowed_mentions=discord.AllowedMentions.none())
openai = AsyncOpenAI()
store = redis.from_url(os.environ["REDIS_URL"])


@client.event
async def on_message(message: discord.Message) -> None:
    if message.author.bot or not (message.guild is None or client.user in message.mentions):
        return
    key = f"history:{message.channel.id}"
    history = [json.loads(item) for item in await store.lrange(key, -HISTORY, -1)]
    question = {"role": "user", "content": message.content}
    text, answer, shown_at = "", None, time.monotonic()
    asked = [SYSTEM, *history, question]
    async for chunk in await openai.chat.completions.create(model=MODEL, messages=asked, stream=True):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        if text and (answer is None or time.monotonic() - shown_at > PACE):
            answer = await (message.reply(text) if answer is None else answer.edit(content=text))
            shown_at = time.monotonic()
    if answer is not None:
        await answer.edit(content=text)
    await store.rpush(key, json.dumps(question), json.dumps({"role": "assistant", "content": text}))


client.run(os.environ["DISCORD_BOT_TOKEN"], log_handler=None)
