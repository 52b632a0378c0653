"""What other bots lose, double, mix up or cut off on Discord, as their users report it."""

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from steps import LONG, ONE_STORE, shown

from threadkeep.chat.policy import Policy
from threadkeep.runtime.bot import Role
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE

BOTS = Path(__file__).parents[3] / "bots"
POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


async def whole(place, words):
    """Wait for an answer that is written to its end."""

    def look(messages):
        return any(words in one.text for one in messages) and all(
            "Stop" not in one.buttons.values() for one in messages
        )

    return await place.wait_for(look, timeout=LONG)


# Lost and doubled


@pytest.mark.parametrize("route", [POST, EDIT])
async def test_a_call_whose_answer_is_lost_posts_nothing_twice(town, running, ask, ours, route):
    town.discord.faults.add(Fault(match=route, kind="drop_after"))
    town.openai.answers(Answer(text="The whole answer. " * 20, delay=0.1, chunk_size=40))
    async with running("discord"):
        await ask()
        await town.lounge.wait_for(lambda seen: seen[-1].text.count("The whole answer.") == 20, timeout=LONG)
    assert town.discord.faults.pending == ()
    assert len(ours(town.lounge)) == 1


async def test_an_event_that_comes_twice_is_answered_once(town, running, ask, ours):
    async with running("discord"):
        await ask()
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        town.discord.gateway.redeliver("MESSAGE_CREATE")
        await ask("What is the speed of light?")
        await shown(town.lounge, "299,792,458")
    assert len(ours(town.lounge)) == 2


async def test_the_reply_is_in_the_thread_and_not_in_the_channel_too(town, replica, ask, ours):
    async with replica(environ={"DISCORD_REPLY_IN": "thread"}):
        question = await ask()
        thread = await town.lounge.wait_for_thread(on=question, timeout=LONG)
        await thread.wait_for(bool, timeout=LONG)
    assert ours(town.lounge) == []
    assert len(ours(thread)) == 1


async def test_a_message_that_waits_behind_a_run_survives_the_end_of_the_process(town, replica, ann, ours):
    town.openai.answers(Answer(text="never", hold_after=0))
    async with replica(bot={"policy": Policy.QUEUE, "grace_seconds": 0.05}):
        await ann.dm("message A")
        await town.openai.wait_for_requests(1)
        await ann.dm("message B")
        await ann.dm_channel.wait_for(lambda seen: any("1 message waiting" in one.text for one in seen), timeout=LONG)
    town.openai.answers(Answer(text="Answer A."), Answer(text="Answer B."))
    async with replica(bot={"policy": Policy.QUEUE}):
        await shown(ann.dm_channel, "Answer B.")
    assert [text for text in ours(ann.dm_channel) if text.startswith("Answer")] == ["Answer A.", "Answer B."]


async def test_killed_in_the_middle_it_answers_what_was_accepted_once_and_in_order(town, tmp_path, ann, ours):
    @asynccontextmanager
    async def process():
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("DISCORD", "REDIS"))}
        environ |= {name: value for name, value in town.environ.items() if not name.startswith("SLACK")}
        command = (sys.executable, "-m", "threadkeep", "run", str(BOTS / "assistant.py"))
        started = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environ, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await town.discord.gateway.wait_connected(timeout=LONG)
            yield
        finally:
            started.kill()
            await started.wait()
            await town.discord.gateway.wait_disconnected(timeout=LONG)

    town.openai.answers(Answer(text="never", hold_after=0))
    async with process():
        await ann.dm("message A")
        await town.openai.wait_for_requests(1, timeout=LONG)
        await ann.dm("message B")
        await ann.dm_channel.wait_for(lambda seen: any("waiting" in one.text for one in seen), timeout=LONG)
    # And what was said while nobody listened comes with the session that is gone on with.
    await ann.dm("message C")
    async with process():
        await ann.dm_channel.wait_for(lambda seen: "message C" in "".join(ours(ann.dm_channel)), timeout=LONG)
    asked = [found for number in range(1, len(town.openai.requests)) for found in town.said(number)]
    found = re.findall(r"message [ABC]", "\n".join(asked))
    assert list(dict.fromkeys(found)) == ["message A", "message B", "message C"]
    assert all("never" not in text for text in ours(ann.dm_channel))


async def test_mentions_while_it_was_away_are_answered_later_once(town, replica, ask, ours):
    async with replica():
        await ask("hello")
        await whole(town.lounge, "")
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    town.discord.gateway.forget_sessions()
    await ask("What is the speed of light?")
    async with replica():
        await shown(town.lounge, "299,792,458")
    assert len(ours(town.lounge)) == 2


async def test_after_a_restart_what_was_answered_is_not_answered_again(town, replica, ask, ours):
    async with replica():
        await ask("hello")
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    town.discord.gateway.forget_sessions()
    async with replica():
        await ask("What is the speed of light?")
        await shown(town.lounge, "299,792,458")
    assert len(ours(town.lounge)) == 2
    assert len(town.openai.requests) == 2


async def test_the_gateway_comes_back_by_itself_and_loses_nothing(town, running, ann, ours):
    async with running("discord"):
        await town.discord.gateway.wait_connected(timeout=LONG)
        for number in range(4):
            await town.discord.gateway.drop()
            await ann.dm(f"message {number}")
            await town.discord.gateway.wait_connected(timeout=LONG)
            await ann.dm_channel.wait_for(
                lambda _, number=number: f"message {number}" in "".join(ours(ann.dm_channel)), timeout=LONG
            )
    assert len(ours(ann.dm_channel)) == 4


async def test_a_mention_of_the_bots_role_is_a_mention(town, running, ann):
    role = town.club.role("keeper", is_mentionable=True)
    payload = {
        "id": str(role.id),
        "name": role.name,
        "permissions": "0",
        "position": 1,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": True,
        "mentionable": True,
        "flags": 0,
        "tags": {"bot_id": str(town.discord.bot.id)},
    }
    async with running("discord"):
        # Discord makes this role when the bot joins a server.
        town.discord.gateway.dispatch("GUILD_ROLE_UPDATE", {"guild_id": str(town.club.id), "role": payload})
        await ann.says(town.lounge, f"<@&{role.id}> hello")
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)


# Mixed up


async def test_one_persons_talk_reaches_no_other_place_and_person(town, running, ann, bob, ask):
    async with running("discord"):
        await ann.dm("My secret is tulip.")
        await ann.dm_channel.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        await bob.dm("What is the secret?")
        await bob.dm_channel.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        await ask("What is the secret?")
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    assert all("tulip" not in "".join(town.said(number)) for number in (1, 2))


async def test_a_command_touches_the_conversation_in_which_it_is_given_and_no_other(town, running, ann, ask):
    async with running("discord"):
        await ann.dm("My word is tulip.")
        await ann.dm_channel.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        await ask("!new")
        await shown(town.lounge, "fresh conversation")
        await ann.dm("What is my word?")
        await ann.dm_channel.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
    assert "tulip" in "".join(town.said(1))


async def test_a_thread_and_its_channel_are_two_conversations(town, running, ann, ask):
    async with running("discord"):
        thread = await ann.opens_thread("Side", on=town.lounge)
        await ask("The word is tulip.", where=thread)
        await thread.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        await ask("What is the word?")
        await town.lounge.wait_for(lambda seen: len([one for one in seen if one.text]) >= 2, timeout=LONG)
        await town.openai.wait_for_requests(2, timeout=LONG)
    assert "tulip" not in "".join(town.said(1))


async def test_a_follow_up_in_a_thread_needs_no_mention_even_after_a_restart(town, replica, ann, ask):
    async with replica():
        thread = await ann.opens_thread("Trip", on=town.lounge)
        await ask("My word is tulip.", where=thread)
        await thread.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    async with replica():
        await ann.says(thread, "What is my word?")
        await thread.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
    assert "tulip" in "".join(town.said(1))


async def test_called_into_a_thread_it_has_read_what_was_said_there(town, running, ann, bob, ask):
    thread = await bob.opens_thread("Trip", on=town.lounge)
    await bob.says(thread, "We meet at the tulip garden.")
    async with running("discord"):
        await ask("Where do we meet?", where=thread)
        await thread.wait_for(lambda seen: len(seen) == 3, timeout=LONG)
    assert "tulip garden" in "".join(town.said(0))


# Limits


async def test_many_answers_in_one_channel_keep_its_shared_budget(town, running, ask, ours):
    town.openai.answers(*(Answer(text="word " * 60 + "end.", delay=0.03) for _ in range(3)))
    async with running("discord"):
        people = [town.discord.user(name) for name in ("Cleo", "Dan", "Eve")]
        threads = [await person.opens_thread(person.name, on=town.lounge) for person in people]
        for person, thread in zip(people, threads, strict=True):
            await ask(where=thread, who=person)
        for thread in threads:
            await whole(thread, "end.")
    assert [len(ours(thread)) for thread in threads] == [1, 1, 1]
    edits = [call for call in town.discord.calls.of(EDIT) if call.status == 429]
    assert edits == []


@pytest.mark.parametrize("route", [POST, EDIT])
async def test_a_request_to_wait_costs_no_answer(town, running, ask, ours, route):
    body = {"message": "You are being rate limited.", "retry_after": 1.0, "global": False}
    town.discord.faults.add(Fault(match=route, kind="status", status=429, retry_after=1, body=body))
    town.openai.answers(Answer(text="The whole answer. " * 20, delay=0.1, chunk_size=40))
    async with running("discord"):
        await ask()
        await town.lounge.wait_for(lambda seen: seen[-1].text.count("The whole answer.") == 20, timeout=LONG)
    assert len(ours(town.lounge)) == 1


async def test_a_reply_of_five_thousand_characters_in_one_fence_arrives_whole(town, running, ask, ours):
    code = "```text\n" + "\n".join(f"line {number} of a long listing" for number in range(190)) + "\n```"
    assert len(code) > 5_000
    town.openai.answers(Answer(chunks=(code,)))
    async with running("discord"):
        await ask()
        await whole(town.lounge, "line 189")
    parts = ours(town.lounge)
    assert all(len(text) <= 2_000 and text.count("```") == 2 for text in parts)
    assert re.findall(r"line \d+ ", "".join(parts)) == [f"line {number} " for number in range(190)]


async def test_parts_come_in_order_when_several_are_posted_and_one_is_slow(town, running, ask, ours):
    text = "\n\n".join(f"Paragraph {number} has some words in it." for number in range(150))
    town.discord.faults.add(Fault(match=POST, kind="delay", seconds=0.5))
    town.openai.answers(Answer(text=text, chunk_size=900))
    async with running("discord"):
        await ask()
        await whole(town.lounge, "Paragraph 149 ")
    found = re.findall(r"Paragraph (\d+)", "".join(ours(town.lounge)))
    assert [int(number) for number in found] == list(range(150))


async def test_emoji_count_as_discord_counts_them(town, running, ask, ours):
    text = "😀" * 2_500
    town.openai.answers(Answer(text=text, chunk_size=100))
    async with running("discord"):
        await ask()
        await town.lounge.wait_for(lambda _: "".join(ours(town.lounge)).count("😀") == 2_500, timeout=LONG)
        await whole(town.lounge, "😀")
    assert all(len(part.encode("utf-16-le")) // 2 <= 2_000 for part in ours(town.lounge))


# Files, edits, stops


async def test_a_file_that_is_not_read_is_named_to_the_user_and_to_the_model(town, running, ask):
    async with running("discord"):
        await ask("what is in it?", files={"film.xyz": bytes(range(256)) * 40})
        answer = await shown(town.lounge, "film.xyz")
    assert "could not read" in answer.text
    assert "film.xyz" in str(town.openai.messages(0))


async def test_a_stop_reaches_the_replica_that_writes_the_answer(town, replica, ask):
    town.openai.answers(Answer(text="and on " * 300, delay=0.05, chunk_size=7))
    async with replica(bot={"role": Role.INGRESS}), replica(bot={"role": Role.WORKER}):
        await ask()
        await shown(town.lounge, "and on")
        await ask("!stop")
        await shown(town.lounge, "_Stopped._")


async def test_a_question_deleted_while_it_is_answered_stops_the_answer(town, running, ask, ann):
    town.openai.answers(Answer(text="and on " * 300, delay=0.05, chunk_size=7))
    async with running("discord"):
        question = await ask()
        await shown(town.lounge, "and on")
        await ann.deletes(question)
        await shown(town.lounge, "Stopped: the question was deleted.")
