"""Accounts of one person on several platforms: linked by a code, unlinked, and what they share then."""

import asyncio

import pytest

from threadkeep import Memory, Role
from threadkeep.chat.commands import command_table, read_command
from threadkeep.chat.events import PlaceKind


def code_in(answer):
    return answer.partition("!link ")[2].partition("`")[0]


@pytest.fixture
def at_work(make_model, store, working):
    return lambda model=None: working(model or make_model(), store, agent={"memory": Memory()})


async def test_linked_accounts_share_memories_and_no_sessions(talk, make_model, store, at_work):
    await store.memories.add("test:Ann", "likes tea", is_private=True)
    model = make_model()
    async with at_work(model):
        await talk("my secret plan")
        (given,) = await talk("!link")
        code = code_in(given)
        assert len(code) == 8
        (linked,) = await talk(f"/link {code[:4].lower()}-{code[4:]}", user="Anna", channel="C2")
        assert linked.startswith("Linked: this account and the one on test share")
        await talk("Hello", user="Anna", channel="C2")
        (listed,) = await talk("!memory", user="Anna", channel="C2")
        assert "1. likes tea" in listed
        assert await talk("!forget 1", user="Anna", channel="C2") == ["I have forgotten: likes tea"]
    assert "likes tea" in "".join(message.content for message in model.asked[-1] if message.role is Role.SYSTEM)
    assert "secret" not in "".join(message.content for message in model.asked[-1])
    assert await store.memories.list("test:Ann", limit=9) == ()


async def test_a_code_works_once_and_not_for_its_own_account(talk, store, at_work):
    async with at_work():
        code = code_in((await talk("!link"))[0])
        assert "from this account" in (await talk(f"!link {code}"))[0]
        assert "Linked" in (await talk(f"!link {code}", user="Anna", channel="C2"))[0]
        assert "do not know this code" in (await talk(f"!link {code}", user="Eve", channel="C3"))[0]
        assert "do not know this code" in (await talk("!link ABCDEFGH", user="Eve", channel="C3"))[0]
    assert list(await store.links.of("test:Eve")) == ["test:Eve"]


async def test_two_who_send_one_code_at_once_are_not_both_linked(talk, platform, store, at_work, wait_for):
    async with at_work():
        code = code_in((await talk("!link"))[0])
        for user in ("Bob", "Eve", "Cid"):
            event = platform.said(f"!link {code}", user=user, channel=user)
            await store.inbox.accept(read_command(event, command_table()))
        await wait_for(lambda: len(platform.finals) == 4)
    assert len([answer for answer in platform.finals if answer.startswith("Linked")]) == 1
    assert len(await store.links.of("test:Ann")) == 2


async def test_codes_are_rationed_and_guesses_too(talk, at_work):
    async with at_work():
        answers = await talk(*["!link"] * 6)
        assert [code_in(answer) != "" for answer in answers] == [True] * 5 + [False]
        guesses = await talk(*["!link AAAAAAAA"] * 6, user="Eve", channel="C2")
        assert ["too often" in answer for answer in guesses] == [False] * 5 + [True]


async def test_no_code_is_told_or_kept_where_others_read_it(talk, platform, store, at_work, load_runs, wait_for):
    async with at_work():
        assert "direct message" in (await talk("!link", kind=PlaceKind.CHANNEL))[0]
        code = code_in((await talk("!link", channel="C2"))[0])
        runs = await wait_for(lambda: load_runs(store, "C2"))
    assert [run.content for run in runs] == [""]
    assert platform.replies[-1].request.is_private
    assert await store.shared.recall(f"link:{code}") is None


async def test_unlinking_leaves_each_account_what_it_has_learnt(talk, store, at_work):
    await store.memories.add("test:Ann", "likes tea")
    await store.links.link("test:Ann", "test:Anna")
    async with at_work():
        assert "not linked any more" in (await talk("!unlink"))[0]
        assert "linked to no other" in (await talk("!unlink"))[0]
        assert "I remember nothing" in (await talk("!memory", user="Anna", channel="C2"))[0]
        assert "likes tea" in (await talk("!memory"))[0]


async def test_a_process_that_dies_while_it_links_says_the_same_later(
    platform, make_model, open_store, working, wait_for
):
    store = await open_store(lease_seconds=0.2)
    link, linked = store.links.link, asyncio.Event()

    async def link_and_hang(user_id, other):
        await link(user_id, other)
        linked.set()
        await asyncio.Event().wait()

    async with working(make_model(), store) as worker:
        await store.inbox.accept(read_command(platform.said("!link"), command_table()))
        await wait_for(lambda: platform.finals)
        store.links.link = link_and_hang
        event = platform.said(f"!link {code_in(platform.finals[0])}", user="Anna", channel="C2")
        await store.inbox.accept(read_command(event, command_table()))
        await wait_for(linked.is_set)
        store.links.link = link
        for task in worker._running.values():
            task.cancel()
        await wait_for(lambda: len(platform.finals) == 2)
    assert platform.finals[1].startswith("Linked")
    assert set(await store.links.of("test:Ann")) == {"test:Ann", "test:Anna"}


async def test_there_is_a_bound_of_accounts(talk, store, at_work):
    for number in range(9):
        await store.links.link("test:Ann", f"other:{number}")
    async with at_work():
        code = code_in((await talk("!link"))[0])
        assert "too many accounts" in (await talk(f"!link {code}", user="Anna", channel="C2"))[0]
