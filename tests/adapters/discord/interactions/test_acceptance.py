"""Everything that people do is in the store before Discord is answered, and is one event however often it comes."""

import pytest

from threadkeep.chat.elements import Button, Form, Option, Select, TextField
from threadkeep.errors import StoreUnavailableError

ELEMENTS = (
    Button(action="again", label="Again"),
    Button(action="reject", label="Reject", form=Form(title="Why?", fields=(TextField(name="why", label="Why?"),))),
    Button(action="feedback", label="Good", value="1"),
    Select(action="size", label="Which size?", options=(Option(label="Small", value="s"),)),
)


@pytest.fixture
async def answer(listed, discord, general, ann, inbox, record, show):
    """An answer with elements under it."""
    await ann.says(general, f"{discord.bot.mention} hello")
    await show(listed, record, await inbox.next(), "Here.", elements=ELEMENTS)
    inbox.events.clear()
    return general.messages[-1]


async def _form(ben, _, answer):
    opened = await ben.clicks(answer, "Reject")
    await opened.wait_answered()
    return await ben.submits(opened, {"why": "Too late."})


async def _menu(ben, _, answer):
    (row,) = (one for one in answer.components if "placeholder" in one["components"][0])
    return await ben.selects(answer, row["components"][0]["custom_id"], ["s"])


DEEDS = {
    "command": lambda ben, place, _: ben.slash(place, "summary"),
    "question": lambda ben, place, _: ben.slash(place, "ask", question="Why?"),
    "stop": lambda ben, place, _: ben.slash(place, "stop"),
    "menu of a message": lambda ben, _, answer: ben.chooses_on(answer, "Explain this"),
    "menu of a person": lambda ben, place, _: ben.chooses_about(place, ben, "Sum up what they said"),
    "press": lambda ben, _, answer: ben.clicks(answer, "Again"),
    "choice": _menu,
    "form": _form,
    "feedback": lambda ben, _, answer: ben.clicks(answer, "Good"),
    "thumb": lambda ben, _, answer: ben.reacts(answer, "👍"),
}
ANSWERED = [deed for deed in DEEDS if deed != "thumb"]


@pytest.fixture
def do(general, ben, answer):
    """Lets Ben do something, by its name."""
    return lambda deed: DEEDS[deed](ben, general, answer)


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_the_store_does_not_take_is_not_answered_and_waits(do, inbox, until, deed):
    inbox.failures = [StoreUnavailableError("down")] * 100
    done = await do(deed)
    await until(lambda: len(inbox.failures) < 99)
    assert deed not in ANSWERED or not done.is_answered
    inbox.failures.clear()
    await inbox.next()
    if deed in ANSWERED:
        assert await done.wait_answered()


@pytest.mark.parametrize("deed", ANSWERED)
async def test_what_comes_again_after_a_reconnect_is_the_same_event(discord, do, inbox, deed):
    done = await do(deed)
    assert await done.wait_answered()
    discord.gateway.redeliver("INTERACTION_CREATE")
    first, second = await inbox.wait_for(2)
    assert first.key == second.key
