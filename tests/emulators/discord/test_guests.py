"""Places that the bot is not in, to which somebody brings it along: group messages and other servers."""

from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import Channel, DiscordEmulator, EmulatorError, Person

COMMANDS = (
    {"name": "ask", "description": "Ask", "integration_types": [0, 1], "contexts": [0, 1, 2]},
    {"name": "moderate", "description": "Moderate", "integration_types": [0]},
    {"name": "here", "description": "Here", "integration_types": [0, 1], "contexts": [0]},
)
DEFERRED = 5


@pytest.fixture
def ann(discord: DiscordEmulator) -> Person:
    return discord.user("Ann")


@pytest.fixture(params=["group", "server"])
def elsewhere(request: pytest.FixtureRequest, discord: DiscordEmulator, ann: Person) -> Channel:
    if request.param == "group":
        return discord.group("Trip", members=[ann])
    return discord.guild("Elsewhere", members=[ann], has_bot=False).channel("plans")


@pytest.fixture
async def commands(discord: DiscordEmulator, http: Any) -> None:
    url = f"{discord.api_url}/applications/{discord.bot.application_id}/commands"
    async with http.put(url, json=list(COMMANDS)) as response:
        assert response.status == 200


async def test_the_bot_hears_of_what_is_used_there_and_of_nothing_else(
    discord: DiscordEmulator, connect: Any, commands: None, elsewhere: Channel, ann: Person
) -> None:
    discord.guild("Club")
    client = await connect(discord_py.Intents(guilds=True, messages=True))
    assert [guild.name for guild in client.guilds] == ["Club"]
    await ann.says(elsewhere, f"{discord.bot.mention} hello")
    await ann.slash(elsewhere, "ask")
    received = await client.after("interaction")
    assert received.user.name == "ann"
    assert received.is_user_integration()
    assert not received.is_guild_integration()
    assert received.context.private_channel == (elsewhere.state.guild_id is None)
    assert client.all_of("message") == []


async def test_the_bot_cannot_act_there_by_itself(
    discord: DiscordEmulator, http: Any, elsewhere: Channel, ann: Person
) -> None:
    url = f"{discord.api_url}/channels/{elsewhere.id}"
    async with http.get(url) as read, http.post(f"{url}/messages", json={"content": "hello"}) as written:
        assert [(await one.json())["code"] for one in (read, written)] == [50001, 50001]


async def test_commands_are_listed_only_where_they_were_meant_for(
    discord: DiscordEmulator, commands: None, elsewhere: Channel, ann: Person
) -> None:
    with pytest.raises(EmulatorError, match="its integration_types are"):
        await ann.slash(elsewhere, "moderate")
    if elsewhere.state.guild_id is None:
        with pytest.raises(EmulatorError, match="its contexts are"):
            await ann.slash(elsewhere, "here")
    else:
        await ann.slash(elsewhere, "here")


async def test_a_guest_has_five_follow_ups(
    discord: DiscordEmulator, http: Any, commands: None, elsewhere: Channel, ann: Person
) -> None:
    used = await ann.slash(elsewhere, "ask")
    token = used.state.token
    callback = f"{discord.api_url}/interactions/{used.state.id}/{token}/callback"
    async with http.post(callback, json={"type": DEFERRED}) as response:
        assert response.status == 204
    codes = []
    for number in range(7):
        url = f"{discord.api_url}/webhooks/{discord.bot.application_id}/{token}"
        async with http.post(url, json={"content": f"{number}"}) as response:
            codes.append((await response.json()).get("code"))
    # The first one takes the place of "is thinking...".
    assert codes == [None] * 6 + [40094]
    assert [message.text for message in elsewhere.messages] == ["0", "1", "2", "3", "4", "5"]


async def test_a_bot_that_is_in_the_server_has_as_many_as_it_likes(
    discord: DiscordEmulator, http: Any, commands: None, ann: Person
) -> None:
    general = discord.guild("Club").channel("general")
    used = await ann.slash(general, "ask")
    callback = f"{discord.api_url}/interactions/{used.state.id}/{used.state.token}/callback"
    async with http.post(callback, json={"type": DEFERRED}) as response:
        assert response.status == 204
    url = f"{discord.api_url}/webhooks/{discord.bot.application_id}/{used.state.token}"
    for number in range(8):
        async with http.post(url, json={"content": f"{number}"}) as response:
            assert response.status == 200
    assert len(general.messages) == 8
