"""What reaches the sink, and as what."""

import json

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep_emulators.discord import Intent, Settings


async def test_a_mention_in_a_channel_is_said_to_the_bot(discord, adapter, guild, general, ann, inbox):
    said = await ann.says(general, f"{discord.bot.mention} how are you?")
    event = await inbox.next()
    assert str(event.key) == f"discord:{guild.id}:{general.id}:{said.id}"
    assert str(event.place.session) == f"discord:{guild.id}:{general.id}"
    assert (event.place.kind, event.place.reply_to) == (PlaceKind.CHANNEL, str(said.id))
    assert str(event.user) == f"discord:{ann.id}"
    assert (event.speaker, event.text) == ("Ann", "how are you?")
    assert event.addressing is Addressing.BOT
    assert abs(event.sent_at - said.created_at) < 0.01


async def test_a_direct_message_is_said_to_the_bot(adapter, ann, inbox):
    said = await ann.dm("hello")
    event = await inbox.next()
    channel = ann.dm_channel.id
    assert str(event.key) == f"discord:@me:{channel}:{said.id}"
    assert str(event.place.session) == f"discord:@me:{channel}"
    assert (event.place.kind, event.place.reply_to) == (PlaceKind.DIRECT, str(said.id))
    assert (event.text, event.addressing) == ("hello", Addressing.BOT)


async def test_a_reply_to_the_bot_is_said_to_it(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    await _answer(adapter, await inbox.next(), record, "Hello.")
    answer = (await general.wait_for(lambda messages: len(messages) == 2))[-1]
    await ann.replies(answer, "and you?")
    event = (await inbox.wait_for(2))[1]
    assert (event.text, event.addressing) == ("and you?", Addressing.BOT)


async def test_a_mention_in_a_thread_belongs_to_the_thread(discord, adapter, guild, general, ann, inbox):
    thread = await ann.opens_thread("Plans", on=general)
    said = await ann.says(thread, f"hi {discord.bot.mention}, hello")
    event = await inbox.next()
    assert str(event.place.session) == f"discord:{guild.id}:{thread.id}"
    assert (event.place.kind, event.place.reply_to) == (PlaceKind.THREAD, str(said.id))
    assert (event.text, event.addressing) == ("hi, hello", Addressing.BOT)


async def test_a_post_in_a_forum_is_a_thread(discord, adapter, guild, ann, inbox):
    thread = await ann.posts(guild.forum("help"), "Bread", f"How do I bake, {discord.bot.mention}?")
    event = await inbox.next()
    assert str(event.key) == f"discord:{guild.id}:{thread.id}:{thread.id}"
    assert event.place.kind is PlaceKind.THREAD


async def test_without_the_content_intent_only_what_is_addressed_is_handed_over(discord, adapter, general, ann, inbox):
    thread = await ann.opens_thread("Plans", on=general)
    await ann.says(thread, "let us meet")
    await ann.says(general, "nice weather")
    await ann.says(thread, f"{discord.bot.mention} when?")
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.texts == ["when?", "done"]


async def test_bots_and_notices_are_not_heard(discord, adapter, guild, general, ann, inbox):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    await robot.says(general, f"{discord.bot.mention} beep")
    await ann.opens_thread("A notice stands in the channel", on=general)
    await ann.dm("done")
    assert (await inbox.next()).text == "done"


async def test_a_message_of_a_webhook_is_not_heard(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} first")
    await inbox.next()
    payload = _newest(discord, "MESSAGE_CREATE")
    discord.gateway.dispatch("MESSAGE_CREATE", {**payload, "id": "77", "webhook_id": "78"})
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.texts == ["first", "done"]


async def test_names_stand_for_ids(discord, adapter, guild, general, ann, ben, inbox):
    role = guild.role("Bakers", is_mentionable=True)
    secret = guild.channel("secret")
    text = f"{discord.bot.mention} {ben.mention} {role.mention} {secret.mention} <a:wave:123> </go now:5> <@1> `<#2>`"
    await ann.says(general, text)
    assert (await inbox.next()).text == "@Ben @Bakers #secret :wave: /go now <@1> `<#2>`"


async def test_moments_are_told_as_dates(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} at <t:1700000000:F>, <t:1700000000>, <t:99999999999:R> or <t:x>?")
    moment = "2023-11-14 22:13 UTC"
    assert (await inbox.next()).text == f"at {moment}, {moment}, 5138-11-16 09:46 UTC or <t:x>?"


async def test_people_are_known_by_their_names_in_the_server(discord, guild, general, connect, inbox):
    person = discord.user("Annabel", nick="Bel", guilds=[guild])
    await connect()
    await person.says(general, f"{discord.bot.mention} hi")
    assert (await inbox.next()).speaker == "Bel"


async def test_attached_files_come_along_with_what_is_said(discord, adapter, ann, inbox):
    said = await ann.dm("look", files={"cat.png": b"1234", "notes.txt": b"12"})
    await ann.dm("", files={"dog.png": b"12345"})
    await inbox.wait_for(2)
    assert inbox.texts == ["look", ""]
    first, second = (event.attachments for event in inbox.events)
    assert [(one.name, one.media_type, one.size) for one in (*first, *second)] == [
        ("cat.png", "image/png", 4),
        ("notes.txt", "text/plain", 2),
        ("dog.png", "image/png", 5),
    ]
    assert first[0].id == f"{said.channel_id}/{said.id}/{said.attachments[0].id}"


async def test_a_forwarded_message_is_quoted(discord, adapter, ann, inbox):
    await ann.dm("first")
    await inbox.next()
    snapshot = {
        "type": 0,
        "content": "the news\nof today",
        "embeds": [],
        "attachments": [],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
    }
    forward = {
        **_newest(discord, "MESSAGE_CREATE"),
        "id": "77",
        "content": "",
        "message_reference": {"type": 1, "message_id": "1", "channel_id": "2"},
        "message_snapshots": [{"message": snapshot}],
    }
    discord.gateway.dispatch("MESSAGE_CREATE", forward)
    assert (await inbox.wait_for(2))[1].text == "> Forwarded message:\n> the news\n> of today"


async def test_the_role_of_the_bot_is_the_bot(discord, adapter, guild, general, ann, inbox):
    role = {
        "id": "5000",
        "name": "keeper",
        "permissions": "0",
        "position": 1,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": True,
        "mentionable": True,
        "flags": 0,
        "tags": {"bot_id": str(discord.bot.id)},
    }
    discord.gateway.dispatch("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": role})
    await ann.says(general, f"{discord.bot.mention} first")
    await inbox.next()
    by_role = {
        **_newest(discord, "MESSAGE_CREATE"),
        "id": "77",
        "content": "<@&5000> second",
        "mentions": [],
        "mention_roles": ["5000"],
    }
    discord.gateway.dispatch("MESSAGE_CREATE", by_role)
    event = (await inbox.wait_for(2))[1]
    assert (event.text, event.addressing) == ("second", Addressing.BOT)


async def test_a_server_that_is_not_known_yet_still_gives_the_right_key(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} first")
    await inbox.next()
    discord.gateway.dispatch(
        "MESSAGE_CREATE", {**_newest(discord, "MESSAGE_CREATE"), "id": "77", "guild_id": "4444", "channel_id": "5555"}
    )
    event = (await inbox.wait_for(2))[1]
    assert str(event.place.session) == "discord:4444:5555"
    assert event.place.kind is PlaceKind.CHANNEL


async def test_what_cannot_be_encoded_is_replaced(discord, adapter, ann, inbox):
    await ann.dm("first")
    await inbox.next()
    payload = {**_newest(discord, "MESSAGE_CREATE"), "id": "77"}
    text = '{"op": 0, "t": "MESSAGE_CREATE", "s": 1000, "d": %s}'
    payload["content"] = "X"
    await discord.gateway.inject(text % json.dumps(payload).replace('"X"', '"a\\ud800b"'))
    assert (await inbox.wait_for(2))[1].text == "a\ufffdb"


class TestWithMessageContent:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.MESSAGE_CONTENT)

    @pytest.fixture
    async def adapter(self, connect, guild, general, ann):
        return await connect(message_content=True)

    async def test_talk_in_threads_is_for_the_bot_unless_it_is_for_somebody_else(
        self, discord, adapter, general, ann, ben, inbox
    ):
        thread = await ann.opens_thread("Plans", on=general)
        first = await ann.says(thread, "let us meet")
        await ann.says(thread, f"{ben.mention} do you come?")
        await ben.replies(first, "I do")
        await ann.replies(first, "and so do I")
        await ann.says(thread, f"tell {ben.mention} the time")
        await ben.replies(first, f"{discord.bot.mention} when?")
        events = await inbox.wait_for(6)
        assert [event.addressing for event in events] == [
            Addressing.THREAD,
            Addressing.OTHERS,
            Addressing.OTHERS,
            Addressing.THREAD,
            Addressing.THREAD,
            Addressing.BOT,
        ]
        assert events[1].text == "@Ben do you come?"

    async def test_talk_in_channels_is_for_others(self, adapter, guild, general, ann, inbox):
        await ann.says(general, "nice weather")
        event = await inbox.next()
        assert (event.text, event.addressing) == ("nice weather", Addressing.OTHERS)
        assert str(event.place.session) == f"discord:{guild.id}:{general.id}"


def _newest(discord, name):
    (session,) = discord.gateway.sessions
    return next(frame.payload for frame in reversed(session.backlog) if frame.name == name)


async def _answer(adapter, event, record, text):
    reply = adapter.open_reply(record.request(event))
    await reply.finish(ReplyContent(text=text, is_final=True))
    await reply.aclose()
