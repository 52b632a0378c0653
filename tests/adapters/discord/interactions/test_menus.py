"""Menus of messages and people, and completions of what is being written."""

import asyncio

import pytest

from threadkeep.chat.commands import BUILT_IN, Command
from threadkeep.chat.elements import Option
from threadkeep.errors import StoreUnavailableError
from threadkeep_discord import DiscordAdapter
from threadkeep_discord.interactions import completing
from threadkeep_discord.interactions.commands import is_up_to_date, wanted_commands


async def test_a_message_is_explained_from_its_menu(listed, general, ann, ben, inbox, record, show):
    said = await ben.says(general, "Hic sunt\nleones", files={"map.png": b"\x89PNG"})
    used = await ann.chooses_on(said, "Explain this")
    event = await inbox.next()
    assert event.text == (
        "Please explain this message of Ben:\n> Hic sunt\n> leones\nFiles in it, which you do not see: map.png"
    )
    assert (event.speaker, event.command, event.is_private) == ("Ann", None, False)
    await used.wait_for(lambda message: message.is_loading)
    await show(listed, record, event, "Here be lions.")
    assert used.original.text == "Here be lions."


async def test_a_message_without_words_is_explained_as_far_as_it_is_known(listed, general, ann, ben, inbox):
    said = await ben.says(general, "", files={"map.png": b"\x89PNG"})
    await ann.chooses_on(said, "Explain this")
    assert "> (no words)" in (await inbox.next()).text


async def test_what_a_person_said_is_summed_up_from_their_menu(listed, guild, general, ann, ben, inbox):
    guild.join(ben, nick="Benny\nthe Boss")
    await ann.chooses_about(general, ben, "Sum up what they said")
    assert (await inbox.next()).text == "Please sum up what Benny the Boss has said here."


async def test_a_menu_chosen_again_after_a_reconnect_is_the_same_event(listed, general, ann, ben, inbox):
    used = await ann.chooses_about(general, ben, "Sum up what they said")
    assert (await inbox.next()).key.message == str(used.state.id)


def test_menus_are_compared_like_commands():
    wanted = wanted_commands(BUILT_IN, is_user_installable=False)
    told = [{"description": "", **command} for command in wanted]
    assert is_up_to_date(told, wanted)
    assert not is_up_to_date(told[:-1], wanted)


@pytest.fixture
async def completing_with(discord, guild, general, ann, inbox, until):
    """Connects a bot whose command /city completes its argument."""
    adapters = []

    async def connect(suggest):
        adapter = DiscordAdapter(discord.bot.token, api_url=discord.api_url)
        adapter.offer_commands(
            (*BUILT_IN, Command(name="city", help="Shows a city.", takes="NAME", run=_nothing, suggest=suggest))
        )
        adapters.append(adapter)
        await adapter.start(inbox)
        await until(lambda: "city" in discord.commands)

    yield connect
    for adapter in adapters:
        await adapter.stop()


async def _nothing(context, text):
    return "nothing"


async def test_what_is_being_written_is_completed_for_who_writes(completing_with, general, ann, inbox):
    asked = []

    async def suggest(user, written):
        asked.append((str(user), written))
        return [Option(label=f"Bern {number}", value=str(number)) for number in range(40)]

    await completing_with(suggest)
    looked = await ann.completes(general, "city", name="Be")
    await looked.wait_answered()
    assert asked == [(f"discord:{ann.id}", "Be")]
    assert list(looked.choices.items())[:2] == [("Bern 0", "0"), ("Bern 1", "1")]
    assert len(looked.choices) == 25
    assert inbox.events == []


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), None])
async def test_where_nothing_is_known_in_time_nothing_is_completed(completing_with, general, ann, monkeypatch, error):
    monkeypatch.setattr(completing, "COMPLETION_SECONDS", 0.05)

    async def suggest(user, written):
        if error is not None:
            raise error
        await asyncio.Event().wait()

    await completing_with(suggest)
    looked = await ann.completes(general, "city", name="Be")
    await looked.wait_answered()
    assert looked.choices == {}
