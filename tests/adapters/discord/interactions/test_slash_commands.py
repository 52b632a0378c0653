"""Slash commands and their answers."""

import asyncio
from dataclasses import replace

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.commands import BUILT_IN, Command
from threadkeep.chat.elements import Button
from threadkeep.chat.events import Addressing, MessageReceived, PlaceKind
from threadkeep_discord import DiscordAdapter
from threadkeep_discord.interactions.commands import is_up_to_date, wanted_commands
from threadkeep_emulators.discord import Intent, MessageFlag, Permission
from threadkeep_emulators.faults import Fault

ALL = ("ask", "stop", *(command.name for command in BUILT_IN))
LIST = "GET /applications/{application_id}/commands"
REPLACE = "PUT /applications/{application_id}/commands"
CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"


async def _nothing(context, text):
    return "nothing"


async def test_discord_lists_every_command(discord, listed):
    assert discord.commands == ALL
    for command in discord._realm.world.commands[None]:
        assert (command["integration_types"], command["contexts"]) == ([0, 1], [0, 1, 2])


async def test_commands_are_listed_again_only_when_they_have_changed(discord, listed, connect, until):
    await listed.stop()
    discord.calls.clear()
    other = await connect()
    await until(lambda: discord.calls.of(LIST))
    await other.stop()
    assert discord.calls.of(REPLACE) == []
    await connect(commands=False)
    assert len(discord.calls.of(LIST)) == 1


async def test_commands_of_the_bots_own_are_listed_too(discord, guild, general, ann, inbox, until):
    adapter = DiscordAdapter(discord.bot.token, api_url=discord.api_url)
    adapter.offer_commands((*BUILT_IN, Command(name="weather", help="Tells the weather.", takes="CITY", run=_nothing)))
    await adapter.start(inbox)
    try:
        await until(lambda: "weather" in discord.commands)
        await ann.slash(general, "weather", city="Bern")
        event = await inbox.next()
        assert (event.command, event.text) == ("weather", "Bern")
    finally:
        await adapter.stop()


async def test_a_bot_answers_though_its_commands_cannot_be_listed(discord, connect, guild, ann, inbox, until):
    discord.faults.add(Fault(match=LIST, kind="status", status=403, times=1, body={"code": 50001, "message": "No"}))
    await connect()
    await until(lambda: not discord.faults.pending)
    await ann.dm("hello")
    assert (await inbox.next()).text == "hello"


async def test_a_command_is_a_message_that_is_answered_in_its_place(
    discord, listed, guild, general, ann, inbox, record, show
):
    used = await ann.slash(general, "summary")
    event = await inbox.next()
    assert isinstance(event, MessageReceived)
    assert (event.command, event.text, event.is_private) == ("summary", "", False)
    assert (event.addressing, event.place.kind) == (Addressing.BOT, PlaceKind.CHANNEL)
    assert str(event.key) == f"discord:{guild.id}:{general.id}:{used.state.id}"
    assert (await used.wait_for(lambda message: message.is_loading)).text == ""
    await show(listed, record, event, "It was about bread.")
    (answer,) = general.messages
    assert (answer.text, used.original.id) == ("It was about bread.", answer.id)
    assert record.posted == {0: str(answer.id)}


async def test_a_long_answer_to_a_command_goes_on_in_the_place(listed, general, ann, inbox, record, show):
    await ann.slash(general, "summary")
    await show(listed, record, await inbox.next(), "word " * 900)
    assert len(general.messages) == len(record.posted) == 3
    await show(listed, record, inbox.events[0], "Shorter.")
    assert [message.text for message in general.messages] == ["Shorter."]


@pytest.mark.parametrize("command", ["memory", "forget", "usage", "help"])
async def test_what_concerns_one_person_is_seen_by_them_alone(listed, general, ann, inbox, record, show, command):
    used = await ann.slash(general, command)
    event = await inbox.next()
    assert event.is_private
    await show(listed, record, event, "word " * 500)
    assert general.messages == []
    assert len(used.messages) == 2
    assert all(MessageFlag.EPHEMERAL in message.flags for message in used.messages)


async def test_what_follows_a_command_is_its_text(listed, general, ann, inbox):
    await ann.slash(general, "forget", number="3")
    event = await inbox.next()
    assert (event.command, event.text) == ("forget", "3")


async def test_a_question_by_command_is_shown_to_the_others_and_answered_below(
    discord, listed, general, ann, inbox, record, show
):
    used = await ann.slash(general, "ask", question="@everyone: how?\nAnd why?")
    event = await inbox.next()
    assert (event.command, event.text) == (None, "@everyone: how?\nAnd why?")
    await used.wait_answered()
    await show(listed, record, event, "Like this.")
    assert [message.text for message in general.messages] == ["> @everyone: how?\n> And why?", "Like this."]
    assert discord.pings == ()
    # A repeated attempt finds what is there.
    record.posted.clear()
    await show(listed, record, event, "Like this, and so on.")
    assert general.messages[-1].text == "Like this, and so on."
    assert len(general.messages) == 2


async def test_an_answer_that_comes_after_the_token_goes_into_the_place(
    discord, listed, general, ann, inbox, record, show, clock
):
    used = await ann.slash(general, "summary")
    event = await inbox.next()
    await used.wait_answered()
    clock.skip(16 * 60)
    await show(listed, record, event, "Late, but here.")
    assert general.messages[-1].text == "Late, but here."


async def test_a_private_answer_that_comes_after_the_token_is_a_direct_message(
    listed, general, ann, inbox, record, show, clock
):
    used = await ann.slash(general, "memory")
    event = await inbox.next()
    await used.wait_answered()
    clock.skip(16 * 60)
    await show(listed, record, event, "You like bread.")
    assert general.messages == []
    assert [message.text for message in ann.dm_channel.messages] == ["You like bread."]


async def test_an_interaction_that_could_not_be_deferred_is_answered_in_the_place(
    discord, listed, general, ann, inbox, record, show
):
    gone = {"code": 10062, "message": "Unknown interaction"}
    discord.faults.add(Fault(match=CALLBACK, kind="status", status=404, body=gone))
    await ann.slash(general, "summary")
    await show(listed, record, await inbox.next(), "Here.")
    assert [message.text for message in general.messages] == ["Here."]


async def test_an_answer_whose_arrival_is_not_known_is_given_again(discord, listed, general, ann, inbox, record, show):
    discord.faults.add(Fault(match=CALLBACK, kind="drop_after", times=1))
    used = await ann.slash(general, "summary")
    event = await inbox.next()
    await show(listed, record, event, "Here.")
    assert used.original.text == "Here."
    assert len(general.messages) == 1


async def test_a_worker_elsewhere_answers_a_command(connect, shared, general, ann, inbox, record, show):
    ingress = await connect(shared=shared)
    worker = await connect(None, shared=shared)
    await ingress._front._listing
    used = await ann.slash(general, "help")
    await show(worker, record, await inbox.next(), "Like this.")
    assert used.original.text == "Like this."
    assert MessageFlag.EPHEMERAL in used.original.flags


async def test_a_conversation_that_is_full_says_so_to_who_asked(discord, connect, general, ann, verdict, until):
    await connect(verdict(Acceptance.FULL))
    await until(lambda: "stop" in discord.commands)
    used = await ann.slash(general, "ask", question="Why?")
    assert (await used.wait_for()).text == "Too much is waiting here already. Please try again later."


async def test_a_private_reply_without_a_command_is_a_direct_message(
    discord, adapter, general, ann, inbox, record, show
):
    await ann.says(general, f"{discord.bot.mention} !memory")
    event = replace(await inbox.next(), is_private=True)
    await show(adapter, record, event, "You like bread.")
    await show(adapter, record, event, "You like bread and cheese.")
    assert [message.text for message in ann.dm_channel.messages] == ["You like bread and cheese."]
    assert len(general.messages) == 1


async def test_somebody_is_told_something_under_what_they_pressed_or_directly(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    await adapter.whisper(event.place, event.user, "Only for you.")
    assert [message.text for message in ann.dm_channel.messages] == ["Only for you."]


def test_commands_are_compared_by_what_was_asked_for():
    wanted = wanted_commands(BUILT_IN, is_user_installable=False)
    known = [{**command, "id": "1", "version": "2", "dm_permission": True} for command in reversed(wanted)]
    assert is_up_to_date(known, wanted)
    assert not is_up_to_date(known[1:], wanted)
    assert not is_up_to_date([{**known[0], "description": "another"}, *known[1:]], wanted)
    assert [command["contexts"] for command in wanted] == [[0, 1]] * len(wanted)


def test_a_command_of_the_bots_own_replaces_the_question():
    own = Command(name="ask", help="Asks the librarian.", run=_nothing, takes="BOOK NAME")
    wanted = {command["name"]: command for command in wanted_commands((*BUILT_IN, own), is_user_installable=True)}
    assert wanted["ask"]["description"] == "Asks the librarian."
    assert wanted["ask"]["options"][0]["name"] == "bookname"


async def test_no_privileged_intent_is_needed(discord, listed, general, ann, inbox):
    await ann.slash(general, "ask", question="why?")
    assert (await inbox.next()).text == "why?"
    assert not discord.gateway.sessions[0].intents & Intent.MESSAGE_CONTENT


async def test_a_question_where_the_bot_may_not_write_is_answered_by_the_command_alone(
    discord, listed, general, ann, inbox, record, show
):
    general.deny(Permission.SEND_MESSAGES)
    used = await ann.slash(general, "ask", question="Why?")
    event = await inbox.next()
    await show(listed, record, event, "word " * 900)
    assert used.original.text.startswith("word word")
    assert len(used.messages) == len(record.posted) == 3


async def test_somebody_is_told_by_another_process_under_what_they_pressed(
    discord, connect, shared, general, ann, inbox, record, show
):
    await connect(shared=shared)
    worker = await connect(None, shared=shared)
    await ann.says(general, f"{discord.bot.mention} hi")
    await show(worker, record, await inbox.next(), "Hello.", elements=(Button(action="go", label="Go"),))
    pressed = await ann.clicks(general.messages[-1], "Go")
    event = (await inbox.wait_for(2))[1]
    await worker.whisper(event.place, event.user, "Only for you.")
    told = await pressed.wait_for(lambda message: message.text == "Only for you.")
    assert MessageFlag.EPHEMERAL in told.flags
    assert ann.dm_channel.messages == []


async def test_who_pressed_long_ago_is_told_in_direct_messages(
    discord, adapter, general, ann, inbox, record, show, clock
):
    await ann.says(general, f"{discord.bot.mention} hi")
    await show(adapter, record, await inbox.next(), "Hello.", elements=(Button(action="go", label="Go"),))
    pressed = await ann.clicks(general.messages[-1], "Go")
    event = (await inbox.wait_for(2))[1]
    await pressed.wait_answered()
    clock.skip(16 * 60)
    await adapter.whisper(event.place, event.user, "Only for you.")
    assert [message.text for message in ann.dm_channel.messages] == ["Only for you."]


async def test_who_takes_no_direct_messages_is_told_so_instead_of_a_private_answer(
    discord, adapter, general, ann, inbox, record, show
):
    ann.closes_dms()
    await ann.says(general, f"{discord.bot.mention} !memory")
    event = replace(await inbox.next(), is_private=True)
    for _ in range(2):
        await show(adapter, record, event, "You like bread. " * 200)
    assert ["take no direct messages" in message.text for message in general.messages] == [False, True]


async def test_a_command_whose_process_dies_before_it_is_deferred_is_answered_in_the_place(
    connect, shared, general, ann, inbox, record, show
):
    accepted = asyncio.Event()

    async def accept_and_hang(event):
        await inbox(event)
        await accepted.wait()

    ingress = await connect(accept_and_hang, shared=shared)
    await ingress._front._listing
    used = await ann.slash(general, "summary")
    event = await inbox.next()
    worker = await connect(None, shared=shared)
    await show(worker, record, event, "It was about bread.")
    assert not used.is_answered
    assert [message.text for message in general.messages] == ["It was about bread."]
    accepted.set()
