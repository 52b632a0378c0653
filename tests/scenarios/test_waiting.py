"""What waits behind an answer is seen while it is written, and only then."""

import asyncio

import pytest
from steps import LONG

from threadkeep_emulators.openai import Answer

HINTS = ("1 message waiting", "2 messages waiting")


class SlackDirect:
    """A conversation with the bot in Slack, where answers are streamed or edited."""

    def __init__(self, town):
        self._ann = town.acme.user("Ann")

    async def say(self, text):
        await self._ann.dm(text)

    def texts(self):
        return [f"{seen.text} {seen.tasks} {seen.blocks}" for seen in self._ann.direct.messages]

    async def wait(self, look):
        await self._ann.direct.wait_for(lambda _: look(self.texts()), timeout=LONG)


class SlackThread(SlackDirect):
    def __init__(self, town):
        super().__init__(town)
        self._town = town
        self._thread = None

    async def say(self, text):
        if self._thread is None:
            said = await self._ann.says(self._town.general, f"{self._town.acme.bot.mention} {text}")
            self._thread = said.thread
        else:
            await self._ann.replies(self._thread.messages[0], text)

    def texts(self):
        return [f"{seen.text} {seen.tasks} {seen.blocks}" for seen in self._thread.messages]

    async def wait(self, look):
        await self._thread.wait_for(lambda _: look(self.texts()), timeout=LONG)


class DiscordDirect:
    def __init__(self, town):
        self._ann = town.discord.user("Ann")

    async def say(self, text):
        await self._ann.dm(text)

    def texts(self):
        return [seen.text for seen in self._ann.dm_channel.messages]

    async def wait(self, look):
        await self._ann.dm_channel.wait_for(lambda _: look(self.texts()), timeout=LONG)


PLACES = {"slack direct": SlackDirect, "slack thread": SlackThread, "discord direct": DiscordDirect}


@pytest.mark.parametrize("where", PLACES)
async def test_people_see_what_waits_while_an_answer_is_written(town, running, where):
    go_on = asyncio.Event()
    answer = Answer(text="one two three", hold_after=2, release=go_on)
    town.openai.answers(answer, Answer(text="The second answer."))
    place = PLACES[where](town)
    async with running(where.split()[0]):
        await place.say("first")
        await place.wait(lambda texts: "one" in texts[-1])
        for text, hint in zip(("second", "third"), HINTS, strict=True):
            await place.say(text)
            await place.wait(lambda texts, hint=hint: any(hint in seen for seen in texts))
        go_on.set()
        await place.wait(lambda texts: "The second answer." in texts[-1])
    assert not [seen for seen in place.texts() if any(hint in seen for hint in HINTS)]
    assert len(town.openai.requests) == 2
