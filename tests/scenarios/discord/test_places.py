"""Where a bot answers on Discord, and whom: through discord.py, a real store and the model."""

import pytest
from steps import LONG

LIGHT = "What is the speed of light?"
ANSWER = "299,792,458"


@pytest.fixture
def serving(serving):
    """Runs a bot under rules around a block."""
    return lambda **rules: serving(environ={f"DISCORD_{name.upper()}": str(value) for name, value in rules.items()})


async def answer_to(said, where):
    return await where.wait_for_reply(to=said, until=lambda message: ANSWER in message.text, timeout=LONG)


async def test_a_post_in_a_forum_is_answered_from_its_title_and_followed(town, serving, ann):
    async with serving():
        post = await ann.posts(town.club.forum("help"), LIGHT, f"{town.discord.bot.mention} who knows?")
        (said,) = post.messages
        await answer_to(said, post)
        await answer_to(await ann.says(post, f"Once more: {LIGHT}"), post)
    assert LIGHT in town.said(0)[-1]


async def test_the_chat_of_a_voice_channel_is_answered_there(town, serving, ann):
    lounge = town.club.voice("talk")
    async with serving(reply_in="thread"):
        said = await ann.says(lounge, f"{town.discord.bot.mention} {LIGHT}")
        await answer_to(said, lounge)
    assert lounge.threads == []


async def test_a_support_channel_is_answered_always_and_another_only_at_a_mention(town, serving, ann):
    support = town.club.channel("support")
    async with serving(answer_when=f"mentioned {support.id}=always"):
        await ann.says(town.lounge, LIGHT)
        await answer_to(await ann.says(support, LIGHT), support)
        await answer_to(await ann.says(town.lounge, f"{town.discord.bot.mention} {LIGHT}"), town.lounge)
    assert len([one for one in town.lounge.messages if one.author.id == town.discord.bot.id]) == 1


async def test_only_who_is_allowed_is_answered_and_sees_what_others_said_considered(town, serving, ann, bob):
    staff = town.club.role("staff", members=[bob])
    mention = town.discord.bot.mention
    async with serving(allowed_roles=staff.id):
        await answer_to(await bob.says(town.lounge, f"{mention} {LIGHT}"), town.lounge)
        refused = await ann.says(town.lounge, f"{mention} The bicycle is in the yard.")
        await answer_to(await bob.says(town.lounge, f"{mention} Again: {LIGHT}"), town.lounge)
    assert [one for one in town.lounge.messages if one.reference and one.reference.message_id == refused.id] == []
    assert any("The bicycle is in the yard." in text for text in town.said(1))


async def test_who_is_blocked_is_neither_answered_nor_read(town, serving, ann, bob):
    mention = town.discord.bot.mention
    async with serving(blocked_users=ann.id):
        await ann.says(town.lounge, f"{mention} The bicycle is in the yard.")
        await answer_to(await bob.says(town.lounge, f"{mention} {LIGHT}"), town.lounge)
    assert len([one for one in town.lounge.messages if one.author.id == town.discord.bot.id]) == 1
    assert not any("bicycle" in text for text in town.said(0))
