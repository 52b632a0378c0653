"""Tools in real threads: who may use them there, how far they have come, and the pictures that they give the model."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from steps import LONG

from threadkeep import Agent, Allow, Approval, Bot, File, Redactor, RunContext, tool
from threadkeep_emulators.discord import Permission
from threadkeep_emulators.openai import Answer, ToolCall


@pytest.fixture
def ann(town):
    return town.acme.user("Ann")


@pytest.fixture
def bob(town):
    return town.acme.user("Bob")


@pytest.fixture
def serving(town, store):
    """Runs a bot on a platform around a block; one store after the other may serve."""

    @asynccontextmanager
    async def run(*names, **agent):
        fields = {"model": town.model(), "add_history_to_messages": True, **agent}
        async with Bot(agent=Agent(**fields), adapters=town.adapters(*names), store=store, grace_seconds=1) as bot:
            yield bot

    return run


@pytest.fixture
def fees():
    def make(**allowed):
        @tool(allow=Allow(**allowed))
        def fees() -> str:
            """Tell the fees."""
            return "Ann owes 2"

        return fees

    return make


def group_of(mention):
    return mention.removeprefix("<!subteam^").rstrip(">")


def tool_names(town):
    return [request.tool_names for request in town.openai.log]


async def asked(town, person, text="What do I owe?"):
    """Somebody asks in the channel, in a thread of its own, and is answered."""
    said = await person.says(town.general, f"{town.acme.bot.mention} {text}")
    await said.thread.wait_for_reply(timeout=LONG)
    return said


async def test_a_tool_is_for_a_user_group_in_slack_and_others_are_not_offered_it(town, serving, fees, ann, bob):
    town.acme.team.scopes.add("usergroups:read")
    staff = group_of(town.acme.usergroup("staff", ann))
    town.openai.answers(Answer(text="I can look."), Answer(text="I cannot look."))
    async with serving("slack", tools=[fees(roles=[staff])]):
        await asked(town, ann)
        await asked(town, bob)
    assert tool_names(town) == [["fees"], []]


async def test_a_tool_is_for_the_administrators_of_a_slack_workspace(town, serving, fees, ann, bob):
    bob.user.is_admin = True
    town.openai.answers(Answer(text="No."), Answer(text="Yes."))
    async with serving("slack", tools=[fees(permissions=["admin"])]):
        await asked(town, ann)
        await asked(town, bob)
    assert tool_names(town) == [[], ["fees"]]


async def test_who_sees_in_a_thread_that_another_used_a_tool_is_refused_it_in_words(town, serving, fees, ann, bob):
    town.acme.team.scopes.add("usergroups:read")
    staff = group_of(town.acme.usergroup("staff", ann))
    call = ToolCall(name="fees", arguments="{}")
    town.openai.answers(
        Answer(tool_calls=(call,)), Answer(text="You owe 2."), Answer(tool_calls=(call,)), Answer(text="I may not.")
    )
    async with serving("slack", tools=[fees(roles=[staff])]):
        said = await asked(town, ann)
        await bob.says(town.general, f"{town.acme.bot.mention} And I?", thread_ts=said.ts)
        await said.thread.wait_for_reply(contains="I may not.", timeout=LONG)
    results = [message["content"] for message in town.openai.messages(-1) if message["role"] == "tool"]
    assert results == [
        "Ann owes 2",
        "this person may not use the tool fees here: say so, and do not try it another way",
    ]


async def test_a_tool_is_for_those_who_moderate_a_discord_channel(town, serving, fees):
    ann, bob = town.discord.user("Ann"), town.discord.user("Bob")
    town.club.give(bob.user, town.club.role("Moderators", permissions=Permission.MANAGE_MESSAGES))
    town.openai.answers(Answer(text="No."), Answer(text="Yes."))
    async with serving("discord", tools=[fees(permissions=["manage_messages"])]):
        await ann.says(town.lounge, f"{town.discord.bot.mention} hello")
        await town.lounge.wait_for(lambda seen: seen[-1].text == "No.", timeout=LONG)
        await bob.says(town.lounge, f"{town.discord.bot.mention} hello")
        await town.lounge.wait_for(lambda seen: seen[-1].text == "Yes.", timeout=LONG)
    assert tool_names(town) == [[], ["fees"]]


async def test_a_user_group_approves_in_slack_and_others_are_told_that_they_may_not(town, serving, ann, bob, runs_of):
    town.acme.team.scopes.add("usergroups:read")
    staff, deployed = group_of(town.acme.usergroup("staff", bob)), []

    @tool(requires_approval=Approval(by=(staff,)))
    async def deploy() -> str:
        """Deploy."""
        deployed.append(1)
        return "deployed"

    town.openai.answers(Answer(tool_calls=(ToolCall(name="deploy", arguments="{}"),)), Answer(text="Done."))
    async with serving("slack", tools=[deploy]):
        said = await ann.says(town.general, f"{town.acme.bot.mention} Deploy")
        await said.thread.wait_for(lambda seen: "May I call" in seen[-1].text, timeout=LONG)
        await ann.clicks(said.thread.messages[-1], "Approve")
        async with asyncio.timeout(LONG):
            while not any("may decide" in seen.text for seen in ann.sees_ephemerals(town.general)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert deployed == []
        await bob.clicks(said.thread.messages[-1], "Approve")
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{said.ts}", 1)
    assert deployed == [1]
    (decision,) = found.runs[-1].decisions
    assert (decision.speaker, decision.choice) == ("Bob", "approve")


@pytest.fixture
def searching():
    """A tool that says how far it is, and then waits for the test."""
    go_on = asyncio.Event()

    @tool
    async def search(context: RunContext) -> str:
        """Search."""
        context.say("page 1 of 2, of ann@example.org")
        await go_on.wait()
        return "found"

    return search, go_on


CALL = (ToolCall(name="search", arguments="{}"),)


async def test_people_in_slack_see_how_far_a_tool_has_come_without_what_is_redacted(town, serving, ann, searching):
    search, go_on = searching
    town.openai.answers(Answer(text="One moment.", tool_calls=CALL), Answer(text="Found it."))
    async with serving("slack", tools=[search], result_hooks=[Redactor()]):
        said = await ann.says(town.general, f"{town.acme.bot.mention} Search")
        seen = await said.thread.wait_for(
            lambda seen: any("page 1 of 2, of [email]" in task.get("details", "") for task in seen[-1].tasks),
            timeout=LONG,
        )
        assert "example.org" not in str(seen[-1].tasks)
        go_on.set()
        await said.thread.wait_for_reply(contains="Found it.", timeout=LONG)


async def test_people_in_discord_see_how_far_a_tool_has_come(town, serving, searching):
    ann, (search, go_on) = town.discord.user("Ann"), searching
    town.openai.answers(Answer(text="One moment.", tool_calls=CALL), Answer(text="Found it."))
    async with serving("discord", tools=[search], result_hooks=[Redactor()]):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Search")
        seen = await town.lounge.wait_for(lambda seen: "page 1 of 2" in seen[-1].text, timeout=LONG)
        assert "example.org" not in seen[-1].text
        go_on.set()
        await town.lounge.wait_for(lambda seen: "Found it." in seen[-1].text, timeout=LONG)
    assert "page 1 of 2" not in town.lounge.messages[-1].text


@pytest.mark.parametrize("is_slack", [True, False])
async def test_a_run_that_goes_on_in_another_process_still_shows_the_model_the_picture(
    town, serving, samples, is_slack
):
    calls, picture = [], samples.png()

    @tool
    def chart() -> list[object]:
        """Draw a chart."""
        calls.append(1)
        return ["It rises.", File(name="chart.png", data=picture)]

    wish = Answer(tool_calls=(ToolCall(name="chart", arguments="{}"),))
    town.openai.answers(wish, Answer(hold_after=0), Answer(text="It rises, I see."))
    name = "slack" if is_slack else "discord"
    async with serving(name, tools=[chart]):
        if is_slack:
            said = await town.acme.user("Ann").says(town.general, f"{town.acme.bot.mention} Draw")
        else:
            await town.discord.user("Ann").says(town.lounge, f"{town.discord.bot.mention} Draw")
        await town.openai.wait_for_requests(2, timeout=LONG)
    async with serving(name, tools=[chart]):
        if is_slack:
            await said.thread.wait_for_reply(contains="It rises, I see.", timeout=LONG)
        else:
            await town.lounge.wait_for(lambda seen: "It rises, I see." in seen[-1].text, timeout=LONG)
    assert calls == [1]
    for number in (1, 2):
        shown = town.openai.messages(number)
        assert shown[-2]["content"] == "It rises.\n\n[image: chart.png]"
        assert [part["type"] for part in shown[-1]["content"]] == ["text", "image_url"]
