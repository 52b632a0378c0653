"""Buttons, slash commands, modals, and the answers to them."""

from typing import Any

import discord as discord_py
import pytest
from discord import app_commands

from threadkeep_emulators.discord import DiscordEmulator, EmulatorError, Interaction, MessageFlag, MessageKind

Received = discord_py.Interaction[discord_py.Client]
CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"


class Buttons(discord_py.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.clicked_by: list[str] = []

    @discord_py.ui.button(label="Stop", custom_id="stop")
    async def stop_it(self, received: Received, button: Any) -> None:
        self.clicked_by.append(received.user.name)
        await received.response.edit_message(content="stopped", view=None)

    @discord_py.ui.button(label="Quietly", custom_id="quietly")
    async def answer_quietly(self, received: Received, button: Any) -> None:
        await received.response.send_message("for you alone", ephemeral=True)

    @discord_py.ui.button(label="Later", custom_id="later")
    async def answer_later(self, received: Received, button: Any) -> None:
        await received.response.defer()
        await received.followup.send("later")

    @discord_py.ui.button(label="Form", custom_id="form")
    async def show_form(self, received: Received, button: Any) -> None:
        await received.response.send_modal(Form())


class Form(discord_py.ui.Modal, title="Form"):
    name: Any = discord_py.ui.TextInput(label="Name", custom_id="name")

    async def on_submit(self, received: Received) -> None:
        await received.response.send_message(f"thanks, {self.name.value}")


class TestButtons:
    @pytest.fixture
    async def view(self) -> Buttons:
        # A view binds itself to the running loop.
        return Buttons()

    @pytest.fixture
    async def general(self, discord: DiscordEmulator, connect: Any, view: Buttons) -> Any:
        general = discord.guild("Club").channel("general")
        client = await connect()
        await client.get_channel(general.id).send("working", view=view)
        return general

    async def test_click_edits_the_message(self, discord: DiscordEmulator, general: Any, view: Buttons) -> None:
        ann = discord.user("Ann")
        assert general.messages[0].buttons["stop"] == "Stop"
        await ann.clicks(general.messages[0], "Stop")
        await general.wait_for(lambda messages: messages[0].text == "stopped")
        assert view.clicked_by == ["ann"]
        assert general.messages[0].buttons == {}
        with pytest.raises(EmulatorError, match="nothing called 'Stop'"):
            await ann.clicks(general.messages[0], "Stop")

    async def test_ephemeral_answer_is_seen_by_one_person_only(self, discord: DiscordEmulator, general: Any) -> None:
        interaction = await discord.user("Ann").clicks(general.messages[0], "quietly")
        answer = await interaction.wait_for(lambda message: message.text == "for you alone")
        assert MessageFlag.EPHEMERAL in answer.flags
        assert [message.text for message in general.messages] == ["working"]

    async def test_deferred_click_is_followed_up(self, discord: DiscordEmulator, general: Any) -> None:
        interaction = await discord.user("Ann").clicks(general.messages[0], "later")
        await general.wait_for(lambda messages: [one.text for one in messages] == ["working", "later"])
        assert [message.text for message in interaction.messages] == ["later"]

    async def test_modal_is_shown_and_sent_off(self, discord: DiscordEmulator, general: Any) -> None:
        ann = discord.user("Ann")
        shown = await ann.clicks(general.messages[0], "form")
        await shown.wait_answered()
        assert shown.modal is not None
        sent = await ann.submits(shown, {"name": "Ann"})
        assert (await sent.wait_for(lambda message: message.text != "working")).text == "thanks, Ann"


class TestSlashCommands:
    @pytest.fixture
    async def client(self, discord: DiscordEmulator, connect: Any) -> Any:
        client = await connect()
        tree = app_commands.CommandTree(client)

        @tree.command(description="Ask something")
        async def ask(received: Received, text: str, loud: bool = False) -> None:
            await received.response.defer(thinking=True)
            answer = await received.edit_original_response(content=text.upper() if loud else text)
            assert answer.content

        @tree.command(description="Greet")
        async def greet(received: Received) -> None:
            await received.response.send_message("@everyone hello")
            message = await received.original_response()
            await received.followup.send("and welcome")
            await message.edit(content="hello")
            await received.delete_original_response()

        memory = app_commands.Group(name="memory", description="Memory")

        @memory.command(description="Forget")
        async def forget(received: Received) -> None:
            await received.response.send_message("forgotten")

        tree.add_command(memory)
        await tree.sync()
        return client

    async def test_deferred_command_is_thinking_and_then_answers(self, discord: DiscordEmulator, client: Any) -> None:
        general = discord.guild("Club").channel("general")
        ann = discord.user("Ann")
        interaction = await ann.slash(general, "ask", text="why", loud=True)
        answer = await interaction.wait_for()
        assert (answer.text, answer.kind) == ("WHY", MessageKind.CHAT_INPUT_COMMAND)
        assert [message.text for message in general.messages] == ["WHY"]
        assert discord.commands == ("ask", "greet", "memory")

    async def test_follow_ups_edits_and_deletes(self, discord: DiscordEmulator, client: Any) -> None:
        ann = discord.user("Ann")
        await ann.slash(ann.dm_channel, "greet")
        await ann.dm_channel.wait_for(lambda messages: [one.text for one in messages] == ["and welcome"])
        assert discord.pings == ()

    async def test_subcommand_is_named_after_its_group(self, discord: DiscordEmulator, client: Any) -> None:
        general = discord.guild("Club").channel("general")
        interaction = await discord.user("Ann").slash(general, "memory forget")
        assert (await interaction.wait_for()).text == "forgotten"

    @pytest.mark.parametrize(
        ("line", "options", "complaint"),
        [
            ("sing", {}, "not registered"),
            ("ask", {}, "missing"),
            ("ask", {"text": "x", "colour": 1}, "unknown are"),
            ("memory", {}, "needs a subcommand"),
        ],
    )
    async def test_what_was_not_registered_cannot_be_used(
        self, discord: DiscordEmulator, client: Any, line: str, options: dict[str, object], complaint: str
    ) -> None:
        general = discord.guild("Club").channel("general")
        with pytest.raises(EmulatorError, match=complaint):
            await discord.user("Ann").slash(general, line, **options)

    async def test_bad_command_names_are_refused(self, discord: DiscordEmulator, http: Any) -> None:
        url = f"{discord.api_url}/applications/{discord.bot.application_id}/commands"
        async with http.put(url, json=[{"name": "Bad Name", "description": "x"}]) as response:
            errors = (await response.json())["errors"]
        assert errors["0"]["name"]["_errors"][0]["code"] == "APPLICATION_COMMAND_INVALID_NAME"


class TestDeadlines:
    @pytest.fixture
    def now(self) -> list[float]:
        return [1_800_000_000.0]

    @pytest.fixture
    async def asked(self, now: list[float]) -> Any:
        async with DiscordEmulator(clock=lambda: now[0]) as emulator:
            ann = emulator.user("Ann")
            guild = emulator.guild("Club")
            command = {"id": "1", "name": "ask", "type": 1, "options": []}
            emulator._realm.world.commands[None] = [command]
            interaction = await ann.slash(guild.channel("general"), "ask")
            yield emulator, interaction

    async def answer(self, http: Any, emulator: DiscordEmulator, interaction: Interaction, **form: Any) -> Any:
        state = interaction.state
        url = f"{emulator.api_url}/interactions/{state.id}/{state.token}/callback"
        async with http.post(url, json=form) as response:
            return response.status, (await response.json() if response.status != 204 else None)

    async def test_second_answer_is_refused(self, http: Any, asked: Any) -> None:
        emulator, interaction = asked
        data = {"content": "hello"}
        assert (await self.answer(http, emulator, interaction, type=4, data=data))[0] == 204
        status, body = await self.answer(http, emulator, interaction, type=4, data=data)
        assert (status, body["code"]) == (400, 40060)

    async def test_late_answer_is_refused(self, http: Any, asked: Any, now: list[float]) -> None:
        emulator, interaction = asked
        now[0] += 3.1
        status, body = await self.answer(http, emulator, interaction, type=5)
        assert (status, body["code"]) == (404, 10062)

    async def test_update_is_no_answer_to_a_command(self, http: Any, asked: Any) -> None:
        emulator, interaction = asked
        status, body = await self.answer(http, emulator, interaction, type=7, data={"content": "x"})
        assert (status, body["code"]) == (400, 50035)

    async def test_follow_ups_need_an_answer_and_a_young_token(self, http: Any, asked: Any, now: list[float]) -> None:
        emulator, interaction = asked
        url = f"{emulator.api_url}/webhooks/{emulator.bot.application_id}/{interaction.state.token}"
        codes = []
        for step in ("unanswered", "answered", "old"):
            if step == "answered":
                await self.answer(http, emulator, interaction, type=5)
            if step == "old":
                now[0] += 16 * 60
            async with http.post(url, json={"content": "more"}) as response:
                codes.append((await response.json()).get("code"))
        assert codes == [10015, None, 50027]
        assert interaction.original is not None
        # The first follow-up took the place of "is thinking...".
        assert [message.text for message in interaction.messages] == ["more"]
