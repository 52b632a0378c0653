"""Prompts are suggested once a day to each, where Slack shows them."""

import asyncio

import pytest

from threadkeep.errors import ConfigError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.agent_view.prompt_settings import Prompt, read_prompts
from threadkeep_slack.settings import read_settings

ASKING = "assistant.threads.setSuggestedPrompts"


async def test_who_opens_the_tab_sees_prompts_once(slack, connect, ann):
    slack.app.has_agent_view = True
    await connect()
    await ann.opens_app()
    call = await slack.wait_for_call(ASKING)
    await ann.opens_app()
    await slack.wait_until_settled()
    assert [prompt["title"] for prompt in call.args["prompts"]] == ["What can you do?", "How does this work?"]
    assert "thread_ts" not in call.args
    assert len(slack.calls(ASKING)) == 1


async def test_everybody_sees_them(slack, acme, connect, ann):
    slack.app.has_agent_view = True
    await connect()
    for person in (ann, acme.user("Bob")):
        await person.opens_app()
        await slack.wait_for_call(ASKING, lambda call, person=person: call.args["channel_id"] == person.direct.id)


async def test_prompts_of_ones_own(slack, connect, socket_settings, ann):
    slack.app.has_agent_view = True
    await connect(socket_settings(prompts=(Prompt(title="Hours", message="When are you open?"),)))
    await ann.opens_app()
    call = await slack.wait_for_call(ASKING)
    assert call.args["prompts"] == [{"title": "Hours", "message": "When are you open?"}]


async def test_the_tab_is_acknowledged_before_slack_answers(slack, connect, ann):
    slack.app.has_agent_view = True
    slack.faults.add(Fault(match=ASKING, kind="delay", seconds=1))
    await connect()
    delivery = await ann.opens_app()
    await slack.wait_until_acked(delivery)
    assert slack.calls(ASKING) == []
    await slack.wait_for_call(ASKING)


async def test_without_the_scope_it_is_not_tried_again(slack, acme, connect, ann):
    slack.app.has_agent_view = True
    acme.team.scopes.discard("assistant:write")
    await connect()
    await ann.opens_app()
    await slack.wait_for_call(ASKING)
    await acme.user("Bob").opens_app()
    await slack.wait_until_settled()
    await asyncio.sleep(0)
    assert [call.error for call in slack.calls(ASKING)] == ["missing_scope"]


def test_prompts_in_the_environment():
    assert read_prompts("") is None
    assert read_prompts("none") == ()
    assert read_prompts("A=say a|B=say b = c") == (
        Prompt(title="A", message="say a"),
        Prompt(title="B", message="say b = c"),
    )


@pytest.mark.parametrize("text", ["only a title", "=x", "A=", "|".join(f"{n}=x" for n in range(5))])
def test_prompts_in_another_form_are_refused(text):
    with pytest.raises(ConfigError, match="SLACK_PROMPTS"):
        read_prompts(text)


@pytest.mark.parametrize(("text", "expected"), [("", None), ("auto", None), ("1", True), ("0", False)])
def test_the_view_in_the_environment(text, expected):
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_AGENT_VIEW": text}
    assert read_settings(tokens).is_agent_view is expected


def test_another_view_is_refused():
    with pytest.raises(ConfigError, match="SLACK_AGENT_VIEW"):
        read_settings({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_AGENT_VIEW": "maybe"})
