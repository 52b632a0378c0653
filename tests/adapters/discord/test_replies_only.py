"""A process without ingress: it replies and hears nothing."""

import asyncio

from threadkeep.chat.adapter import ReplyContent


async def finish(adapter, request, text):
    reply = adapter.open_reply(request)
    try:
        await reply.finish(ReplyContent(text=text, is_final=True))
    finally:
        await reply.aclose()


async def test_it_opens_no_gateway_session(discord, connect, guild, shared):
    adapter = await connect(sink=None, shared=shared)
    assert discord.gateway.identifies == 0
    assert not [name for name in shared.slots if name.startswith("discord-shards")]
    assert adapter.description == "Discord as @keeper (replies only)"


async def test_it_answers_what_another_process_heard(discord, connect, guild, general, ann, inbox, record):
    await connect()
    replying = await connect(sink=None)
    await ann.says(general, f"{discord.bot.mention} hi")
    await finish(replying, record.request(await inbox.next()), "Hello")
    assert [message.content for message in general.messages[1:]] == ["Hello"]


async def test_it_opens_threads_in_servers_that_it_does_not_know(discord, connect, general, ann, inbox, record):
    await connect(reply_in="thread")
    replying = await connect(sink=None, reply_in="thread")
    asked = await ann.says(general, f"{discord.bot.mention} How do I bake?")
    await finish(replying, record.request(await inbox.next()), "With flour.")
    thread = general.thread_on(asked)
    assert thread.name == "How do I bake?"
    assert [message.content for message in thread.messages] == ["With flour."]


async def test_it_is_closed_when_it_is_stopped(connect):
    adapter = await connect(sink=None)
    waiting = asyncio.create_task(adapter.wait_closed())
    await asyncio.sleep(0)
    assert not waiting.done()
    await adapter.stop()
    await waiting
