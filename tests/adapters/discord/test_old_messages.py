"""Answers that go on in messages older than an hour, which Discord lets a bot edit less often."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import PlatformRateLimitError
from threadkeep_discord.limits import UNTOLD_WAIT
from threadkeep_discord.poster import DiscordPoster
from threadkeep_emulators.faults import Fault

EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
TOO_OFTEN = {
    "message": "Maximum number of edits to messages older than 1 hour reached. Try again later",
    "code": 30046,
    "retry_after": 0.05,
    "global": False,
}


@pytest.fixture
async def answer(discord, adapter, general, ann, inbox, record, clock):
    """An answer that waited for hours, for an approval perhaps, and goes on."""
    await ann.says(general, f"{discord.bot.mention} deploy it")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.finish(ReplyContent(text="Shall I?", is_final=True))
    clock.skip(3 * 3_600)
    yield reply
    await reply.aclose()


async def test_it_is_written_as_soon_as_discord_takes_it(discord, general, answer):
    # More refusals than discord.py waits out by itself in one call.
    discord.faults.add(Fault(match=EDIT, kind="status", status=429, retry_after=0.05, body=TOO_OFTEN, times=7))
    await answer.finish(ReplyContent(text="Shall I? Done.", is_final=True))
    assert [message.content for message in general.messages][1:] == ["Shall I? Done."]
    assert discord.faults.pending == ()


async def test_a_refusal_without_a_time_is_a_request_to_wait_too(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} deploy it")
    poster = DiscordPoster(record.request(await inbox.next()), client=adapter._connected, link_previews=False)
    message_id = await poster.post(0, "Shall I?")
    body = {"message": TOO_OFTEN["message"], "code": TOO_OFTEN["code"]}
    discord.faults.add(Fault(match=EDIT, kind="status", status=429, body=body))
    with pytest.raises(PlatformRateLimitError) as refused:
        await poster.edit(message_id, "Shall I? Done.")
    assert refused.value.retry_after == UNTOLD_WAIT
