"""Commands: carried out once, in order, kept with the session, and not shown to the model later."""

import asyncio

import pytest

from threadkeep import Agent, Bot, Command, ConfigError, Memory, Message, Role, ToolCall
from threadkeep.agent.reading import Sessions
from threadkeep.chat.commands import command_table, read_command
from threadkeep.chat.events import Addressing, MessageDeleted, MessageEdited, PlaceKind
from threadkeep.chat.policy import Policies, Policy
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runs import RunStatus
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import Verdict, tell
from threadkeep.sessions import MessageKey

SESSION = "test:W:C1"


def shown(model, number=-1):
    return [message.content for message in model.asked[number] if message.role is not Role.SYSTEM]


async def test_new_begins_afresh_and_the_old_conversation_stays_readable(
    talk, make_model, store, working, wait_for, load_runs
):
    model = make_model()
    async with working(model, store):
        await talk("one", "two", "!new", "three", "four")
        runs = await wait_for(lambda: load_runs(store, count=5))
    assert shown(model) == ["three", "You said: three", "four"]
    assert [run.content for run in await Sessions(store.history, store.digests).runs(SESSION)][:2] == [
        "You said: one",
        "You said: two",
    ]
    new = runs[2]
    assert (new.command, new.is_boundary, new.status) == ("new", True, RunStatus.COMPLETED)
    assert new.messages == ()
    assert new.trace is not None
    assert len(model.asked) == 4


async def test_commands_take_no_room_in_what_the_model_is_shown(talk, make_model, store, working):
    model = make_model()
    async with working(model, store, agent={"num_history_runs": 2}):
        await talk("one", "two", "!help", "/usage", "!help", "three")
    assert shown(model) == ["one", "You said: one", "two", "You said: two", "three"]


async def test_retry_answers_the_last_question_again_without_its_earlier_answer(
    talk, make_model, store, working, wait_for, load_runs
):
    answers = iter(["first", "wrong", "better", "best", "more"])
    model = make_model(lambda _: next(answers))
    async with working(model, store):
        finals = await talk("one", "two", "!retry", "!help", "/retry")
        assert [*finals[:3], finals[4]] == ["first", "wrong", "better", "best"]
        await talk("three")
        runs = await wait_for(lambda: load_runs(store, count=6))
    assert shown(model, 2) == shown(model, 3) == ["one", "first", "two"]
    assert shown(model, 4) == ["one", "first", "two", "best", "three"]
    assert [run.replaces for run in runs] == [None, None, runs[1].run_id, None, runs[2].run_id, None]
    assert [run.command for run in runs] == [None, None, "retry", "help", "retry", None]


async def test_retry_reads_an_edited_question_as_edited(platform, talk, make_model, store, working, wait_for):
    model = make_model()
    question = platform.said("tow")
    async with working(model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.finals)
        edited = MessageEdited(
            key=revised(question.key, "edited:1"),
            place=question.place,
            user=question.user,
            speaker="Ann",
            text="two",
        )
        await store.inbox.accept(edited)
        assert await talk("!retry") == ["You said: two"]


async def test_there_may_be_nothing_to_answer_again(platform, talk, make_model, store, working, wait_for):
    model = make_model()
    question = platform.said("one")
    async with working(model, store):
        assert "no question" in (await talk("!retry"))[0]
        await store.inbox.accept(question)
        await wait_for(lambda: len(platform.finals) == 2)
        await store.inbox.accept(MessageDeleted(key=revised(question.key, "deleted"), place=question.place))
        assert "no question" in (await talk("!retry"))[0]
        await talk("two", "!new")
        assert "no question" in (await talk("!retry"))[0]
    assert len(model.asked) == 2


async def test_nobody_has_another_persons_question_answered_again(talk, make_model, store, working):
    model = make_model()
    where = {"kind": PlaceKind.CHANNEL}
    async with working(model, store):
        await talk("What do I earn?", user="Ann", **where)
        assert "somebody else's" in (await talk("!retry", user="Bob", **where))[0]
        await talk("!retry", user="Ann", **where)
    assert len(model.asked) == 2


async def test_a_retry_that_fails_leaves_the_earlier_answer(talk, make_model, store, working):
    answers = iter(["good", RuntimeError("no"), "yes", "again"])
    model = make_model(lambda _: next(answers))
    async with working(model, store):
        await talk("one", "!retry", "two")
        assert shown(model) == ["one", "good", "two"]
        assert await talk("!retry") == ["again"]
    assert shown(model) == ["one", "good", "two"]


async def test_a_summary_is_asked_for_without_tools_and_not_shown_later(
    talk, make_model, store, working, wait_for, load_runs
):
    def script(text):
        if text == "look":
            calls = (ToolCall(id="1", name="look", arguments="{}"),)
            return ModelAnswer(
                message=Message(role=Role.ASSISTANT, tool_calls=calls), usage=Usage(), finish_reason="tool_calls"
            )
        return "All of it." if "</message>" in text else "Seen."

    async def look() -> str:
        """Look."""
        return "a secret of the tool"

    model = make_model(script)
    asked_tools = []
    stream = model.stream

    def with_tools(messages, tools, settings):
        asked_tools.append(len(tools))
        return stream(messages, tools, settings)

    model.stream = with_tools
    async with working(model, store, agent={"tools": [look], "instructions": "Be kind."}):
        await talk("before", "!new", "look")
        assert await talk("!summary") == ["All of it."]
        await talk("on")
        runs = await wait_for(lambda: load_runs(store, count=5))
    summing = model.asked[3]
    assert [message.role for message in summing] == [Role.SYSTEM, Role.USER]
    assert "Be kind." not in summing[0].content
    assert summing[1].content == ('<message from="user">look</message>\n<message from="assistant">Seen.</message>')
    assert asked_tools == [1, 1, 1, 0, 1]
    assert runs[3].command == "summary"
    assert runs[3].messages == ()
    assert runs[3].metrics.model_calls == 1
    assert "All of it." not in str(model.asked[4])


async def test_there_may_be_nothing_to_sum_up(talk, make_model, store, working):
    model = make_model()
    async with working(model, store):
        assert await talk("!summary") == ["Nothing has been said here yet."]
    assert model.asked == []


async def test_people_see_and_forget_what_is_remembered_of_them(
    talk, platform, make_model, store, working, wait_for, load_runs
):
    for text in ("likes tea", "lives in Bern", "has a cat"):
        await store.memories.add("test:Ann", text)
    await store.memories.add("test:Bob", "is Bob")
    async with working(make_model(), store, agent={"memory": Memory()}):
        listed, one, none, rest, nothing, empty = await talk(
            "!memory", "!forget 2", "!forget 7", "!forget", "!forget all", "!memory"
        )
        runs = await wait_for(lambda: load_runs(store, count=6))
    assert "1. likes tea\n2. lives in Bern\n3. has a cat" in listed
    assert one == "I have forgotten: lives in Bern"
    assert "no such entry" in none
    assert rest.endswith("2 entries.")
    assert "nothing to forget" in nothing
    assert empty == "I remember nothing of you."
    assert [memo.text for memo in await store.memories.list("test:Bob", limit=9)] == ["is Bob"]
    assert all(reply.request.is_private and str(reply.request.asked_by) == "test:Ann" for reply in platform.replies)
    assert {run.content for run in runs} == {""}


@pytest.mark.parametrize("which", ["0", "-1", "one", "99999999999999999999", "1 2", "²"])
async def test_a_number_that_is_none_forgets_nothing(talk, make_model, store, working, which):
    await store.memories.add("test:Ann", "likes tea")
    async with working(make_model(), store):
        assert "no such entry" in (await talk(f"!forget {which}"))[0]
    assert len(await store.memories.list("test:Ann", limit=9)) == 1


async def test_memories_are_not_told_where_others_read(talk, platform, make_model, store, working):
    await store.memories.add("test:Ann", "likes tea")
    async with working(make_model(), store):
        for command in ("!memory", "!forget"):
            assert "direct message" in (await talk(command, kind=PlaceKind.CHANNEL))[0]

        async def whisper(place, user, text):
            raise AssertionError

        platform.whisper = whisper
        assert "likes tea" in (await talk("!memory", kind=PlaceKind.CHANNEL))[0]
    assert len(await store.memories.list("test:Ann", limit=9)) == 1
    assert platform.replies[-1].request.is_private


async def test_a_process_that_dies_while_it_forgets_says_the_same_later(
    platform, make_model, open_store, working, wait_for
):
    store = await open_store(lease_seconds=0.2)
    for text in ("likes tea", "has a cat"):
        await store.memories.add("test:Ann", text)
    clear, cleared = store.memories.clear, asyncio.Event()

    async def clear_and_hang(user_id):
        await clear(user_id)
        cleared.set()
        await asyncio.Event().wait()

    store.memories.clear = clear_and_hang
    await store.inbox.accept(read_command(platform.said("!forget"), command_table()))
    async with working(make_model(), store) as worker:
        await wait_for(cleared.is_set)
        store.memories.clear = clear
        for task in worker._running.values():
            task.cancel()
        await wait_for(lambda: platform.finals)
    assert platform.finals == ["I have forgotten everything that I remembered of you: 2 entries."]


async def test_usage_adds_up_what_the_conversation_has_cost(talk, platform, make_model, store, working):
    def script(text):
        message = Message(role=Role.ASSISTANT, content=text)
        usage = Usage(input_tokens=1000, cached_tokens=200, output_tokens=30)
        return ModelAnswer(message=message, usage=usage, finish_reason="stop")

    async with working(make_model(script), store):
        assert await talk("!usage") == ["This conversation has cost nothing yet."]
        *_, usage = await talk("one", "two", "!help", "!usage")
        assert platform.replies[-1].request.is_private
        assert await talk("!new", "!usage") == [platform.finals[-2], "This conversation has cost nothing yet."]
    assert usage == (
        "This conversation: 2 answers, for which the model was asked 2 times; "
        "2,000 tokens in (400 of them cached), 60 out."
    )


async def test_help_lists_the_commands_and_says_who_the_bot_is(talk, platform, make_model, store, working):
    async def deploy(_context, _text):
        return ""

    own = [Command(name="deploy", help="Puts it online.", run=deploy, takes="PLACE")]
    async with working(make_model(), store, description="I am Keeper.", commands=command_table(own)):
        (answer,) = await talk("!help")
    assert answer.startswith("I am Keeper.\n\n")
    for line in ("- `!new`: ", "- `!forget [NUMBER]`: ", "- `!stop`: ", "- `!deploy PLACE`: Puts it online."):
        assert f"\n{line}" in answer
    assert not platform.replies[0].request.is_private


async def test_a_bots_own_command_is_given_its_context(talk, make_model, store, working, wait_for, load_runs):
    seen = []

    async def deploy(context, text):
        seen.append((context, text))
        return f"Deployed {text} for {context.speaker}."

    own = [Command(name="deploy", help="Puts it online.", run=deploy)]
    model = make_model()
    async with working(model, store, commands=command_table(own)):
        assert await talk("one", "!deploy  to Bern\nnow", commands=own) == [
            "You said: one",
            "Deployed to Bern\nnow for Ann.",
        ]
        runs = await wait_for(lambda: load_runs(store, count=2))
    ((context, text),) = seen
    assert text == "to Bern\nnow"
    assert context.run_id == runs[1].run_id
    assert str(context.user) == "test:Ann"
    assert [run.content for run in context.runs] == ["You said: one"]
    assert context.session.session_id == SESSION
    assert len(model.asked) == 1


async def test_a_bots_own_command_that_fails_is_answered_with_a_reference(
    talk, make_model, store, working, wait_for, load_runs
):
    async def broken(_context, _text):
        raise ValueError("a detail")

    own = [Command(name="deploy", help="Puts it online.", run=broken)]
    async with working(make_model(), store, commands=command_table(own)):
        (answer,) = await talk("!deploy", commands=own)
        (run,) = await wait_for(lambda: load_runs(store, count=1))
    assert "reference" in answer
    assert "detail" not in answer
    assert (run.status, run.error, run.command) == (RunStatus.FAILED, "ValueError", "deploy")


async def test_a_command_that_only_the_platform_knows_is_refused_politely(
    platform, make_model, store, working, wait_for
):
    event = platform.said("")
    object.__setattr__(event, "command", "dance")
    async with working(make_model(), store):
        await store.inbox.accept(event)
        await wait_for(lambda: platform.finals)
    assert platform.finals == ["I do not know the command `dance`. `!help` lists those that I know."]


async def test_commands_wait_their_turn_and_are_carried_out_alone(
    platform, make_model, store, working, wait_for, load_runs
):
    model = make_model()
    for text in ("one", "two", "!help", "!new", "three", "four"):
        await store.inbox.accept(read_command(platform.said(text), command_table()))
    async with working(model, store):
        runs = await wait_for(lambda: load_runs(store, count=4))
    assert [run.command for run in runs] == [None, "help", "new", None]
    assert [shown(model, number) for number in range(len(model.asked))] == [["one", "two"], ["three", "four"]]


@pytest.mark.parametrize("policy", [Policy.STEER, Policy.DROP])
async def test_no_policy_swallows_a_command(platform, make_model, store, working, wait_for, load_runs, policy):
    called, go_on = asyncio.Event(), asyncio.Event()

    async def look() -> str:
        """Look."""
        called.set()
        await go_on.wait()
        return "seen"

    def script(text):
        calls = (ToolCall(id="1", name="look", arguments="{}"),) if text == "look" else ()
        message = Message(role=Role.ASSISTANT, content="" if calls else text, tool_calls=calls)
        return ModelAnswer(message=message, usage=Usage(), finish_reason="stop")

    model = make_model(script)
    async with working(model, store, policies=Policies(default=policy), agent={"tools": [look]}) as worker:
        await store.inbox.accept(platform.said("look"))
        await wait_for(called.is_set)
        for text in ("left", "!new", "right"):
            await store.inbox.accept(read_command(platform.said(text), command_table()))
        await wait_for(lambda: [answer._waiting for answer in worker._answers.values()] == [3])
        go_on.set()
        runs = await wait_for(lambda: load_runs(store, count=3))
    assert [run.command for run in runs] == [None, "new", None]
    assert shown(model) == ["right"]
    said = [message.content for message in runs[0].messages if message.role is Role.USER]
    assert said == (["look", "left"] if policy is Policy.STEER else ["look"])
    assert ("not read" in platform.finals[0]) == (policy is Policy.DROP)


async def test_talk_before_a_command_stays_in_the_conversation(
    platform, make_model, store, working, wait_for, load_runs
):
    model = make_model()
    where = {"kind": PlaceKind.CHANNEL}
    async with working(model, store):
        await store.inbox.accept(platform.said("one", **where))
        await wait_for(lambda: len(platform.finals) == 1)
        await store.inbox.accept(platform.said("by the way", user="Bob", addressing=Addressing.OTHERS, **where))
        await store.inbox.accept(read_command(platform.said("!help", **where), command_table()))
        await wait_for(lambda: len(platform.finals) == 2)
        await store.inbox.accept(platform.said("two", **where))
        await wait_for(lambda: len(platform.finals) == 3)
    assert '<message from="Bob" id="test:Bob">by the way</message>' in shown(model)
    assert shown(model)[-1] == '<message from="Ann" id="test:Ann">two</message>'


async def test_a_command_given_twice_is_carried_out_once(platform, make_model, store, working, wait_for, load_runs):
    await store.memories.add("test:Ann", "likes tea")
    command = read_command(platform.said("!forget"), command_table())
    async with working(make_model(), store):
        for _ in range(3):
            await store.inbox.accept(command)
        await wait_for(lambda: platform.finals)
        await store.inbox.accept(platform.said("on"))
        runs = await wait_for(lambda: load_runs(store, count=2))
    assert [run.command for run in runs] == ["forget", None]


async def test_why_explains_a_command(platform, make_model, store, working, wait_for, load_runs):
    new, retry = (read_command(platform.said(text), command_table()) for text in ("!new", "!retry"))
    async with working(make_model(), store):
        for event in (platform.said("one"), retry, new):
            await store.inbox.accept(event)
        runs = await wait_for(lambda: load_runs(store, count=3))
    inquiry = Inquiry(store, platforms=("test",), clock=lambda: 0.0)
    for event, run in zip((retry, new), runs[1:], strict=True):
        facts = await inquiry._of_message(event.key, SESSION, await store.traces.find(event.key))
        story = tell(facts, now=0.0)
        assert story.verdict is Verdict.ANSWERED
        assert any(f"the command {run.command}" in one.text for one in story.happenings)


async def test_the_inbox_keeps_what_an_adapter_says_of_a_command(platform, store):
    event = platform.said("7")
    for name, value in (("command", "forget"), ("is_private", True), ("looking_at", "channel #sales")):
        object.__setattr__(event, name, value)
    await store.inbox.accept(event)
    claim = await store.inbox.claim("worker", run_id="r1", runs=0)
    assert claim.events == (event,)


async def test_a_command_that_is_edited_while_it_waits_reads_its_new_number(
    platform, make_model, store, working, wait_for
):
    for text in ("likes tea", "has a cat"):
        await store.memories.add("test:Ann", text)
    command = read_command(platform.said("!forget 1"), command_table())
    await store.inbox.accept(command)
    edit = MessageEdited(
        key=revised(command.key, "edited:1"), place=command.place, user=command.user, speaker="Ann", text="!forget 2"
    )
    await store.inbox.accept(edit)
    async with working(make_model(), store):
        await wait_for(lambda: platform.finals)
    assert platform.finals == ["I have forgotten: has a cat"]


async def test_a_bot_reads_commands_where_it_accepts_messages(platform, make_model, store, wait_for):
    async def deploy(context, text):
        return f"{context.speaker} deploys {text}"

    model = make_model()
    bot = Bot(
        agent=Agent(model=model),
        adapters=[platform],
        store=store,
        commands=[Command(name="deploy", help="Puts it online.", run=deploy)],
        description="I am Keeper.",
        context_messages=0,
    )
    async with bot:
        for text in ("/deploy it", "!help", "/undeploy"):
            await platform.sink(platform.said(text))
        await wait_for(lambda: len(platform.finals) == 3)
    assert platform.finals[0] == "Ann deploys it"
    assert platform.finals[1].startswith("I am Keeper.")
    assert "!deploy" in platform.finals[1]
    assert platform.finals[2] == "You said: /undeploy"
    with pytest.raises(ConfigError, match="cannot be a command's name"):
        Bot(agent=Agent(model=model), commands=[Command(name="Stop it", help="", run=deploy)])


def revised(key, revision):
    return MessageKey(
        platform=key.platform, workspace=key.workspace, channel=key.channel, message=key.message, revision=revision
    )
