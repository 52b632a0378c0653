"""Buttons, slash commands, modals, and the answers to them."""

from collections.abc import Iterator
from typing import Any

import discord as discord_py
import pytest
from discord import app_commands

from threadkeep_emulators.discord import DiscordEmulator, EmulatorError, MessageFlag

Interaction = discord_py.Interaction[discord_py.Client]


class Buttons(discord_py.ui.View):
    def __init__(self, seen: list[str]) -> None:
        super().__init__(timeout=None)
        self._seen = seen

    @discord_py.ui.button(label="Stop", custom_id="stop")
    async def stop_it(self, interaction: Interaction, button: Any) -> None:
        self._seen.append(interaction.user.name)
        await interaction.response.edit_message(content="stopped", view=None)

    @discord_py.ui.button(label="Quietly", custom_id="quietly")
    async def quietly(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.send_message("for you alone", ephemeral=True)

    @discord_py.ui.button(label="Twice", custom_id="twice")
    async def twice(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.defer()
        await interaction.followup.send("later")


@pytest.fixture
async def channel(discord: DiscordEmulator, connect: Any) -> Any:
    general = discord.guild("Club").channel("general")
    client = await connect()
    return client.get_channel(general.id)


@pytest.fixture
def seen() -> Iterator[list[str]]:
    return iter([])  # type: ignore[return-value]


async def test_click_edits_the_message(discord: DiscordEmulator, channel: Any) -> None:
    clicked_by: list[str] = []
    general = discord.channel(channel.id)
    ann = discord.user("Ann")
    await channel.send("working", view=Buttons(clicked_by))
    assert general.messages[0].buttons["stop"] == "Stop"

    await ann.clicks(general.messages[0], "Stop")
    await general.wait_for(lambda messages: messages[0].text == "stopped")
    assert clicked_by == ["ann"]
    assert general.messages[0].buttons == {}
    with pytest.raises(EmulatorError, match="nothing called 'Stop'"):
        await ann.clicks(general.messages[0], "Stop")


async def test_ephemeral_answer_is_seen_by_one_person_only(discord: DiscordEmulator, channel: Any) -> None:
    general = discord.channel(channel.id)
    ann = discord.user("Ann")
    await channel.send("working", view=Buttons([]))
    interaction = await ann.clicks(general.messages[0], "quietly")
    answer = await interaction.wait_for(lambda message: message.text == "for you alone")
    assert MessageFlag.EPHEMERAL in answer.flags
    assert [message.text for message in general.messages] == ["working"]


async def test_deferred_click_is_followed_up(discord: DiscordEmulator, channel: Any) -> None:
    general = discord.channel(channel.id)
    ann = discord.user("Ann")
    await channel.send("working", view=Buttons([]))
    interaction = await ann.clicks(general.messages[0], "twice")
    await general.wait_for(lambda messages: [message.text for message in messages] == ["working", "later"])
    assert interaction.messages[0].text == "later"


class TestSlashCommands:
    @pytest.fixture
    async def tree(self, discord: DiscordEmulator, connect: Any) -> Any:
        from conftest import RecordingClient  # noqa: PLC0415

        raise NotImplementedError
