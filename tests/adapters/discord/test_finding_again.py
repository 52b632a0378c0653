"""Replies that an earlier attempt posted and could not record, after Discord has forgotten their nonces."""

import pytest

from threadkeep_discord.poster import DiscordPoster
from threadkeep_emulators.discord import Permission
from threadkeep_emulators.faults import Fault

POST = "POST /channels/{channel_id}/messages"
HISTORY = "GET /channels/{channel_id}/messages"
LATER = 1_000.0


@pytest.fixture
async def event(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} hi")
    return await inbox.next()


@pytest.fixture
def attempt(adapter, record):
    """Make the poster of an attempt that knows nothing but what was recorded."""

    def attempt(event, *, run_id="run-1", is_retry=True):
        request = record.request(event, run_id=run_id, is_retry=is_retry)
        return DiscordPoster(request, client=adapter._connected, link_previews=False)

    return attempt


def answers(discord, channel):
    return [message.content for message in channel.messages if message.author.id == discord.bot.id]


async def test_the_nonce_is_forgotten_after_a_while(discord, general, event, attempt, clock):
    first = await attempt(event, is_retry=False).post(0, "Hel")
    clock.skip(LATER)
    assert await attempt(event, is_retry=False).post(0, "Hello") != first


async def test_a_reply_is_edited_instead_of_posted_again(discord, general, event, attempt, clock):
    first = await attempt(event, is_retry=False).post(0, "Hel")
    clock.skip(LATER)
    assert await attempt(event).post(0, "Something else") == first
    assert answers(discord, general) == ["Something else"]


async def test_later_parts_are_found_behind_the_parts_before_them(discord, general, ann, event, attempt, clock):
    earlier = attempt(event, is_retry=False)
    ids = [await earlier.post(part, f"part {part}") for part in range(3)]
    await ann.says(general, "meanwhile")
    clock.skip(LATER)
    later = attempt(event)
    assert [await later.post(part, f"piece {part}") for part in range(3)] == ids
    await later.post(3, "piece 3")
    assert answers(discord, general) == ["piece 0", "piece 1", "piece 2", "piece 3"]


async def test_a_part_is_found_behind_a_recorded_one(discord, general, event, attempt, record, clock):
    earlier = attempt(event, is_retry=False)
    record.posted[0] = await earlier.post(0, "one")
    second = await earlier.post(1, "two")
    clock.skip(LATER)
    later = attempt(event)
    await later.edit(record.posted[0], "uno")
    assert await later.post(1, "due") == second
    assert answers(discord, general) == ["uno", "due"]


async def test_answers_to_other_questions_are_left_alone(discord, general, ann, event, inbox, attempt, clock):
    await ann.says(general, f"{discord.bot.mention} and you?")
    second = (await inbox.wait_for(2))[1]
    first = attempt(event, is_retry=False)
    await first.post(0, "one")
    await first.post(1, "two")
    clock.skip(LATER)
    later = attempt(second, run_id="run-2")
    await later.post(0, "three")
    await later.post(1, "four")
    assert answers(discord, general) == ["one", "two", "three", "four"]


async def test_the_next_answer_is_no_part_of_this_one(discord, general, ann, event, inbox, attempt, record, clock):
    record.posted[0] = await attempt(event, is_retry=False).post(0, "one")
    await ann.says(general, f"{discord.bot.mention} and you?")
    await attempt((await inbox.wait_for(2))[1], run_id="run-2", is_retry=False).post(0, "two")
    clock.skip(LATER)
    await attempt(event).post(1, "one, continued")
    assert answers(discord, general) == ["one", "two", "one, continued"]


@pytest.mark.parametrize("shown", ["Hello, A", "Hello, Ann. More", "_Using calculator\N{HORIZONTAL ELLIPSIS}_"])
async def test_a_direct_answer_is_known_by_its_beginning_or_its_activity(
    discord, ann, inbox, adapter, attempt, clock, shown
):
    await ann.dm("hi")
    event = await inbox.next()
    first = await attempt(event, is_retry=False).post(0, shown)
    clock.skip(LATER)
    assert await attempt(event).post(0, "Hello, Ann.") == first
    assert answers(discord, ann.dm_channel) == ["Hello, Ann."]


async def test_the_direct_answer_to_the_question_before_is_left_alone(discord, ann, inbox, adapter, attempt, clock):
    await ann.dm("one?")
    await ann.dm("two?")
    first, second = await inbox.wait_for(2)
    await attempt(first, is_retry=False).post(0, "To one.")
    clock.skip(LATER)
    await attempt(second, run_id="run-2").post(0, "To two.")
    assert answers(discord, ann.dm_channel) == ["To one.", "To two."]


async def test_an_answer_to_a_question_that_was_deleted_is_known_by_its_beginning(
    discord, general, ann, event, attempt, clock
):
    await ann.deletes(general.messages[0])
    first = await attempt(event, is_retry=False).post(0, "Hel")
    clock.skip(LATER)
    assert await attempt(event).post(0, "Hello") == first


async def test_the_first_message_of_a_thread_of_its_own_is_the_answer(
    discord, connect, general, ann, inbox, record, clock
):
    adapter = await connect(reply_in="thread")
    asked = await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()

    async def post(text, *, is_retry):
        request = record.request(event, is_retry=is_retry)
        return await DiscordPoster(request, client=adapter._connected, link_previews=False).post(0, text)

    first = await post("Hel", is_retry=True)
    clock.skip(LATER)
    assert await post("Something else", is_retry=True) == first
    assert answers(discord, general.thread_on(asked)) == ["Something else"]


async def test_a_busy_channel_is_read_page_by_page(discord, general, ann, event, attempt, clock):
    for number in range(120):
        await ann.says(general, str(number))
    first = await attempt(event, is_retry=False).post(0, "Hel")
    clock.skip(LATER)
    assert await attempt(event).post(0, "Hello") == first
    assert len(discord.calls.of(HISTORY)) == 2


async def test_without_permission_to_look_the_nonce_alone_has_to_do(discord, general, event, attempt):
    general.deny(Permission.READ_MESSAGE_HISTORY)
    refusal = {"message": "Missing Access", "code": 50001}
    discord.faults.add(Fault(match=HISTORY, kind="status", status=403, body=refusal))
    first = await attempt(event, is_retry=False).post(0, "Hel")
    assert await attempt(event).post(0, "Hello") == first


async def test_a_first_attempt_looks_for_nothing(discord, general, event, attempt):
    await attempt(event, is_retry=False).post(0, "Hello")
    assert discord.calls.of(HISTORY) == []
