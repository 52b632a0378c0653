"""Files in the emulated Discord: their addresses are signed and expire."""

import aiohttp


async def status_of(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


async def test_an_expired_address_is_renewed_for_who_reads_the_message(discord, connect):
    ann, client = discord.user("Ann"), await connect()
    said = await ann.dm("see", files={"a.txt": b"a", "b.txt": b"b"})
    received = await client.after("message")
    address = received.attachments[0].url
    assert await status_of(address) == 200
    discord.expire_links()
    assert await status_of(address) == 404
    again = await received.channel.fetch_message(said.id)
    assert again.attachments[0].url != address
    assert await status_of(again.attachments[0].url) == 200
    listed = [message async for message in received.channel.history(limit=1)]
    assert listed[0].attachments[0].url == again.attachments[0].url, "what is valid is not signed anew"
