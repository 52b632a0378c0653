"""More of what breaks elsewhere: words that were deleted and are still told, a stop that hits another conversation."""

import asyncio

from steps import LONG, ONE_STORE, shown

from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE


async def test_words_that_were_deleted_after_the_answer_are_not_told_to_the_model_again(town, running, ann, runs_of):
    town.openai.answers(Answer(text="Noted."), Answer(text="Gladly."), Answer(text="I do not know."))
    async with running("discord") as bot:
        secret = await ann.dm("My number is 4711.")
        await shown(ann.dm_channel, "Noted.")
        await ann.dm("Please be brief.")
        await shown(ann.dm_channel, "Gladly.")
        await ann.deletes(secret)
        session = f"discord:@me:{ann.dm_channel.id}"
        async with asyncio.timeout(LONG):
            while not (await bot.store.history.load(session, runs=10)).amendments:  # noqa: ASYNC110 - the store rings no bell
                await asyncio.sleep(0.01)
        await ann.dm("What is my number?")
        await shown(ann.dm_channel, "I do not know.")
    assert "4711" in str(town.openai.messages(1))
    assert "4711" not in str(town.openai.messages(2))
    assert "Please be brief." in str(town.openai.messages(2))


async def test_a_stop_in_one_thread_leaves_the_answer_in_another_alone(town, running, ann, bob):
    release = asyncio.Event()
    held = Answer(text="and on " * 120, chunk_size=7, hold_after=60, release=release)
    town.openai.answers(held, held)
    first = await ann.opens_thread("First", on=town.lounge)
    second = await bob.opens_thread("Second", on=town.lounge)
    async with running("discord"):
        await ann.says(first, f"{town.discord.bot.mention} tell me all")
        await bob.says(second, f"{town.discord.bot.mention} tell me all")
        await shown(first, "and on")
        await shown(second, "and on")
        await ann.says(first, f"{town.discord.bot.mention} !stop")
        await shown(first, "Stopped")
        release.set()
        answer = await shown(second, "and on " * 119)
        await second.wait_for(lambda _: "Stop" not in answer.buttons.values(), timeout=LONG)
    assert not [message for message in second.messages if "Stopped" in message.text]
