"""Commands that people give while an answer waits for an approval."""

import pytest
from steps import LONG

from threadkeep import tool
from threadkeep_emulators.openai import Answer, ToolCall


@pytest.fixture
def deploy():
    """A tool that needs an approval, and what it did."""
    made = []

    @tool(requires_approval=True)
    async def deploy(environment: str) -> str:
        """Deploy."""
        made.append(environment)
        return "done"

    return deploy, made


@pytest.fixture
def asked(town):
    """Lets the model ask for the tool, and say in the end that it is done."""
    call = ToolCall(name="deploy", arguments='{"environment": "staging"}')
    town.openai.answers(Answer(tool_calls=(call,)), Answer(text="It is deployed."))


async def test_help_is_given_in_a_slack_thread_that_waits_for_an_approval(town, running, deploy, asked):
    approved, made = deploy
    ann = town.acme.user("Ann")
    async with running("slack", tools=[approved]):
        question = await ann.says(town.general, f"{town.acme.bot.mention} deploy, please")
        waiting = await question.thread.wait_for_reply(contains="deploy", timeout=LONG)
        await ann.replies(question, "!help")
        await question.thread.wait_for_reply(contains="!usage", timeout=LONG)
        assert made == []
        await ann.clicks(waiting, "Approve")
        await question.thread.wait_for_reply(contains="It is deployed.", timeout=LONG)
    assert made == ["staging"]
    assert [seen.is_ours for seen in question.thread.messages] == [False, True, False, True]


async def test_a_slash_command_is_answered_in_a_discord_channel_that_waits_for_an_approval(
    town, running, deploy, asked
):
    approved, made = deploy
    ann = town.discord.user("Ann")
    town.club.join(ann)
    async with running("discord", tools=[approved]):
        await ann.says(town.lounge, f"{town.discord.bot.mention} deploy, please")
        seen = await town.lounge.wait_for(
            lambda seen: "Approve" in seen[-1].buttons.values() and list(seen), timeout=LONG
        )
        used = await ann.slash(town.lounge, "usage")
        await used.wait_for(lambda message: "has cost nothing yet" in message.text, timeout=LONG)
        assert made == []
        await ann.clicks(seen[-1], "Approve")
        await town.lounge.wait_for(lambda seen: "It is deployed." in seen[1].text, timeout=LONG)
    assert made == ["staging"]
