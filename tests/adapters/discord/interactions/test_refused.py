"""Commands and presses of those whom the rules do not admit, and commands where the bot is a guest."""

import pytest

from threadkeep.chat.elements import Button
from threadkeep.chat.events import ActionPressed, PlaceKind
from threadkeep_discord.rule_settings import read_rules
from threadkeep_emulators.discord import MessageFlag
from threadkeep_emulators.discord.gateway.events import interaction_created

REFUSED = "I may not do that for you here."


@pytest.fixture
def ruled(discord, connect, until):
    """Connects the adapter under rules, and waits until its commands are listed."""

    async def connect_ruled(**environ):
        adapter = await connect(
            rules=read_rules({f"DISCORD_{name.upper()}": str(value) for name, value in environ.items()})
        )
        await until(lambda: "stop" in discord.commands)
        return adapter

    return connect_ruled


async def is_refused(used) -> bool:
    answer = await used.wait_for()
    return answer.content == REFUSED and MessageFlag.EPHEMERAL in answer.flags


async def test_a_command_of_who_is_blocked_is_refused_to_them_alone(ruled, general, ann, ben, inbox):
    await ruled(blocked_users=ann.id)
    assert await is_refused(await ann.slash(general, "ask", question="keys?"))
    assert await is_refused(await ann.slash(general, "stop"))
    await ben.slash(general, "ask", question="hello?")
    assert (await inbox.next()).text == "hello?"


async def test_a_command_of_who_is_not_allowed_is_refused(ruled, guild, general, ann, ben, inbox):
    staff = guild.role("staff", members=[ben])
    await ruled(allowed_roles=staff.id)
    assert await is_refused(await ann.slash(general, "summary"))
    await ben.slash(general, "summary")
    assert (await inbox.next()).command == "summary"


async def test_a_command_in_a_closed_place_is_refused_also_in_its_threads(ruled, guild, general, ann, inbox):
    section = guild.category("Staff")
    closed = guild.channel("closed", category=section)
    thread = await ann.opens_thread("One", on=closed)
    await ruled(blocked_channels=section.id)
    for place in (closed, thread):
        assert await is_refused(await ann.slash(place, "ask", question="keys?"))
    await ann.slash(general, "ask", question="hello?")
    assert (await inbox.next()).text == "hello?"


async def test_who_may_not_ask_may_answer_what_the_bot_asks_them(
    discord, ruled, general, ann, ben, inbox, record, show
):
    adapter = await ruled(allowed_users=ben.id)
    said = await ben.says(general, f"{discord.bot.mention} delete it")
    elements = (Button(action="answer:abc.1", label="Approve", value="approve"), Button(action="more", label="More"))
    await show(adapter, record, await inbox.next(), "Shall I?", elements=elements)
    answer = await general.wait_for_reply(to=said)
    assert await is_refused(await ann.clicks(answer, "More"))
    await ann.clicks(answer, "Approve")
    pressed = (await inbox.wait_for(2))[1]
    assert isinstance(pressed, ActionPressed)
    assert (pressed.value, pressed.user.user) == ("approve", str(ann.id))


async def test_a_command_in_a_group_message_is_a_question_that_others_read(discord, ruled, ann, inbox):
    await ruled()
    payload = {
        "id": "1441000000000000001",
        "application_id": str(discord.bot.application_id),
        "type": 2,
        "token": "aW50ZXJhY3Rpb24",
        "version": 1,
        "context": 2,
        "channel_id": "1441000000000000002",
        "channel": {"id": "1441000000000000002", "type": 3},
        "user": {"id": str(ann.id), "username": "ann", "discriminator": "0", "avatar": None},
        "authorizing_integration_owners": {"1": str(ann.id)},
        "data": {"id": "1", "type": 1, "name": "ask", "options": [{"type": 3, "name": "question", "value": "hello?"}]},
    }
    discord._realm.tell(interaction_created(payload, None))
    event = await inbox.next()
    assert (event.text, event.place.kind) == ("hello?", PlaceKind.CHANNEL)
    assert str(event.place.session) == "discord:@me:1441000000000000002"
