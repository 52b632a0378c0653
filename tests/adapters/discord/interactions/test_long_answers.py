"""Answers to commands that become messages of components where they outgrow a plain one."""

import pytest

from threadkeep.chat.elements import Button
from threadkeep.chat.events import ActionPressed
from threadkeep_emulators.discord import MessageFlag, Permission

V2 = MessageFlag.IS_COMPONENTS_V2
LONG = ("word " * 700).strip()


@pytest.fixture
async def adapter(connect, guild, general, ann):
    return await connect(long_answers="components")


async def test_the_answer_to_a_command_holds_twice_as_much(discord, listed, general, ann, inbox, record, show):
    used = await ann.slash(general, "summary")
    await show(listed, record, await inbox.next(), f"@everyone {ann.mention} {LONG}")
    (answer,) = general.messages
    assert used.original.id == answer.id
    assert V2 in answer.flags
    assert answer.text.endswith(LONG)
    assert discord.pings == ()


async def test_what_is_longer_than_that_goes_on_in_the_place(listed, general, ann, inbox, record, show):
    await ann.slash(general, "summary")
    event = await inbox.next()
    await show(listed, record, event, f"{LONG} {LONG}")
    assert [V2 in one.flags for one in general.messages] == [True, True]
    # A message of components stays one, whatever it shows later.
    await show(listed, record, event, "Shorter.")
    (answer,) = general.messages
    assert (V2 in answer.flags, answer.text) == (True, "Shorter.")


async def test_it_is_edited_by_the_bot_when_the_token_is_too_old(listed, general, ann, inbox, record, show, clock):
    used = await ann.slash(general, "summary")
    event = await inbox.next()
    await show(listed, record, event, LONG)
    assert V2 in used.original.flags
    clock.skip(16 * 60)
    await show(listed, record, event, "Shorter.")
    assert [message.text for message in general.messages] == ["Shorter."]


async def test_a_long_private_answer_is_seen_by_one_person_alone(listed, general, ann, inbox, record, show):
    used = await ann.slash(general, "memory")
    await show(listed, record, await inbox.next(), f"{LONG} {LONG}")
    assert general.messages == []
    assert [message.flags & (V2 | MessageFlag.EPHEMERAL) for message in used.messages] == [
        V2 | MessageFlag.EPHEMERAL,
        V2 | MessageFlag.EPHEMERAL,
    ]


async def test_the_parts_of_an_answer_where_the_bot_may_not_write_are_of_components(
    listed, general, ann, inbox, record, show
):
    general.deny(Permission.SEND_MESSAGES)
    used = await ann.slash(general, "ask", question="Why?")
    await show(listed, record, await inbox.next(), f"{LONG} {LONG} {LONG}")
    assert [V2 in message.flags for message in used.messages] == [True] * 3


async def test_a_button_under_components_is_pressed(discord, listed, general, ann, inbox, record, show):
    await ann.says(general, f"{discord.bot.mention} hi")
    await show(listed, record, await inbox.next(), LONG, elements=(Button(action="go", label="Go", value="7"),))
    await ann.clicks(general.messages[-1], "Go")
    pressed = (await inbox.wait_for(2))[1]
    assert isinstance(pressed, ActionPressed)
    assert (pressed.action, pressed.value, pressed.label) == ("go", "7", "Go")
    assert pressed.place.reply_to == str(general.messages[-1].id)


@pytest.mark.parametrize("link_previews", [False, True])
@pytest.mark.parametrize("command", ["summary", "memory"])
async def test_links_in_answers_to_commands_show_previews_only_if_asked_for(
    connect, general, ann, inbox, record, show, command, link_previews
):
    adapter = await connect(link_previews=link_previews)
    await adapter._front._listing
    used = await ann.slash(general, command)
    await show(adapter, record, await inbox.next(), f"https://example.org {LONG}")
    shown = [MessageFlag.SUPPRESS_EMBEDS not in one.flags for one in {*used.messages, *general.messages}]
    assert shown == [link_previews] * 2
