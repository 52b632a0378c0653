"""A whole bot whose answers Slack streams."""

import asyncio

from steps import LONG

from threadkeep_emulators.openai import Answer, ToolCall


async def test_a_tool_call_is_a_card_of_the_streamed_answer(town, running, ann):
    call = ToolCall(name="add", arguments='{"a": 2, "b": 3}')
    town.openai.answers(Answer(tool_calls=(call,)), Answer(text="It is five."))
    async with running("slack", tools=[add]):
        question = await ann.says(town.general, f"{town.acme.bot.mention} 2 + 3?")
        answer = await question.thread.wait_for_reply(contains="five", timeout=LONG)
    assert [task["status"] for task in answer.tasks] == ["complete"]
    assert "add" in answer.tasks[0]["title"]
    (start,) = town.slack.calls("chat.startStream")
    assert start.args["recipient_user_id"] == ann.id


async def test_a_crowd_that_asks_for_more_streams_than_there_are_is_answered_once_each(town, running):
    """More questions at once than a workspace has streams: the others are posted and edited."""
    people = [town.acme.user(f"Person {number}") for number in range(30)]
    town.openai.answers(*(Answer(text="This is the whole answer to it. " * 3, delay=0.02) for _ in people))
    async with running("slack"):
        questions = await asyncio.gather(
            *(person.says(town.general, f"{town.acme.bot.mention} tell me") for person in people)
        )
        for question in questions:
            await question.thread.wait_for_reply(contains="whole answer", timeout=LONG)
    for question in questions:
        assert [seen.is_ours for seen in question.thread.messages] == [False, True]
    assert len(town.slack.calls("chat.startStream")) <= 20


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b
