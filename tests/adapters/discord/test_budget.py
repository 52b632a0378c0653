"""What a token may ask for: within a second, over all processes, and once Discord has refused too much."""

import asyncio

import discord
import pytest
import structlog

from threadkeep.errors import PlatformAuthError, PlatformRateLimitError, StoreUnavailableError
from threadkeep_discord.budget import RequestBudget, is_unlimited
from threadkeep_discord.limits import GLOBAL_REQUESTS, INVALID_REQUESTS
from threadkeep_discord.refusals import calling
from threadkeep_discord.turns import IdentifyTurns
from threadkeep_emulators.discord import Settings
from threadkeep_emulators.faults import Fault

URL = "https://discord.com/api/v10/channels/1/messages"
OPEN = "https://discord.com/api/v10/webhooks/1/token/messages/@original"
POST = "POST /channels/{channel_id}/messages"


class Hours:
    """A clock that the test moves, and that budgets and what they share agree on."""

    def __init__(self, shared):
        self.shared = shared

    def __call__(self):
        return self.shared.now


@pytest.fixture
def make_budget(shared):
    def make(*, is_alone=False):
        budget = RequestBudget(clock=Hours(shared))
        if not is_alone:
            budget.share(shared, bot=7)
        return budget

    return make


async def take_all(budget, most=200):
    """Make requests until one would have to wait, and give how many were made."""
    made = 0
    while made < most:
        try:
            async with asyncio.timeout(0.05):
                await budget.take(URL)
        except TimeoutError:
            break
        made += 1
    return made


async def test_a_process_alone_keeps_to_the_limit_of_a_second(make_budget, shared):
    budget = make_budget(is_alone=True)
    assert await take_all(budget) == GLOBAL_REQUESTS
    shared.now += 1.0
    assert await take_all(budget) == GLOBAL_REQUESTS


async def test_the_processes_of_a_token_keep_to_the_limit_together(make_budget, shared):
    budgets = [make_budget() for _ in range(4)]
    made = [await take_all(budget) for budget in budgets]
    # What each may do without asking the others comes on top, for those that come when all is used up.
    assert made[0] >= GLOBAL_REQUESTS - 10
    assert sum(made) <= GLOBAL_REQUESTS + 5 * 3
    shared.now += 1.0
    assert await take_all(budgets[3]) >= GLOBAL_REQUESTS - 10


async def test_a_store_that_fails_holds_nobody_up(make_budget, shared):
    budget = make_budget()
    shared.failures = [StoreUnavailableError("down")] * 1_000
    with structlog.testing.capture_logs() as logs:
        assert await take_all(budget) == GLOBAL_REQUESTS
    assert {entry["event"] for entry in logs} == {"discord_budget_alone"}


async def test_answers_to_interactions_need_no_part_of_it(make_budget):
    budget = make_budget()
    await take_all(budget)
    for _ in range(100):
        await budget.take(OPEN)
    assert is_unlimited("https://discord.com/api/v10/interactions/1/token/callback")
    assert not is_unlimited("https://discord.com/api/v10/applications/1/commands")


async def test_who_is_refused_too_often_makes_no_more_requests(make_budget, shared):
    budget = make_budget(is_alone=True)
    with structlog.testing.capture_logs() as logs:
        for _ in range(INVALID_REQUESTS):
            budget.heard(URL, 403, is_shared=False)
    with pytest.raises(discord.RateLimited):
        await budget.take(URL)
    with pytest.raises(discord.RateLimited):
        await budget.take(OPEN)
    assert [entry["event"] for entry in logs] == ["discord_refused_too_often"]
    shared.now += 601
    await budget.take(URL)


async def test_processes_are_refused_too_often_together(make_budget, shared):
    for _ in range(2):
        budget = make_budget()
        for _ in range(INVALID_REQUESTS // 2 // 20):
            for _ in range(20):
                budget.heard(URL, 403, is_shared=False)
            await budget.tell_refusals()
    with pytest.raises(discord.RateLimited):
        await budget.take(URL)


async def test_a_limit_that_others_used_up_does_not_count_as_refused(make_budget):
    budget = make_budget(is_alone=True)
    for _ in range(INVALID_REQUESTS):
        budget.heard(URL, 429, is_shared=True)
        budget.heard(URL, 404, is_shared=False)
    await budget.take(URL)


async def test_a_refused_token_is_not_tried_again_for_a_minute(discord, connect, guild, general):
    adapter = await connect(sink=None)
    client = adapter._client
    discord.faults.add(Fault(match=POST, kind="status", status=401))
    for _ in range(5):
        with pytest.raises(PlatformAuthError):
            async with calling("post a message"):
                await client.get_partial_messageable(general.id).send("hello")
    assert len([call for call in discord.calls if call.route == POST]) == 1


async def test_a_refused_answer_to_an_interaction_says_nothing_of_the_token(make_budget):
    budget = make_budget(is_alone=True)
    budget.heard(OPEN, 401, is_shared=False)
    await budget.take(URL)


async def test_a_wait_that_is_too_long_is_told_at_once(make_budget, shared, monkeypatch):
    monkeypatch.setattr("threadkeep_discord.budget.LONGEST_WAIT", 0.5)
    budget = make_budget(is_alone=True)
    assert await take_all(budget, most=GLOBAL_REQUESTS) == GLOBAL_REQUESTS
    with pytest.raises(PlatformRateLimitError):
        async with calling("post a message"):
            await budget.take(URL)


class TestAgainstLimits:
    @pytest.fixture
    def settings(self):
        return Settings(enforce_rate_limits=True)

    async def test_two_processes_of_one_token_are_refused_nothing(self, discord, guild, connect, shared):
        channels = [guild.channel(f"room {number}") for number in range(60)]
        first, second = await connect(sink=None, shared=shared), await connect(sink=None, shared=shared)

        async def pass_time():
            while True:
                await asyncio.sleep(0.01)
                shared.now += 0.01

        async def post(number, channel):
            adapter = (first, second)[number % 2]
            await adapter._client.get_partial_messageable(channel.id).send(str(number))

        clock = asyncio.create_task(pass_time())
        await asyncio.gather(*(post(number, channel) for number, channel in enumerate(channels)))
        clock.cancel()
        assert [channel.messages[-1].content for channel in channels] == [str(number) for number in range(60)]
        refused = [call for call in discord.calls if call.status == 429]
        assert len(refused) <= 5


@pytest.mark.parametrize("is_global", [False, True])
async def test_a_rate_limit_by_discord_is_waited_out(discord, connect, guild, general, is_global):
    adapter = await connect(sink=None)
    body = {"message": "You are being rate limited.", "retry_after": 0.05, "global": is_global}
    discord.faults.add(Fault(match=POST, kind="status", status=429, retry_after=0.05, body=body, times=2))
    await adapter._client.get_partial_messageable(general.id).send("hello")
    assert [message.content for message in general.messages] == ["hello"]
    assert [call.status for call in discord.calls if call.route == POST] == [429, 429, 200]


async def test_sessions_of_a_day_are_counted_over_all_processes(shared):
    def turns(owner):
        return IdentifyTurns(shared, application_id=7, owner=owner, concurrency=1, starts=2, clock=Hours(shared))

    for number in range(2):
        await turns(f"process {number}").take(0)
        shared.now += 6
    with structlog.testing.capture_logs() as logs, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await turns("process 3").take(0)
    assert [entry["event"] for entry in logs] == ["discord_sessions_used_up"]
    shared.now += 86_400
    await turns("process 4").take(0)


async def test_no_session_begins_while_discord_says_that_none_may(shared):
    turns = IdentifyTurns(shared, application_id=7, owner="process", concurrency=1, closed_for=60, clock=Hours(shared))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await turns.take(0)
    shared.now += 60
    await turns.take(0)
