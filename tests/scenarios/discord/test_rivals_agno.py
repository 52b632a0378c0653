"""What breaks in Discord clients of agent frameworks: who is who, whom it answers, crashes, cuts, files, approvals."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from steps import LONG, ONE_STORE, shown

from threadkeep import Approval, RunContext, RunStatus, tool
from threadkeep_emulators.discord import Intent, Permission
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE

# Who is who


async def test_three_people_at_once_are_not_taken_for_one_another(town, running):
    people = [town.discord.user(name) for name in ("Cleo", "Dan", "Eve")]
    places = [town.club.channel(f"room-{person.name}") for person in people]
    async with running("discord"):
        await asyncio.gather(
            *(
                person.says(place, f"{town.discord.bot.mention} I am {person.name}")
                for person, place in zip(people, places, strict=True)
            )
        )
        for place in places:
            await place.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    for number in range(3):
        (said,) = town.said(number)
        assert re.search(r'from="(\w+)"', said)[1].lower() == re.search(r"I am (\w+)", said)[1]


async def test_a_second_person_in_a_thread_is_remembered_like_the_first(town, running, ann, bob, ask):
    async with running("discord"):
        thread = await ann.opens_thread("Trip", on=town.lounge)
        await ask("I like tulips.", where=thread)
        await thread.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        await ask("I like roses.", where=thread, who=bob)
        await thread.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
        await ask("What do we like?", where=thread, who=bob)
        await thread.wait_for(lambda seen: len(seen) == 6, timeout=LONG)
    heard = "\n".join(town.said(2))
    assert '<message from="Ann">I like tulips.' in heard
    assert '<message from="Bob">I like roses.' in heard


async def test_a_session_names_its_server(town, running, ask, runs_of):
    async with running("discord"):
        await ask()
        found = await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 1)
    assert found.runs[0].status is RunStatus.COMPLETED


# Whom it answers


async def test_talk_that_is_not_for_the_bot_is_not_answered_and_opens_no_thread(town, running, ann, ask, ours):
    async with running("discord"):
        await ann.says(town.lounge, "Good morning everybody")
        await ask("hello")
        await town.lounge.wait_for(lambda seen: len(seen) == 3, timeout=LONG)
    assert len(ours(town.lounge)) == 1
    assert town.lounge.threads == []


async def test_two_bots_do_not_talk_for_ever(town, running, ask):
    other = town.discord.user("Echo", is_bot=True)
    async with running("discord"):
        await ask(who=other)
        await ask("hello")
        await town.lounge.wait_for(lambda seen: len(seen) == 3, timeout=LONG)
    assert len(town.openai.requests) == 1


async def test_nobody_is_pinged_by_what_the_model_writes(town, running, ask, bob):
    role = town.club.role("Everybody important")
    town.openai.answers(Answer(text=f"Hey @everyone @here {bob.mention} <@&{role.id}>, done."))
    async with running("discord"):
        await ask()
        await shown(town.lounge, "done")
    assert [ping for ping in town.discord.pings if ping.author.id == town.discord.bot.id] == []


async def test_no_privileged_intent_is_asked_for(town, replica, ask):
    async with replica(environ={"DISCORD_MESSAGE_CONTENT": ""}):
        await ask()
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
        (session,) = town.discord.gateway.connected
        privileged = Intent.GUILD_PRESENCES | Intent.GUILD_MEMBERS | Intent.MESSAGE_CONTENT
        assert not session.intents & privileged


# What makes others crash


async def test_an_empty_answer_of_the_model_is_told(town, running, ask):
    town.openai.answers(*(Answer(text="") for _ in range(5)))
    async with running("discord"):
        await ask()
        await shown(town.lounge, "Sorry")


async def test_an_attachment_without_a_type_is_read(town, running, ask):
    async with running("discord"):
        await ask("read this", files={"notes": b"The word is tulip."})
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    assert len(town.openai.requests) == 1
    assert "notes" in str(town.openai.messages(0))


async def test_where_no_thread_may_be_opened_nothing_crashes_and_the_next_question_is_answered(town, replica, ann, ask):
    town.lounge.deny(Permission.CREATE_PUBLIC_THREADS)
    other = town.club.channel("other")
    async with replica(environ={"DISCORD_REPLY_IN": "thread"}):
        await ask()
        await shown(town.lounge, "I cannot open one here")
        question = await ask("again", where=other)
        thread = await other.wait_for_thread(on=question, timeout=LONG)
        await thread.wait_for(bool, timeout=LONG)


async def test_many_short_lines_keep_the_limit_of_a_message(town, running, ask, ours):
    lines = "\n".join(f"{number} a" for number in range(1_400))
    town.openai.answers(Answer(text=lines, chunk_size=500))
    async with running("discord"):
        await ask()
        await shown(town.lounge, "1399 a")
    assert all(len(text) <= 2_000 for text in ours(town.lounge))
    assert "\n".join(ours(town.lounge)).split() == lines.split()


# Cuts


async def test_a_long_answer_is_cut_at_lines_with_its_fences_whole_and_the_room_is_used(town, running, ask, ours):
    code = "```python\n" + "\n".join(f"value_{number} = {number}" for number in range(400)) + "\n```"
    town.openai.answers(Answer(text=code, chunk_size=500))
    async with running("discord"):
        await ask()
        await shown(town.lounge, "value_399 = 399")
        await town.lounge.wait_for(lambda seen: "Stop" not in seen[-1].buttons.values(), timeout=LONG)
    parts = ours(town.lounge)
    assert len(parts) > 1
    assert all(text.count("```") == 2 and len(text) <= 2_000 for text in parts)
    assert all(len(text) > 1_500 for text in parts[:-1])
    lines = [line for text in parts for line in text.splitlines() if line.startswith("value_")]
    assert lines == code.splitlines()[1:-1]


# Files


async def test_texts_and_every_attachment_are_read(town, running, ask):
    async with running("discord"):
        await ask("read these", files={"one.txt": b"tulip", "two.md": b"# rose", "three.csv": b"a,b\n1,lily"})
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    seen = str(town.openai.messages(0))
    assert all(word in seen for word in ("tulip", "rose", "lily"))


async def test_a_picture_goes_to_the_model_as_bytes_and_never_as_a_link_that_expires(town, running, ask, samples):
    async with running("discord"):
        await ask("what is it?", files={"cat.png": samples.png()})
        await town.lounge.wait_for(lambda seen: "12x10" in seen[-1].text, timeout=LONG)
        town.discord.expire_links()
        await ask("and its colour?")
        await town.lounge.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
    for number in (0, 1):
        assert "data:image/png;base64," in str(town.openai.messages(number))
        assert "/attachments/" not in str(town.openai.messages(number))


async def test_what_is_replied_to_is_read(town, running, bob, ask, ann):
    said = await bob.says(town.lounge, "The word is tulip.")
    await bob.says(town.lounge, "Something else")
    async with running("discord"):
        await ann.replies(said, f"{town.discord.bot.mention} is that right?")
        await town.openai.wait_for_requests(1, timeout=LONG)
        await town.lounge.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
    assert "The word is tulip." in town.said(0)[-1]


async def test_the_text_of_a_voice_channel_is_a_place_like_others(town, running, ask):
    stage = town.club.voice("Stage")
    async with running("discord"):
        await ask("hello", where=stage)
        await stage.wait_for(lambda seen: len(seen) == 2, timeout=LONG)


# Approvals


@pytest.fixture
def deploy(bob, deployed):
    @tool(requires_approval=Approval(by=(f"discord:{bob.id}",)))
    async def deploy(environment: str) -> str:
        """Deploy.

        Args:
            environment: Where.
        """
        deployed.append(environment)
        return f"deployed to {environment}"

    return deploy


async def test_only_who_may_approve_approves_and_a_double_click_runs_the_tool_once(
    town, running, ann, bob, ask, deploy, deployed
):
    async with running("discord", tools=[deploy]):
        await ask('Use the tool deploy environment="prod"')
        question = await shown(town.lounge, "May I call", "Approve")
        refused = await ann.clicks(question, "Approve")
        told = await refused.wait_for(lambda message: "may decide" in message.text, timeout=LONG)
        assert deployed == []
        presses = [await bob.clicks(question, "Approve") for _ in range(2)]
        await shown(town.lounge, "deployed to prod")
        for pressed in presses:
            await pressed.wait_answered(timeout=LONG)
    assert told.text
    assert deployed == ["prod"]


async def test_an_approval_survives_a_restart_and_its_buttons_go(town, replica, bob, ask, deploy, deployed):
    async with replica(tools=[deploy]):
        await ask('Use the tool deploy environment="prod"')
        question = await shown(town.lounge, "May I call", "Approve")
    async with replica(tools=[deploy]):
        await bob.clicks(question, "Approve")
        await shown(town.lounge, "deployed to prod")
    assert deployed == ["prod"]
    assert all("Approve" not in message.buttons.values() for message in town.lounge.messages)


async def test_a_run_may_ask_twice(town, running, ann, ask):
    @tool
    async def book(context: RunContext) -> str:
        """Book."""
        first = await context.ask("Which class?", choices=["first", "second"])
        return f"booked {first}, {await context.ask('Which day?', choices=['Monday', 'Friday'])}"

    async with running("discord", tools=[book]):
        await ask("Use the tool book")
        await ann.clicks(await shown(town.lounge, "Which class?", "second"), "second")
        await ann.clicks(await shown(town.lounge, "Which day?", "Friday"), "Friday")
        await shown(town.lounge, "booked second, Friday")


# What others have not


async def test_an_answer_is_seen_while_it_is_written(town, running, ask, ours):
    release = asyncio.Event()
    town.openai.answers(Answer(text="one two three four five", hold_after=4, release=release))
    async with running("discord"):
        await ask()
        await shown(town.lounge, "two")
        assert "five" not in ours(town.lounge)[0]
        release.set()
        await shown(town.lounge, "five")
    assert len(ours(town.lounge)) == 1


async def test_a_question_that_is_edited_or_deleted_before_its_turn_counts_as_it_stands(town, running, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="First.", hold_after=0, release=release))
    async with running("discord"):
        await ann.dm("one")
        await town.openai.wait_for_requests(1)
        edited, deleted = await ann.dm("to"), await ann.dm("secret")
        await ann.edits(edited, "two")
        await ann.deletes(deleted)
        # What comes after them is in the store when they are.
        await ann.dm("three")
        await shown_waiting(town, ann)
        release.set()
        await ann.dm_channel.wait_for(lambda seen: sum(one.author.id != ann.id for one in seen) == 2, timeout=LONG)
    said = "\n".join(town.said(-1))
    assert "two" in said
    assert "three" in said
    assert "secret" not in said


async def shown_waiting(town, ann):
    await ann.dm_channel.wait_for(lambda seen: any("waiting" in one.text for one in seen), timeout=LONG)


async def test_quick_messages_are_answered_in_order_and_never_at_once(town, running, ann):
    releases = [asyncio.Event() for _ in range(2)]
    town.openai.answers(*(Answer(text="Noted.", hold_after=0, release=release) for release in releases))
    async with running("discord"):
        await ann.dm("message 0")
        await town.openai.wait_for_requests(1)
        for number in range(1, 5):
            await ann.dm(f"message {number}")
        await ann.dm_channel.wait_for(lambda seen: any("4 messages waiting" in one.text for one in seen), timeout=LONG)
        assert len(town.openai.requests) == 1
        releases[0].set()
        await town.openai.wait_for_requests(2, timeout=LONG)
        releases[1].set()
        await ann.dm_channel.wait_for(lambda seen: sum("Noted." in one.text for one in seen) == 2, timeout=LONG)
    assert re.findall(r"message \d", "\n".join(town.said(1))) == [f"message {number}" for number in range(5)]


async def test_what_people_say_is_in_no_log(town, running, ask, caplog, capsys):
    async with running("discord"):
        await ask("the password is swordfish", files={"secret-plan.txt": b"attack at dawn"})
        await town.lounge.wait_for(lambda seen: len(seen) == 2, timeout=LONG)
    logged = caplog.text + "".join(capsys.readouterr())
    for word in ("swordfish", "attack at dawn", "/attachments/", town.discord.bot.token):
        assert word not in logged


@asynccontextmanager
async def _limited(town, route, times):
    town.discord.faults.add(Fault(match=route, kind="status", status=429, retry_after=1, times=times))
    yield
    assert town.discord.faults.pending == ()


@pytest.mark.parametrize("route", ["POST /channels/{channel_id}/messages"])
async def test_a_request_to_wait_costs_no_answer(town, running, ask, ours, route):
    async with _limited(town, route, 1), running("discord"):
        await ask("What is the speed of light?")
        await shown(town.lounge, "299,792,458")
    assert len(ours(town.lounge)) == 1
