"""What a process keeps of what it hears: servers and channels, and nothing of what is said in them."""

import gc


async def test_messages_and_members_are_not_kept(discord, adapter, guild, general, inbox):
    people = [discord.user(f"Person {number}", guilds=[guild]) for number in range(30)]
    for number, person in enumerate(people):
        await person.says(general, f"{discord.bot.mention} {number}")
        await person.dm(str(number))
    await inbox.wait_for(60)
    client = adapter._client
    assert list(client.cached_messages) == []
    assert [member.id for member in client.guilds[0].members] in ([], [discord.bot.id])
    # Discord's library keeps a person for as long as something refers to them.
    gc.collect()
    assert {user.id for user in client.users} <= {discord.bot.id}


async def test_direct_messages_are_kept_up_to_a_bound(discord, adapter, guild, inbox):
    people = [discord.user(f"Person {number}", guilds=[guild]) for number in range(150)]
    for person in people:
        await person.dm("hello")
    await inbox.wait_for(150)
    assert len(adapter._client.private_channels) <= 128


async def test_a_server_that_removed_the_bot_is_forgotten(discord, adapter, guild, ann, inbox):
    assert [server.id for server in adapter._client.guilds] == [guild.id]
    discord.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)})
    await ann.dm("still here")
    await inbox.wait_for(1)
    assert list(adapter._client.guilds) == []
