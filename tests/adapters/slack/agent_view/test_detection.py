"""Which view an app has is found out, once for good, and moves nothing that was said before."""

import asyncio

import pytest

from threadkeep.chat.events import StopRequested
from threadkeep.stores.sqlite import SQLiteStore
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter

ASKING = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
async def store(tmp_path):
    async with SQLiteStore(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def start(connect, socket_settings, store, sink):
    """Starts a process of the bot with a store."""

    async def begin(**settings):
        adapter = SlackAdapter(socket_settings(**settings))
        adapter.use_vault(store.vault)
        await adapter.start(sink, store.shared)
        return adapter

    return begin


@pytest.fixture
async def process(start):
    adapters = []

    async def begin(**settings):
        adapters.append(await start(**settings))
        return adapters[-1]

    yield begin
    for adapter in adapters:
        await adapter.stop()


def sessions(events):
    return [str(event.place.session).partition(":")[2].partition(":")[2] for event in events]


async def test_with_the_agent_view_each_direct_message_begins_a_thread(slack, process, sink, ann):
    slack.app.has_agent_view = True
    await process()
    first, second = await ann.dm("hello"), await ann.dm("hello again")
    events = await sink.wait_for(2)
    assert sessions(events) == [f"{ann.direct.id}:{first.ts}", f"{ann.direct.id}:{second.ts}"]
    assert len(slack.calls(ASKING)) == 1


@pytest.mark.parametrize("is_agent", [True, False])
async def test_without_it_they_are_one_conversation(slack, process, sink, ann, is_agent):
    slack.app.is_agent = is_agent
    await process()
    for text in ("hello", "hello again", "and again"):
        await ann.dm(text)
    events = await sink.wait_for(3)
    assert sessions(events) == [ann.direct.id] * 3
    assert len(slack.calls(ASKING)) == 1


async def test_an_internal_error_says_that_the_app_has_it(slack, process, sink, ann):
    slack.app.has_agent_view = True
    slack.faults.add(Fault(match=ASKING, kind="status", status=200, body={"ok": False, "error": "internal_error"}))
    await process()
    first = await ann.dm("hello")
    events = await sink.wait_for(1)
    assert sessions(events) == [f"{ann.direct.id}:{first.ts}"]


async def test_what_slack_sends_to_agents_alone_says_it_without_a_question(slack, process, sink, ann, general):
    slack.app.has_agent_view = True
    await process(prompts=())
    context = {"entities": [{"type": "slack#/types/channel_id", "value": general.id}]}
    first = await ann.dm("hello")
    second = await ann.dm("what is this?", app_context=context)
    third = await ann.dm("and now?")
    events = await sink.wait_for(3)
    assert sessions(events) == [ann.direct.id, f"{ann.direct.id}:{second.ts}", f"{ann.direct.id}:{third.ts}"]
    # What happens to the first message later is still about where it was.
    await ann.reacts(first, "octagonal_sign")
    events = await sink.wait_for(4)
    assert isinstance(events[3], StopRequested)
    assert sessions(events[3:]) == [ann.direct.id]


async def test_another_process_and_a_later_one_know_it(slack, process, store, sink, ann):
    slack.app.has_agent_view = True
    one = await process()
    await ann.dm("hello")
    await sink.wait_for(1)
    await one.stop()
    await process()
    second = await ann.dm("again")
    events = await sink.wait_for(2)
    assert sessions(events)[1] == f"{ann.direct.id}:{second.ts}"
    assert len(slack.calls(ASKING)) == 1


async def test_slack_that_does_not_answer_holds_no_message_up(slack, process, sink, ann):
    slack.app.has_agent_view = True
    slack.faults.add(Fault(match=ASKING, kind="delay", seconds=4))
    await process()
    await ann.dm("hello")
    async with asyncio.timeout(3):
        events = await sink.wait_for(1)
    assert sessions(events) == [ann.direct.id]


@pytest.mark.parametrize("is_on", [True, False])
async def test_the_operator_may_say_it(slack, process, sink, ann, is_on):
    slack.app.has_agent_view = not is_on
    await process(is_agent_view=is_on)
    first = await ann.dm("hello")
    events = await sink.wait_for(1)
    assert sessions(events) == [f"{ann.direct.id}:{first.ts}" if is_on else ann.direct.id]
    assert slack.calls(ASKING) == []


async def test_threads_of_the_former_view_are_conversations(slack, process, sink, ann, general):
    await process()
    thread = await ann.opens_assistant(looking_at=general)
    await ann.dm("what is this?", thread_ts=thread.root_ts)
    events = await sink.wait_for(1)
    assert sessions(events) == [f"{ann.direct.id}:{thread.root_ts}"]
    await slack.wait_for_call(ASKING, lambda call: call.args.get("thread_ts") == thread.root_ts)
    assert [prompt["title"] for prompt in thread.prompts] == ["What can you do?", "How does this work?"]
