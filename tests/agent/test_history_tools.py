"""Reading and searching what the model is not shown: bounded, and nothing of another place or person."""

import pytest

from threadkeep import Agent, Message, Role, Run, ToolCall
from threadkeep.agent.archive import Archive
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.speakers import wrapped
from threadkeep.sessions import SessionKey


def place(channel, kind, thread=None):
    return Place(session=SessionKey(platform="p", workspace="W", channel=channel, thread=thread), kind=kind)


DIRECT = place("D1", PlaceKind.DIRECT)
THREAD = place("C1", PlaceKind.THREAD, "1")


def exchange(text, *, user="p:ann", at=None, number=0, **fields):
    is_shared = at is not None and at.is_shared
    said = wrapped("Ann", text, user_id=user) if is_shared else text
    return Run(
        run_id=f"{text}-{number}",
        session_id="s" if at is None else str(at.session),
        user_id=user,
        messages=(Message(role=Role.USER, content=said), Message(role=Role.ASSISTANT, content="Yes.")),
        kind=None if at is None else at.kind,
        created_at=86400.0 * number,
        **fields,
    )


@pytest.fixture
async def agent(scripted, script):
    agent = Agent(model=scripted(script("Hi.")))
    yield agent
    await agent.aclose()


@pytest.fixture
def store(agent):
    return agent.store


def archive(store, *, at=None, user="p:ann", shown=2):
    session_id = "s" if at is None else str(at.session)
    return Archive(store=store, session_id=session_id, user_id=user, place=at, shown=shown)


async def test_earlier_runs_are_read_page_by_page(store):
    for number in range(1, 130):
        await store.history.append(exchange(f"q#{number}.", number=number))
    earlier = await archive(store).earlier(2)
    assert [f"q#{number}." in earlier for number in (125, 126, 127, 128)] == [False, True, True, False]
    assert "[1970-05-07 00:00 UTC]" in earlier
    assert "q#20." in await archive(store).earlier(1, skip=107)
    assert (await archive(store).earlier(100)).count("q#") == 10
    assert await archive(store, shown=200).earlier(3) == ""
    assert await archive(store, at=DIRECT).earlier(3) == ""


async def test_what_is_read_is_bounded(store):
    for number in range(1, 15):
        await store.history.append(exchange("x" * 5000 + str(number), number=number))
    assert len(await archive(store, shown=0).earlier(10)) < 13_000


async def test_this_conversation_is_searched(store):
    for number in range(1, 100):
        await store.history.append(exchange(f"the Budget is {number} euros", number=number))
    await store.history.append(exchange(f"{'long ' * 500} penguin {'tail ' * 500}", number=100))
    found = (await archive(store).search_here("BUDGET 7")).split("\n\n")
    assert [f"is {number} euros" in text for number, text in zip((97, 87, 79), found, strict=False)] == [True] * 3
    assert (await archive(store).search_here("budget")).count("euros") == 10
    found = await archive(store).search_here("penguin")
    assert "penguin" in found
    assert len(found) < 1500
    assert await archive(store).search_here("  ") == ""
    assert await archive(store).search_here("zebra") == ""


async def test_what_was_before_a_fresh_conversation_is_left_alone(store):
    await store.history.append(exchange("old secret"))
    await store.history.append(Run(run_id="new", session_id="s", command="new", is_boundary=True))
    await store.history.append(exchange("fresh"))
    assert await archive(store, shown=0).search_here("secret") == ""
    assert "old" not in await archive(store, shown=0).earlier(10)


async def test_only_the_own_conversations_that_may_be_told_here_are_searched(store):
    other_direct, other_thread = place("D2", PlaceKind.DIRECT), place("C1", PlaceKind.THREAD, "2")
    other_channel = place("C2", PlaceKind.CHANNEL)
    for at in (DIRECT, other_direct, THREAD, other_thread, other_channel):
        await store.history.append(exchange(f"penguin in {at.session}", at=at))
    await store.history.append(exchange("penguin of Bob", at=place("D3", PlaceKind.DIRECT), user="p:bob"))
    await store.history.append(exchange("penguin of Bob", at=other_thread, user="p:bob"))
    await store.history.append(exchange("penguin of a program"))

    async def found(at, user="p:ann"):
        text = await archive(store, at=at, user=user).search_mine("penguin")
        return sorted(part.rpartition("penguin ")[2].partition("<")[0] for part in text.split("\n\n") if part)

    def quiet(text):
        return sorted(text)

    assert await found(DIRECT) == quiet([f"in {other_direct.session}"])
    assert await found(THREAD) == quiet([f"in {other_thread.session}"])
    assert await found(other_channel) == []
    assert await found(DIRECT, user=None) == []
    assert await found(DIRECT, user="p:zoe") == []


async def test_a_program_searches_all_sessions_of_its_user(store):
    await store.history.append(exchange("penguin", at=DIRECT))
    assert "penguin" in await archive(store).search_mine("penguin")
    assert await archive(store, user="p:bob").search_mine("penguin") == ""


async def test_the_model_reads_and_searches_with_tools(scripted, script):
    def call(number, name, arguments="{}"):
        return ToolCall(id=f"c{number}", name=name, arguments=arguments)

    calls = [
        call(1, "read_earlier", '{"count": 1}'),
        call(2, "search_this_conversation", '{"words": "first"}'),
        call(3, "search_my_conversations", '{"words": "penguin"}'),
        call(4, "search_my_conversations", '{"words": "zebra"}'),
    ]
    answers = [script("ok"), script("ok"), script("ok"), script("ok"), script(calls=calls), script("Found.")]
    agent = Agent(
        model=scripted(*answers), add_history_to_messages=True, num_history_runs=1, history_tools=True, tools=[]
    )
    await agent.arun("about a penguin", user_id="ann", session_id="other")
    for text in ("first", "second", "third"):
        await agent.arun(text, user_id="ann", session_id="s")
    response = await agent.arun("What was it?", user_id="ann", session_id="s")
    read, here, mine, nothing = [message.content for message in response.messages if message.role is Role.TOOL]
    assert "second" in read
    assert "first" in here
    assert "penguin" in mine
    assert nothing == "Nothing was found."
    assert len(agent.model.asked) == 6
    await agent.aclose()
