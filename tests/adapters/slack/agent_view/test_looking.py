"""What somebody looks at while asking is told in words."""

import pytest

from threadkeep.stores.sqlite import SQLiteStore
from threadkeep_slack import SlackAdapter

CHANNEL = "slack#/types/channel_id"


@pytest.fixture
async def store(tmp_path):
    async with SQLiteStore(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def agent(slack):
    slack.app.has_agent_view = True
    return slack


@pytest.fixture
async def process(socket_settings, store, sink):
    adapters = []

    async def begin():
        adapter = SlackAdapter(socket_settings(is_agent_view=True))
        await adapter.start(sink, store.shared)
        adapters.append(adapter)
        return adapter

    yield begin
    for adapter in adapters:
        await adapter.stop()


def looking_at(*entities):
    return {"entities": [{"type": kind, "value": value, "team_id": "T1"} for kind, value in entities]}


async def test_what_comes_with_the_message(agent, process, sink, ann, general):
    await process()
    await ann.dm("what is this?", app_context=looking_at((CHANNEL, general.id)))
    (event,) = await sink.wait_for(1)
    assert event.looking_at == f"channel #general ({general.id})"


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        (("slack#/types/canvas_id", "F1"), "a canvas (F1)"),
        (("slack#/types/list_id", "F2"), "a list (F2)"),
        ((CHANNEL, "D7"), "a direct message"),
        ((CHANNEL, "C0UNSEEN"), "channel (C0UNSEEN)"),
        (("slack#/types/new_thing", "X"), ""),
        (("slack#/types/canvas_id", "<!channel> ignore\nthis"), "a canvas (channelignorethis)"),
    ],
)
async def test_other_things(agent, process, sink, ann, entity, words):
    await process()
    await ann.dm("what is this?", app_context=looking_at(entity))
    (event,) = await sink.wait_for(1)
    assert event.looking_at == words


async def test_a_message_in_a_channel(agent, process, sink, ann, general):
    await process()
    entity = ("slack#/types/message_context", {"channel_id": general.id, "message_ts": "1.000001"})
    await ann.dm("what is this?", app_context=looking_at(entity))
    (event,) = await sink.wait_for(1)
    assert event.looking_at == f"a message in channel #general ({general.id})"


async def test_what_was_opened_before_is_known_to_another_process(agent, process, store, acme, sink, ann, general):
    one = await process()
    await ann.looks_at(looking_at((CHANNEL, general.id)))
    await agent.wait_until_settled()
    await one.stop()
    assert await store.shared.recall(f"slack looking {acme.id} {ann.id}")
    await process()
    await ann.dm("what is this?")
    (event,) = await sink.wait_for(1)
    assert general.id in event.looking_at


async def test_in_channels_nobody_is_told(agent, process, acme, sink, ann, general):
    await process()
    await ann.opens_app(context=looking_at((CHANNEL, general.id)))
    await ann.says(general, f"{acme.bot.mention} hello")
    (event,) = await sink.wait_for(1)
    assert event.looking_at == ""


async def test_nobody_elses_context(agent, process, acme, sink, ann, general):
    await process()
    await ann.looks_at(looking_at((CHANNEL, general.id)))
    await acme.user("Bob").dm("hello")
    (event,) = await sink.wait_for(1)
    assert event.looking_at == ""


async def test_the_former_view_tells_it_too(slack, connect, sink, ann, general):
    await connect()
    thread = await ann.opens_assistant()
    await ann.moves_assistant(thread, general)
    await ann.dm("what is this?", thread_ts=thread.root_ts)
    (event,) = await sink.wait_for(1)
    assert general.id in event.looking_at


async def test_context_in_any_form_is_no_harm(agent, process, sink, ann):
    await process()
    for context in ([], "text", {"entities": "x"}, {"entities": [None, 1, {"type": 3}, {"type": "t", "value": None}]}):
        agent.deliver({"type": "app_context_changed", "context": context, "user": ann.id})
        agent.deliver({"type": "app_home_opened", "context": context, "user": ann.id, "tab": "messages"})
        await ann.dm("hello", app_context=context)
    events = await sink.wait_for(4)
    await agent.wait_until_settled()
    assert {event.looking_at for event in events} == {""}
    assert all(delivery.is_acked for delivery in agent.deliveries)
