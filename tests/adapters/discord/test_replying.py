"""What people see of a reply."""

import asyncio

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import PlaceGoneError, PlatformUnavailableError
from threadkeep_discord import DiscordAdapter
from threadkeep_discord.poster import DiscordPoster
from threadkeep_emulators.discord import MessageFlag, Permission
from threadkeep_emulators.faults import Fault

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


@pytest.fixture
async def event(discord, adapter, general, ann, inbox):
    """A question of Ann in the channel."""
    await ann.says(general, f"{discord.bot.mention} hi")
    return await inbox.next()


async def finish(adapter, request, text):
    reply = adapter.open_reply(request)
    try:
        await reply.finish(ReplyContent(text=text, is_final=True))
    finally:
        await reply.aclose()


def poster(adapter, request):
    return DiscordPoster(request, client=adapter._connected, link_previews=False)


def answers(discord, channel):
    return [message for message in channel.messages if message.author.id == discord.bot.id]


async def test_an_answer_grows_in_one_message_that_refers_to_the_question(discord, adapter, general, event, record):
    reply = adapter.open_reply(record.request(event))
    await reply.show(ReplyContent(text="Hel"))
    await general.wait_for(lambda messages: len(messages) == 2)
    await reply.finish(ReplyContent(text="Hello, Ann.", is_final=True))
    await reply.aclose()
    (answer,) = answers(discord, general)
    assert answer.content == "Hello, Ann."
    assert str(answer.reference.message_id) == event.place.reply_to
    assert record.posted == {0: str(answer.id)}
    assert len(discord.calls.of(POST)) == 1


async def test_a_direct_message_is_answered_in_place(discord, adapter, ann, inbox, record):
    await ann.dm("hi")
    await finish(adapter, record.request(await inbox.next()), "Hello.")
    (answer,) = answers(discord, ann.dm_channel)
    assert (answer.content, answer.reference) == ("Hello.", None)


async def test_a_long_answer_is_split_and_only_its_first_part_refers(discord, adapter, general, event, record):
    await finish(adapter, record.request(event), "\U0001f600 words and words\n" * 300)
    parts = answers(discord, general)
    assert len(parts) > 2
    assert all(len(part.content.encode("utf-16-le")) <= 4_000 for part in parts)
    assert [part.reference is not None for part in parts] == [True] + [False] * (len(parts) - 1)
    assert record.posted == {number: str(part.id) for number, part in enumerate(parts)}


async def test_nobody_is_pinged(discord, adapter, guild, general, ann, event, record):
    role = guild.role("Bakers", is_mentionable=True, members=[ann])
    reply = adapter.open_reply(record.request(event))
    await reply.show(ReplyContent(text=f"@everyone {ann.mention}"))
    await general.wait_for(lambda messages: len(messages) == 2)
    await reply.finish(ReplyContent(text=f"@everyone @here {ann.mention} {role.mention}", is_final=True))
    await reply.aclose()
    assert [record for record in discord.pings if record.author.id == discord.bot.id] == []
    calls = [*discord.calls.of(POST), *discord.calls.of(EDIT)]
    assert len(calls) == 2
    assert all(call.body["allowed_mentions"]["parse"] == [] for call in calls)


@pytest.mark.parametrize("link_previews", [False, True])
async def test_links_show_previews_only_if_asked_for(discord, connect, general, ann, inbox, record, link_previews):
    adapter = await connect(link_previews=link_previews)
    await ann.says(general, f"{discord.bot.mention} hi")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.show(ReplyContent(text="see https://example.org/a"))
    await general.wait_for(lambda messages: len(messages) == 2)
    await reply.finish(ReplyContent(text="see https://example.org/b", is_final=True))
    await reply.aclose()
    (answer,) = answers(discord, general)
    assert (MessageFlag.SUPPRESS_EMBEDS in answer.flags) is not link_previews


async def test_a_post_that_is_repeated_gives_the_same_message(discord, adapter, general, event, record):
    first = await poster(adapter, record.request(event)).post(0, "Hello")
    second = await poster(adapter, record.request(event)).post(0, "Hello, and more")
    assert first == second
    (answer,) = answers(discord, general)
    assert answer.content == "Hello, and more"


async def test_parts_and_runs_have_messages_of_their_own(discord, adapter, general, event, record):
    one, two = poster(adapter, record.request(event)), poster(adapter, record.request(event, run_id="run-2"))
    ids = {await one.post(0, "Hello"), await one.post(1, "Hello"), await two.post(0, "Hello")}
    assert len(ids) == 3


async def test_an_answer_lost_on_the_way_does_not_double_the_message(discord, adapter, general, event, record):
    discord.faults.add(Fault(match=POST, kind="drop_after"))
    await finish(adapter, record.request(event), "Hello")
    (answer,) = answers(discord, general)
    assert record.posted == {0: str(answer.id)}
    assert discord.faults.pending == ()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(match=POST, kind="status", status=500),
        Fault(match=POST, kind="status", status=503),
        Fault(match=POST, kind="status", status=429, retry_after=0.05),
        Fault(match=POST, kind="drop_before"),
        Fault(match=EDIT, kind="drop_after"),
        Fault(match=EDIT, kind="status", status=429, retry_after=0.05),
    ],
    ids=lambda fault: f"{fault.match.split()[0]} {fault.kind} {fault.status}",
)
async def test_a_failure_that_passes_is_survived(discord, adapter, general, event, record, fault):
    discord.faults.add(fault)
    reply = adapter.open_reply(record.request(event))
    await reply.show(ReplyContent(text="Hel"))
    await general.wait_for(lambda messages: len(messages) == 2)
    await reply.finish(ReplyContent(text="Hello", is_final=True))
    await reply.aclose()
    (answer,) = answers(discord, general)
    assert answer.content == "Hello"
    assert discord.faults.pending == ()


async def test_a_call_cancelled_in_a_global_rate_limit_holds_back_no_other(discord, adapter, general, event, record):
    limited = {"message": "You are being rate limited.", "retry_after": 25.0, "global": True}
    discord.faults.add(Fault(match=POST, kind="status", status=429, body=limited))
    task = asyncio.create_task(poster(adapter, record.request(event)).post(0, "Hello"))
    await general.wait_for(lambda _messages: discord.calls.of(POST))
    task.cancel()
    await asyncio.wait({task})
    async with asyncio.timeout(15):
        await poster(adapter, record.request(event, run_id="run-2")).post(0, "Hello again")
    assert [answer.content for answer in answers(discord, general)] == ["Hello again"]


async def test_a_message_that_was_removed_a_moment_ago_is_posted_anew(discord, adapter, general, event, record):
    same = poster(adapter, record.request(event))
    first = await same.post(1, "one")
    await same.remove(first)
    second = await same.post(1, "two")
    assert first != second
    assert [answer.content for answer in answers(discord, general)] == ["two"]


async def test_removing_what_is_gone_is_harmless(adapter, event, record):
    same = poster(adapter, record.request(event))
    message_id = await same.post(0, "one")
    await same.remove(message_id)
    await same.remove(message_id)


async def test_editing_what_is_gone_is_told(adapter, event, record):
    same = poster(adapter, record.request(event))
    message_id = await same.post(0, "one")
    await same.remove(message_id)
    with pytest.raises(PlaceGoneError, match="message does not exist"):
        await same.edit(message_id, "two")


async def test_a_deleted_question_is_answered_without_a_reference(discord, adapter, general, ann, event, record):
    await ann.deletes(general.messages[0])
    await finish(adapter, record.request(event), "Hello")
    (answer,) = answers(discord, general)
    assert answer.reference is None


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Cannot reply without permission to read message history", "code": 160002},
        {
            "message": "Invalid Form Body",
            "code": 50035,
            "errors": {"message_reference": {"_errors": [{"code": "X", "message": "Cannot reply to this message"}]}},
        },
    ],
    ids=["no permission", "no such message"],
)
async def test_where_a_reference_is_refused_the_answer_does_without(discord, adapter, general, event, record, body):
    discord.faults.add(Fault(match=POST, kind="status", status=400, body=body))
    await finish(adapter, record.request(event), "Hello")
    (answer,) = answers(discord, general)
    assert (answer.content, answer.reference) == ("Hello", None)


async def test_where_the_bot_may_not_write_the_remedy_is_told(adapter, general, event, record):
    general.deny(Permission.SEND_MESSAGES)
    with pytest.raises(PlaceGoneError, match="Send Messages"):
        await finish(adapter, record.request(event), "Hello")


async def test_closed_direct_messages_are_told(adapter, ann, inbox, record):
    await ann.dm("hi")
    event = await inbox.next()
    ann.closes_dms()
    with pytest.raises(PlaceGoneError, match="takes no direct messages"):
        await finish(adapter, record.request(event), "Hello")


async def test_an_archived_thread_is_opened_again_by_an_answer(discord, adapter, general, ann, inbox, record):
    thread = await ann.opens_thread("Plans", on=general)
    await ann.says(thread, f"{discord.bot.mention} hi")
    same = poster(adapter, record.request(await inbox.next()))
    thread.archive()
    message_id = await same.post(0, "one")
    thread.archive()
    await same.edit(message_id, "two")
    assert [answer.content for answer in answers(discord, thread)] == ["two"]
    assert not thread.is_archived


async def test_a_locked_thread_is_closed(discord, adapter, general, ann, inbox, record):
    thread = await ann.opens_thread("Plans", on=general)
    await ann.says(thread, f"{discord.bot.mention} hi")
    same = poster(adapter, record.request(await inbox.next()))
    message_id = await same.post(0, "one")
    thread.archive(is_locked=True)
    with pytest.raises(PlaceGoneError):
        await same.post(1, "two")
    refusal = {"message": "Missing Permissions", "code": 50013}
    discord.faults.add(Fault(match="PATCH /channels/{channel_id}", kind="status", status=403, body=refusal))
    with pytest.raises(PlaceGoneError):
        await same.edit(message_id, "three")


async def test_a_run_that_is_retried_goes_on_in_its_messages(discord, adapter, connect, general, event, record):
    reply = adapter.open_reply(record.request(event))
    await reply.show(ReplyContent(text="Hel"))
    await general.wait_for(lambda messages: len(messages) == 2)
    await reply.aclose()
    await adapter.stop()
    await finish(await connect(), record.request(event), "Hello")
    (answer,) = answers(discord, general)
    assert answer.content == "Hello"


async def test_an_adapter_that_is_not_connected_says_so(discord, event, record):
    idle = DiscordAdapter(discord.bot.token)
    with pytest.raises(PlatformUnavailableError, match="not connected"):
        await poster(idle, record.request(event)).post(0, "Hello")
