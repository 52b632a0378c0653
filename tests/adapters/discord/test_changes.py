"""Edits, deletions, and the ways to stop."""

import pytest

from threadkeep.chat.events import MessageDeleted, MessageEdited, PlaceKind, StopRequested
from threadkeep.errors import StoreUnavailableError
from threadkeep_discord.poster import DiscordPoster
from threadkeep_emulators.discord import Intent, Settings

STOP_SIGN = "\N{OCTAGONAL SIGN}"


def newest(discord, name):
    (session,) = discord.gateway.sessions
    return next(frame.payload for frame in reversed(session.backlog) if frame.name == name)


async def answer(adapter, request):
    return await DiscordPoster(request, client=adapter._connected, link_previews=False).post(0, "Hello")


async def test_an_edit_is_an_event_of_its_own(discord, adapter, general, ann, inbox):
    said = await ann.says(general, f"{discord.bot.mention} how are you?")
    edited = await ann.edits(said, f"{discord.bot.mention} who are you?")
    received, event = await inbox.wait_for(2)
    assert isinstance(event, MessageEdited)
    assert event.key.original == received.key
    assert event.key.revision == f"edited:{round(edited.edited_at * 1000)}"
    assert (event.place, event.user, event.speaker) == (received.place, received.user, "Ann")
    assert event.text == "who are you?"


async def test_each_edit_has_an_identity_of_its_own_and_a_repeated_one_has_not(discord, adapter, ann, clock, inbox):
    said = await ann.dm("one")
    await ann.edits(said, "two")
    clock.skip(1)
    await ann.edits(said, "three")
    discord.gateway.redeliver("MESSAGE_UPDATE")
    _, first, second, again = await inbox.wait_for(4)
    assert first.key != second.key
    assert second == again
    assert inbox.texts == ["one", "two", "three", "three"]


async def test_previews_of_links_are_no_edits(discord, adapter, ann, inbox):
    await ann.dm("see https://example.org")
    await inbox.next()
    preview = {**newest(discord, "MESSAGE_CREATE"), "embeds": [{"type": "link", "url": "https://example.org"}]}
    discord.gateway.dispatch("MESSAGE_UPDATE", preview)
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.kinds == ["message", "message"]


async def test_edits_of_bots_are_not_heard(discord, adapter, guild, general, ann, inbox, record):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    beep = await robot.says(general, f"{discord.bot.mention} beep")
    await robot.edits(beep, f"{discord.bot.mention} boop")
    await ann.says(general, f"{discord.bot.mention} hi")
    request = record.request(await inbox.next())
    poster = DiscordPoster(request, client=adapter._connected, link_previews=False)
    await poster.edit(await poster.post(0, "Hello"), "Hello again")
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.kinds == ["message", "message"]


async def test_an_edit_that_the_bot_may_not_read_is_not_handed_over(discord, adapter, general, ann, inbox):
    said = await ann.says(general, f"{discord.bot.mention} hi")
    await ann.edits(said, "never mind")
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.kinds == ["message", "message"]


async def test_a_deletion_is_told(adapter, ann, inbox):
    said = await ann.dm("hello")
    await ann.deletes(said)
    received, event = await inbox.wait_for(2)
    assert isinstance(event, MessageDeleted)
    assert (event.key.original, event.key.revision) == (received.key, "deleted")
    assert event.place == received.place


async def test_the_deletion_of_many_is_told_for_each(discord, adapter, guild, general, ann, inbox):
    said = [await ann.says(general, f"{discord.bot.mention} {number}") for number in range(3)]
    ids = [str(message.id) for message in said]
    payload = {"ids": ids[::-1], "channel_id": str(general.id), "guild_id": str(guild.id)}
    discord.gateway.dispatch("MESSAGE_DELETE_BULK", payload)
    events = (await inbox.wait_for(6))[3:]
    assert [event.kind for event in events] == ["deleted"] * 3
    assert [event.key.message for event in events] == ids


async def test_changes_stay_behind_what_they_change_while_the_store_is_away(adapter, ann, inbox):
    inbox.failures = [StoreUnavailableError("down")] * 3
    said = await ann.dm("one")
    await ann.edits(said, "two")
    await ann.dm("/stop")
    await ann.deletes(said)
    await inbox.wait_for(4)
    assert inbox.kinds == ["message", "edited", "stop", "deleted"]


@pytest.mark.parametrize("text", ["/stop", "!stop", " !STOP"])
async def test_a_word_alone_asks_to_stop(discord, adapter, guild, general, ann, inbox, text):
    said = await ann.says(general, f"{discord.bot.mention} {text}")
    event = await inbox.next()
    assert isinstance(event, StopRequested)
    assert str(event.key) == f"discord:{guild.id}:{general.id}:{said.id}"
    assert str(event.place.session) == f"discord:{guild.id}:{general.id}"
    assert (str(event.user), event.speaker) == (f"discord:{ann.id}", "Ann")


async def test_the_word_among_others_is_a_message(adapter, ann, inbox):
    await ann.dm("please /stop that")
    assert (await inbox.next()).kind == "message"


async def test_a_stop_sign_on_a_reply_asks_to_stop(discord, adapter, general, ann, ben, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    question = await inbox.next()
    message_id = await answer(adapter, record.request(question))
    reply = (await general.wait_for(lambda messages: len(messages) == 2))[-1]
    await ben.reacts(reply, STOP_SIGN)
    event = (await inbox.wait_for(2))[1]
    assert isinstance(event, StopRequested)
    assert (event.key.message, event.key.revision) == (message_id, f"stop:{ben.id}")
    assert event.place.session == question.place.session
    assert (str(event.user), event.speaker) == (f"discord:{ben.id}", "Ben")


async def test_a_stop_sign_on_a_question_asks_to_stop(discord, adapter, general, ann, inbox):
    said = await ann.says(general, f"{discord.bot.mention} hi")
    await ann.reacts(said, STOP_SIGN)
    question, event = await inbox.wait_for(2)
    assert isinstance(event, StopRequested)
    assert (event.key.original, event.place) == (question.key, question.place)


async def test_a_stop_sign_in_a_direct_message_names_who_put_it(adapter, ann, inbox):
    said = await ann.dm("hi")
    await ann.reacts(said, STOP_SIGN)
    event = (await inbox.wait_for(2))[1]
    assert (event.kind, event.speaker, event.place.kind) == ("stop", "Ann", PlaceKind.DIRECT)


async def test_other_reactions_and_signs_on_other_talk_are_not_heard(discord, adapter, general, ann, ben, inbox):
    said = await ann.dm("hi")
    await ann.reacts(said, "\N{THUMBS UP SIGN}")
    talk = await ben.says(general, "nice weather")
    await ann.reacts(talk, STOP_SIGN)
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.kinds == ["message", "message"]


async def test_a_stop_sign_on_a_message_that_is_gone_is_not_heard(discord, adapter, general, ann, inbox):
    said = await ann.dm("hi")
    await inbox.next()
    await ann.reacts(said, STOP_SIGN)
    payload = newest(discord, "MESSAGE_REACTION_ADD")
    discord.gateway.dispatch("MESSAGE_REACTION_ADD", {**payload, "message_id": "55", "message_author_id": None})
    await ann.dm("done")
    await inbox.wait_for(3)
    assert inbox.kinds == ["message", "stop", "message"]


class TestWithMessageContent:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.MESSAGE_CONTENT)

    async def test_the_word_stops_in_a_thread_but_not_in_talk_to_others(self, connect, general, ann, ben, inbox):
        await connect(message_content=True)
        thread = await ann.opens_thread("Plans", on=general)
        await ann.says(thread, "!stop")
        await ann.says(general, "!stop")
        await inbox.wait_for(2)
        assert inbox.kinds == ["stop", "message"]


class TestWithThreads:
    @pytest.fixture
    async def adapter(self, connect, guild, general, ann):
        return await connect(reply_in="thread")

    async def test_changes_of_a_question_belong_to_its_thread(self, discord, adapter, general, ann, inbox):
        said = await ann.says(general, f"{discord.bot.mention} hi")
        await ann.edits(said, f"{discord.bot.mention} hello")
        await ann.reacts(said, STOP_SIGN)
        await ann.replies(said, f"{discord.bot.mention} !stop")
        await inbox.wait_for(4)
        await ann.deletes(said)
        question, *changes = await inbox.wait_for(5)
        assert [change.kind for change in changes] == ["edited", "stop", "stop", "deleted"]
        assert {change.place.session for change in changes} == {question.place.session}

    async def test_changes_in_a_thread_belong_to_it(self, discord, adapter, guild, general, ann, inbox):
        thread = await ann.opens_thread("Plans", on=general)
        said = await ann.says(thread, f"{discord.bot.mention} hi")
        await ann.edits(said, f"{discord.bot.mention} hello")
        await ann.deletes(said)
        events = await inbox.wait_for(3)
        assert {str(event.place.session) for event in events} == {f"discord:{guild.id}:{thread.id}"}
