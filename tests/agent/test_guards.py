"""Guardrails: what people say and what the model says is looked at, changed or refused."""

import pytest

from threadkeep import Agent, File, Message, Redactor, RefusedError, Role, RunContext, ScriptedModel, Step, ToolCall
from threadkeep.agent.guards import accepted
from threadkeep.runs import RunStatus


def no_politics(text: str, context: RunContext) -> str:
    if "politics" in text:
        raise RefusedError("I do not talk about politics.")
    return text


async def test_an_input_hook_changes_what_the_model_and_the_store_see():
    seen = []

    async def hook(text: str, context: RunContext) -> str:
        seen.append((text, context.user_id))
        return text.replace("secret", "[gone]")

    with ScriptedModel("Hello.") as model:
        agent = Agent(model=model, input_hooks=[hook, lambda text, _: f"{text}!"])
        await agent.arun("my secret", user_id="ann", session_id="s")
    assert seen == [("my secret", "ann")]
    assert model.asked[0][-1].content == "my [gone]!"
    assert [message.content for message in await agent.sessions.messages("s")] == ["my [gone]!", "Hello."]
    await agent.aclose()


async def test_what_is_refused_is_answered_without_the_model_and_not_kept():
    with ScriptedModel("Fine.") as model:
        agent = Agent(model=model, input_hooks=[no_politics], add_history_to_messages=True)
        response = await agent.arun("About politics", session_id="s")
        assert (response.content, response.finish_reason) == ("I do not talk about politics.", "refused")
        assert model.asked == []
        await agent.arun("And books?", session_id="s")
    shown = [message.content for message in model.asked[0]]
    assert shown == ["(not accepted)", "I do not talk about politics.", "And books?"]
    assert (await agent.sessions.runs("s"))[0].status is RunStatus.COMPLETED
    await agent.aclose()


async def test_a_hook_that_fails_lets_nothing_through():
    def hook(text: str, context: RunContext) -> str:
        raise LookupError

    with ScriptedModel() as model:
        agent = Agent(model=model, input_hooks=[hook])
        with pytest.raises(LookupError):
            await agent.arun("my secret", session_id="s")
    (run,) = await agent.sessions.runs("s")
    assert (run.status, run.messages[0].content) == (RunStatus.FAILED, "(not accepted)")
    await agent.aclose()


async def test_the_texts_of_files_are_looked_at():
    with ScriptedModel("Hello.") as model:
        agent = Agent(model=model, input_hooks=[Redactor()])
        file = File(name="list.txt", media_type="text/plain", data=b"write to ann@example.org")
        await agent.arun(Message(role=Role.USER, content="Read", files=(file,)), session_id="s")
    assert "ann@example.org" not in str(model.asked[0])
    assert "[email]" in str(model.asked[0])
    assert "ann@example.org" not in str(await agent.sessions.messages("s"))
    await agent.aclose()


async def test_what_names_the_speaker_is_left_alone():
    said = Message(role=Role.USER, content='<message from="Ann" id="slack:T:U">My mail: a@b.org</message>')
    (changed,) = await accepted([said], [Redactor(), no_politics], RunContext(run_id="r", session_id="s"))
    assert changed.content == '<message from="Ann" id="slack:T:U">My mail: [email]</message>'


async def test_an_output_hook_sees_the_whole_answer_before_anybody_reads_it():
    with ScriptedModel("Write to ann@example.org today.") as model:
        agent = Agent(model=model, output_hooks=[Redactor()])
        events = [event async for event in agent.arun("Whom?", session_id="s", stream=True)]
    assert [event.content for event in events if event.content] == ["Write to [email] today."]
    assert (await agent.sessions.messages("s"))[-1].content == "Write to [email] today."
    await agent.aclose()


async def test_an_answer_may_be_refused():
    with ScriptedModel("Let us talk politics.") as model:
        response = await Agent(model=model, output_hooks=[no_politics]).arun("Hi")
    assert (response.content, response.finish_reason) == ("I do not talk about politics.", "refused")


async def test_calls_of_a_refused_answer_are_not_made():
    def act() -> str:
        """Act."""
        raise AssertionError

    call = ToolCall(id="1", name="act", arguments="{}")
    with ScriptedModel(Step(text="I act on politics.", calls=(call,))) as model:
        response = await Agent(model=model, tools=[act], output_hooks=[no_politics]).arun("Hi")
    assert response.content == "I do not talk about politics."


async def test_calls_without_words_pass():
    def act() -> str:
        """Act."""
        return "done"

    with ScriptedModel(Step(calls=(ToolCall(id="1", name="act", arguments="{}"),)), "Done.") as model:
        response = await Agent(model=model, tools=[act], output_hooks=[no_politics]).arun("Hi")
    assert response.content == "Done."
