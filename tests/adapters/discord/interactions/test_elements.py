"""What can be pressed, chosen and filled in under a reply."""

import pytest
from discord.http import MultipartParameters

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.elements import Button, ButtonStyle, Form, Option, Select, TextField
from threadkeep.chat.events import ActionPressed, FeedbackGiven
from threadkeep_discord.interactions.components import rows_of
from threadkeep_discord.interactions.custom_ids import Meaning, read_custom_id, write_custom_id
from threadkeep_emulators.discord import EmulatorError, MessageFlag

APPROVE = Button(action="answer:abc.1", label="Approve", value="approve", style=ButtonStyle.PRIMARY)
DENY = Button(action="answer:abc.1", label="Deny", value="deny", style=ButtonStyle.DANGER)
FORM = Form(
    title="Why not?",
    fields=(
        TextField(name="reason", label="Reason", is_long=True),
        TextField(name="name", label="Name", is_required=False, initial="Nobody"),
    ),
)


@pytest.fixture
def showing(discord, adapter, general, ann, inbox, record, show):
    """Asks something, answers it with elements, and gives the answer."""

    async def answer(*elements, text="Shall I?"):
        await ann.says(general, f"{discord.bot.mention} do it")
        await show(adapter, record, await inbox.next(), text, elements=elements)
        inbox.events.clear()
        return general.messages[-1]

    return answer


async def test_a_press_tells_who_pressed_what_where(guild, general, ben, inbox, showing):
    role = guild.role("Admins", members=[ben])
    answer = await showing(APPROVE, DENY, Button(action="x", label="Read", url="https://example.org/"))
    assert list(answer.buttons.values()) == ["Approve", "Deny"]
    pressed = await ben.clicks(answer, "Deny")
    event = await inbox.next()
    assert isinstance(event, ActionPressed)
    assert (event.action, event.value, event.label) == ("answer:abc.1", "deny", "Deny")
    assert (str(event.user), event.speaker, event.roles) == (f"discord:{ben.id}", "Ben", (str(role.id),))
    assert (event.key.message, event.key.revision) == (str(answer.id), f"pressed:{pressed.state.id}")
    assert (str(event.place.session), event.place.reply_to) == (f"discord:{guild.id}:{general.id}", str(answer.id))
    await pressed.wait_answered()
    assert pressed.state.answered_with == 6


async def test_a_choice_of_a_select_comes_with_its_label(ben, inbox, showing):
    select = Select(
        action="size", label="Which size?", options=(Option(label="Small", value="s"), Option(label="Large", value="l"))
    )
    answer = await showing(select, APPROVE)
    menu = answer.components[0]["components"][0]
    assert menu["placeholder"] == "Which size?"
    await ben.selects(answer, menu["custom_id"], ["l"])
    event = await inbox.next()
    assert (event.action, event.value, event.label) == ("size", "l", "Large")


async def test_a_form_is_filled_in_before_the_press_counts(ben, inbox, showing):
    answer = await showing(Button(action="reject", label="Reject", value="7", form=FORM))
    opened = await ben.clicks(answer, "Reject")
    await opened.wait_answered()
    assert opened.modal["title"] == "Why not?"
    assert inbox.events == []
    sent = await ben.submits(opened, {"reason": "Too late."})
    event = await inbox.next()
    assert (event.action, event.value, event.label) == ("reject", "7", "Reject")
    assert event.fields == {"reason": "Too late.", "name": "Nobody"}
    await sent.wait_answered()


async def test_a_form_opens_in_another_process_that_shares_the_store(
    discord, connect, shared, general, ann, inbox, record, show
):
    adapter = await connect(shared=shared)
    await ann.says(general, f"{discord.bot.mention} do it")
    event = await inbox.next()
    await show(adapter, record, event, "Shall I?", elements=(Button(action="reject", label="Reject", form=FORM),))
    await adapter.stop()
    await connect(shared=shared)
    opened = await ann.clicks(general.messages[-1], "Reject")
    await opened.wait_answered()
    assert opened.modal["title"] == "Why not?"


async def test_a_form_that_is_not_kept_any_more_is_told_to_be_over(connect, general, ben, inbox, showing, adapter):
    answer = await showing(Button(action="reject", label="Reject", form=FORM))
    await adapter.stop()
    await connect()
    opened = await ben.clicks(answer, "Reject")
    told = await opened.wait_for(lambda message: message.id != answer.id)
    assert (told.text, MessageFlag.EPHEMERAL in told.flags) == ("This has no meaning any more.", True)
    assert inbox.events == []


async def test_the_feedback_buttons_give_feedback(ben, inbox, showing):
    answer = await showing(
        Button(action="feedback", label="Good", value="1"), Button(action="feedback", label="Bad", value="-1")
    )
    pressed = await ben.clicks(answer, "Bad")
    event = await inbox.next()
    assert isinstance(event, FeedbackGiven)
    assert (event.rating, event.key.message, str(event.user)) == (-1, str(answer.id), f"discord:{ben.id}")
    told = await pressed.wait_for(lambda message: message.id != answer.id)
    assert told.text == "Thank you."


async def test_elements_stand_under_the_last_part_only(general, showing, discord):
    await showing(APPROVE, text="word " * 600)
    parts = [message for message in general.messages if message.author.id == discord.bot.id]
    assert [list(part.buttons.values()) for part in parts] == [[], ["Approve"]]


async def test_elements_that_change_are_edited_though_the_text_stays(adapter, general, record, inbox, discord, ann):
    await ann.says(general, f"{discord.bot.mention} do it")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.show(ReplyContent(text="Shall I?", elements=(APPROVE,)))
    await general.wait_for(lambda messages: any(message.buttons for message in messages))
    await reply.finish(ReplyContent(text="Shall I?", is_final=True, elements=(DENY,)))
    await reply.aclose()
    assert list(general.messages[-1].buttons.values()) == ["Deny"]


async def test_a_post_that_is_repeated_shows_the_elements_of_its_last_state(
    discord, adapter, general, ann, inbox, record, show
):
    await ann.says(general, f"{discord.bot.mention} do it")
    event = await inbox.next()
    await show(adapter, record, event, "Shall I?")
    record.posted.clear()
    await show(adapter, record, event, "Shall I?", elements=(APPROVE,))
    (answer,) = [message for message in general.messages if message.author.id == discord.bot.id]
    assert list(answer.buttons.values()) == ["Approve"]


async def test_a_press_of_a_button_of_somebody_else_is_told_to_be_over(adapter, discord, general, ann, inbox):
    client = adapter._connected()
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Old", "custom_id": "another-bot"}]}
    params = MultipartParameters(payload={"content": "hi", "components": [row]}, multipart=None, files=None)
    await client.http.send_message(general.id, params=params)
    pressed = await ann.clicks(general.messages[-1], "Old")
    told = await pressed.wait_for(lambda message: message.text != "hi")
    assert told.text == "This has no meaning any more."
    assert inbox.events == []


def test_ids_hold_what_a_press_means():
    for meaning in (
        Meaning(action="a" * 40, value="b" * 40, form="12345678"),
        Meaning(action="answer:1.2", value="ja.nein"),
        Meaning(action="x"),
        Meaning(action="size", value="3.5"),
    ):
        custom_id = write_custom_id(meaning, 24)
        assert len(custom_id) <= 100
        assert read_custom_id(custom_id) == meaning
    assert read_custom_id("another-bot") is None


def test_rows_take_five_buttons_or_one_select():
    button = Button(action="a", label="A")
    select = Select(action="s", label="S", options=(Option(label="1", value="1"),))
    assert [len(row["components"]) for row in rows_of((button,) * 6)] == [5, 1]
    assert [len(row["components"]) for row in rows_of((button, select, button, button))] == [1, 1, 2]
    assert len(rows_of((select,) * 7)) == 5


async def test_what_is_not_there_cannot_be_pressed(ben, showing):
    answer = await showing(APPROVE)
    with pytest.raises(EmulatorError):
        await ben.clicks(answer, "Deny")
