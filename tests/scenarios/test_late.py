"""What was said while nobody was connected is answered at the next start, marked as late where it is."""

import time
from contextlib import asynccontextmanager

import pytest
from steps import LONG

from threadkeep import Agent, Bot
from threadkeep.runtime.catch_up import CatchUpLimits
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import Verdict, tell
from threadkeep.runtime.subjects import read_subject


@pytest.fixture
def starting(town, store):
    """Runs a bot with bounds of its own around a block."""

    @asynccontextmanager
    async def run(platform, **limits):
        limits = CatchUpLimits(**limits)
        bot = Bot(agent=Agent(model=town.model()), adapters=town.adapters(platform), store=store, catch_up=limits)
        async with bot:
            yield bot

    return run


class SlackPlace:
    """A direct message in Slack, of which the bot is not told while it is away."""

    def __init__(self, town):
        self._town = town
        self._ann = town.acme.user("Ann")

    async def say(self, text):
        return await self._ann.dm(text)

    async def say_in_vain(self, text):
        events = self._town.slack.app.events
        subscribed = set(events)
        events.clear()
        said = await self._ann.dm(text)
        events.update(subscribed)
        return f"slack:{self._town.acme.id}:{said.channel_id}:{said.ts}"

    async def answers(self, count):
        seen = await self._ann.direct.wait_for(lambda seen: self._have_ended(seen, count), timeout=LONG)
        return [message.text for message in seen if message.is_ours]

    def _have_ended(self, seen, count):
        return sum(message.is_ours and "You said" in message.text for message in seen) == count


class DiscordPlace:
    """A direct message in Discord, whose gateway has forgotten the bot's session."""

    def __init__(self, town):
        self._town = town
        self._ann = town.discord.user("Ann")

    async def say(self, text):
        return await self._ann.dm(text)

    async def say_in_vain(self, text):
        self._town.discord.gateway.forget_sessions()
        said = await self._ann.dm(text)
        return f"discord:@me:{self._ann.dm_channel.id}:{said.id}"

    async def answers(self, count):
        ours = self._town.discord.bot.id

        def look(seen):
            return sum(message.author.id == ours and "You said" in message.text for message in seen) == count

        seen = await self._ann.dm_channel.wait_for(look, timeout=LONG)
        return [message.text for message in seen if message.author.id == ours]


PLACES = {"slack": SlackPlace, "discord": DiscordPlace}


@pytest.mark.parametrize("platform", PLACES)
@pytest.mark.parametrize("late_after", [0.0, 3600.0])
async def test_a_missed_question_is_answered_and_marked_where_it_is_late(
    town, starting, store, runs_of, platform, late_after
):
    place = PLACES[platform](town)
    async with starting(platform):
        await place.say("first")
        await place.answers(1)
    missed = await place.say_in_vain("second")
    async with starting(platform, late_after=late_after):
        answers = await place.answers(2)
        facts = await Inquiry(store, platforms=(platform,), clock=time.time).facts(read_subject(missed, ()))
        await runs_of(facts.session_id, 2)
        facts = await Inquiry(store, platforms=(platform,), clock=time.time).facts(read_subject(missed, ()))
    assert answers[1].startswith("_You asked this") == (late_after == 0.0)
    assert tell(facts, now=time.time()).verdict is Verdict.ANSWERED


@pytest.mark.parametrize("platform", PLACES)
async def test_where_it_is_turned_off_nothing_is_caught_up(town, starting, platform):
    place = PLACES[platform](town)
    async with starting(platform):
        await place.say("first")
        await place.answers(1)
    await place.say_in_vain("second")
    async with starting(platform, max_age=0):
        await place.say("third")
        answers = await place.answers(2)
    assert "third" in answers[1]
    assert not [text for text in answers if "second" in text]
