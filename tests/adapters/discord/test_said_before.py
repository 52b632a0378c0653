"""What was said before the bot was called, and what its threads are called."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import PlaceGoneError
from threadkeep_emulators.discord import Intent, Permission, Settings

PATCH = "PATCH /channels/{channel_id}"


@pytest.fixture
def settings():
    return Settings(privileged_intents=Intent.MESSAGE_CONTENT)


@pytest.fixture
async def adapter(connect, guild, general, ann):
    return await connect(message_content=True)


async def ask(discord, person, where, inbox):
    """Mention the bot and give the event of that."""
    said = await person.says(where, f"{discord.bot.mention} and you?")
    events = await inbox.wait_for(1)
    while events[-1].key.message != str(said.id):
        events = await inbox.wait_for(len(events) + 1)
    return events[-1]


async def test_what_people_said_before_is_read_oldest_first(discord, guild, general, ann, ben, inbox, adapter):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    for number in range(4):
        await (ann, ben)[number % 2].says(general, f"word {number}")
    await robot.says(general, "beep")
    event = await ask(discord, ann, general, inbox)
    found = await adapter.said_before(event.place, before=event.key.message, most=4)
    assert [(one.speaker, one.text) for one in found] == [("Ben", "word 1"), ("Ann", "word 2"), ("Ben", "word 3")]
    assert await adapter.said_before(event.place, before=event.key.message, most=0) == ()


async def test_a_long_history_is_read_by_pages(discord, general, ann, inbox, adapter):
    for number in range(130):
        await ann.says(general, f"word {number}")
    event = await ask(discord, ann, general, inbox)
    found = await adapter.said_before(event.place, before=event.key.message, most=120)
    assert [one.text for one in found] == [f"word {number}" for number in range(10, 130)]


async def test_people_are_called_as_in_the_server(discord, guild, general, ann, inbox, adapter):
    bel = discord.user("Annabel", nick="Bel", guilds=[guild])
    await bel.says(general, "hello")
    event = await ask(discord, ann, general, inbox)
    (said,) = await adapter.said_before(event.place, before=event.key.message, most=5)
    assert said.speaker == "Bel"


async def test_a_thread_begins_with_the_message_on_which_it_was_opened(discord, general, ann, ben, inbox, adapter):
    root = await ben.says(general, "the deployment is broken")
    thread = await ann.opens_thread("Deployment", on=root)
    await ann.says(thread, "since when?")
    event = await ask(discord, ann, thread, inbox)
    found = await adapter.said_before(event.place, before=event.key.message, most=10)
    assert [one.text for one in found] == ["the deployment is broken", "since when?"]


async def test_before_a_question_with_a_thread_of_its_own_the_channel_is_read(discord, general, ann, inbox, connect):
    adapter = await connect(message_content=True, reply_in="thread")
    await ann.says(general, "it rains")
    event = await ask(discord, ann, general, inbox)
    found = await adapter.said_before(event.place, before=event.key.message, most=10)
    assert [one.text for one in found] == ["it rains"]


async def test_a_place_that_may_not_be_read_is_told(discord, general, ann, inbox, adapter):
    event = await ask(discord, ann, general, inbox)
    general.deny(Permission.VIEW_CHANNEL)
    with pytest.raises(PlaceGoneError):
        await adapter.said_before(event.place, before=event.key.message, most=10)


async def test_only_a_thread_of_the_bots_own_gets_another_name(discord, general, ann, ben, inbox, connect, record):
    adapter = await connect(message_content=True, reply_in="thread")
    event = await ask(discord, ann, general, inbox)
    await _answer(adapter, record, event)
    thread = general.threads[0]
    await adapter.name_place(event.place, "and you?")
    assert discord.calls.of(PATCH) == []
    await adapter.name_place(event.place, "A talk about you")
    assert thread.name == "A talk about you"
    other = await ben.opens_thread("Ours", on=general)
    inbox.events.clear()
    event = await ask(discord, ben, other, inbox)
    await adapter.name_place(event.place, "Mine")
    assert other.name == "Ours"


async def _answer(adapter, record, event):
    reply = adapter.open_reply(record.request(event))
    await reply.finish(ReplyContent(text="Fine.", is_final=True))
    await reply.aclose()
