"""Gateway sessions that go on from one process to the next."""

import asyncio
import json

import pytest
import structlog

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.errors import StoreUnavailableError
from threadkeep_emulators.discord import Intent, Settings


async def until(is_so):
    async with asyncio.timeout(10):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)


async def say(person, numbers):
    for number in numbers:
        await person.dm(str(number))


async def test_a_restarted_process_hears_exactly_what_it_missed(discord, guild, connect, ann, shared, inbox):
    adapter = await connect(shared=shared)
    await say(ann, range(3))
    await inbox.wait_for(3)
    await adapter.stop()
    await say(ann, range(3, 6))
    await connect(shared=shared)
    await say(ann, range(6, 8))
    await inbox.wait_for(8)
    assert inbox.texts == [str(number) for number in range(8)]
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_a_killed_process_is_gone_on_with(discord, guild, connect, ann, shared, inbox, kill):
    adapter = await connect(shared=shared)
    await say(ann, range(3))
    await inbox.wait_for(3)
    await until(lambda: shared.note("discord-gateway"))
    await kill(adapter, discord)
    await say(ann, range(3, 6))
    shared.now += 10
    await connect(shared=shared)
    await until(lambda: inbox.texts[-1] == "5")
    assert [int(text) for text in inbox.texts][-3:] == [3, 4, 5]
    assert sorted({int(text) for text in inbox.texts}) == list(range(6))
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_what_the_store_did_not_take_comes_again(discord, guild, connect, ann, shared, inbox, kill):
    adapter = await connect(shared=shared)
    await say(ann, range(2))
    await inbox.wait_for(2)
    inbox.failures = [StoreUnavailableError("down")] * 1_000
    await say(ann, range(2, 5))
    await until(lambda: len(inbox.failures) < 1_000)
    (session,) = discord.gateway.sessions
    await until(lambda: json.loads(shared.note("discord-gateway"))["sequence"] == session.sequence - 3)
    await kill(adapter, discord)
    inbox.failures.clear()
    shared.now += 10
    await connect(shared=shared)
    await inbox.wait_for(5)
    assert inbox.texts == [str(number) for number in range(5)]


async def test_a_stop_leaves_to_the_next_what_the_store_did_not_take(
    discord, guild, connect, ann, shared, inbox, monkeypatch
):
    monkeypatch.setattr("threadkeep_discord.adapter._DRAIN_SECONDS", 0.1)
    adapter = await connect(shared=shared)
    await say(ann, range(1))
    await inbox.wait_for(1)
    inbox.failures = [StoreUnavailableError("down")] * 1_000
    await say(ann, range(1, 3))
    await until(lambda: len(inbox.failures) < 1_000)
    await adapter.stop()
    inbox.failures.clear()
    await connect(shared=shared)
    await inbox.wait_for(3)
    assert inbox.texts == ["0", "1", "2"]


async def test_a_session_that_discord_gave_up_is_begun_anew(discord, guild, connect, ann, shared, inbox):
    adapter = await connect(shared=shared)
    await adapter.wait_gap()
    await say(ann, range(1))
    first = await inbox.next()
    await adapter.stop()
    discord.gateway.forget_sessions()
    shared.now += 10
    await say(ann, range(1, 3))
    adapter = await connect(shared=shared)
    await adapter.wait_gap()
    assert [event.text async for event in adapter.missed(first.place, after=first.key.message, most=10)] == ["1", "2"]
    await say(ann, range(3, 4))
    assert (await inbox.wait_for(2))[1].text == "3"
    assert discord.gateway.identifies == 2


async def test_a_session_that_goes_on_leaves_no_gap(discord, guild, connect, ann, shared, inbox):
    adapter = await connect(shared=shared)
    await adapter.stop()
    adapter = await connect(shared=shared)
    gap = asyncio.create_task(adapter.wait_gap())
    await say(ann, range(1))
    await inbox.wait_for(1)
    assert not gap.done()
    gap.cancel()


async def test_a_session_of_other_intents_is_not_gone_on_with(discord, guild, connect, ann, shared, inbox):
    await (await connect(shared=shared)).stop()
    name, (text, until) = next((name, note) for name, note in shared.notes.items() if name.startswith("discord-g"))
    shared.notes[name] = (json.dumps({**json.loads(text), "intents": 1}), until)
    shared.now += 10
    await connect(shared=shared)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (2, 0)


async def test_a_number_that_discord_does_not_know_begins_a_new_session(discord, guild, connect, ann, shared, inbox):
    await (await connect(shared=shared)).stop()
    name, (text, until) = next((name, note) for name, note in shared.notes.items() if name.startswith("discord-g"))
    shared.notes[name] = (json.dumps({**json.loads(text), "sequence": 10_000}), until)
    shared.now += 10
    await connect(shared=shared)
    await say(ann, range(1))
    assert (await inbox.next()).text == "0"
    assert (discord.gateway.identifies, discord.gateway.resumes) == (2, 0)


async def test_a_place_to_resume_that_is_gone_is_looked_for_anew(
    discord, guild, connect, ann, shared, inbox, unused_url
):
    await (await connect(shared=shared)).stop()
    name, (text, until) = next((name, note) for name, note in shared.notes.items() if name.startswith("discord-g"))
    gone = unused_url.replace("http", "ws").removesuffix("/api/v10")
    shared.notes[name] = (json.dumps({**json.loads(text), "gateway": gone}), until)
    with structlog.testing.capture_logs() as logs:
        await connect(shared=shared)
    told = [entry["event"] for entry in logs if entry["event"].startswith("discord_gateway")]
    assert told == ["discord_gateway_lost", "discord_gateway_connected"]
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"intents": 13825}'])
async def test_a_note_that_cannot_be_read_begins_a_new_session(discord, guild, connect, shared, text):
    await (await connect(shared=shared)).stop()
    (name,) = [name for name in shared.notes if name.startswith("discord-gateway")]
    shared.notes[name] = (text, 1_000.0)
    shared.now += 10
    await connect(shared=shared)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (2, 0)


async def test_a_store_that_is_away_at_the_start_costs_the_session_alone(discord, guild, connect, shared):
    await (await connect(shared=shared)).stop()
    shared.now += 10
    original = shared.recall

    async def recall(name: str) -> str | None:
        raise StoreUnavailableError("down")

    shared.recall = recall
    await connect(shared=shared)
    shared.recall = original
    assert (discord.gateway.identifies, discord.gateway.resumes) == (2, 0)


async def test_talk_that_the_bot_cannot_read_costs_no_look_at_its_server(
    discord, guild, general, ann, connect, shared, inbox
):
    await (await connect(shared=shared)).stop()
    await connect(shared=shared)
    discord.calls.clear()
    await ann.says(general, "not for the bot")
    await ann.dm("done")
    await inbox.next()
    assert discord.calls.of("GET /guilds/{guild_id}") == []


async def test_a_process_alone_ends_its_session(discord, guild, connect):
    await (await connect()).stop()
    await discord.gateway.wait_disconnected()
    assert discord.gateway.sessions == ()


async def test_heartbeats_confirm_only_what_the_store_has(discord, guild, connect, ann, shared, inbox):
    adapter = await connect(shared=shared)
    await say(ann, range(1))
    await inbox.wait_for(1)
    (runner,) = adapter._crew._runners.values()
    socket = runner._connection._socket
    settled = socket.sequence
    inbox.failures = [StoreUnavailableError("down")] * 1_000
    await say(ann, range(1, 3))
    await until(lambda: socket.sequence == settled + 2)
    assert socket.settled(socket.sequence) == settled
    inbox.failures.clear()


class TestWithMessageContent:
    """What is read without the servers that only a new session tells of."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.MESSAGE_CONTENT)

    async def test_servers_are_read_when_something_happens_in_them(
        self, discord, guild, general, connect, shared, inbox
    ):
        bel = discord.user("Annabel", nick="Bel", guilds=[guild])
        thread = await bel.opens_thread("Plans", on=general)
        role = guild.role("Bakers", is_mentionable=True)
        await (await connect(shared=shared, message_content=True)).stop()
        discord.calls.clear()
        adapter = await connect(shared=shared, message_content=True)
        assert discord.gateway.resumes == 1
        assert adapter.description == "Discord as @keeper (gateway)"
        await bel.says(thread, f"meet in {general.mention}, {role.mention}")
        await bel.says(thread, "soon")
        await bel.says(general, "nice weather")
        events = await inbox.wait_for(3)
        assert [event.addressing for event in events] == [Addressing.THREAD, Addressing.THREAD, Addressing.OTHERS]
        assert [event.place.kind for event in events] == [PlaceKind.THREAD, PlaceKind.THREAD, PlaceKind.CHANNEL]
        assert inbox.texts == ["meet in #general, @Bakers", "soon", "nice weather"]
        assert {event.speaker for event in events} == {"Bel"}
        assert len(discord.calls.of("GET /guilds/{guild_id}")) == 1
        assert adapter.description == "Discord as @keeper in 1 server (gateway)"

    async def test_an_archived_thread_is_read_by_itself(self, discord, guild, general, ann, connect, shared, inbox):
        thread = await ann.opens_thread("Plans", on=general)
        thread.archive()
        await (await connect(shared=shared, message_content=True)).stop()
        await connect(shared=shared, message_content=True)
        await ann.says(general, "first")
        await ann.says(thread, "second")
        events = await inbox.wait_for(2)
        assert [event.place.kind for event in events] == [PlaceKind.CHANNEL, PlaceKind.THREAD]

    async def test_a_question_gets_its_thread(self, discord, guild, general, ann, connect, shared, inbox):
        await (await connect(shared=shared, reply_in="thread", message_content=True)).stop()
        await connect(shared=shared, reply_in="thread", message_content=True)
        said = await ann.says(general, f"{discord.bot.mention} hi")
        assert str((await inbox.next()).place.session) == f"discord:{guild.id}:{said.id}"
