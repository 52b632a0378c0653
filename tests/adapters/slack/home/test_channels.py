"""When the bot answers in a channel is set up from Slack, by those who may."""

import asyncio

import pytest

from threadkeep.chat.events import Addressing
from threadkeep.errors import StoreUnavailableError
from threadkeep_slack.home.channels import ANSWER, CHANNEL, SETUP, ChannelSetup
from threadkeep_slack.home.notes import WorkspaceNotes
from threadkeep_slack.home.payloads import Submission
from threadkeep_slack.workspace import Workspace


async def until(check):
    async with asyncio.timeout(5):
        while True:
            if check():
                return
            await asyncio.sleep(0.005)


@pytest.fixture
def admin(acme):
    person = acme.user("Ada")
    person.user.is_admin = True
    return person


@pytest.fixture
def set_up(slack):
    """Goes through the form as a person does, and gives it as it looks then."""

    async def choose(person, channel, answer):
        if person.modal is not None:
            await person.closes_modal()
        await person.opens_app(tab="home")
        await slack.wait_for_call("views.publish", lambda call: call.args["user_id"] == person.id)
        await person.presses_home("Set up a channel")
        await person.wait_for_modal()
        await person.submits({"Channel": channel.id, "I answer": answer})
        return person.modal

    return choose


async def hears(slack, sink, *said):
    """Give to whom things were said, in the order of time."""
    await slack.wait_until_settled()
    by_message = {event.key.message: event.addressing for event in sink.events}
    return [by_message.get(one.ts) for one in said]


async def test_always_means_everything(slack, acme, process, sink, set_up, admin, ann, general):
    await process()
    modal = await set_up(admin, general, "always")
    assert "everything" in str(modal)
    top = await ann.says(general, "nobody is asked")
    reply = await ann.replies(top, "and further")
    to_ada = await ann.says(general, f"{admin.mention} look")
    below = await ann.replies(to_ada, f"{admin.mention} here")
    assert await hears(slack, sink, top, reply, to_ada, below) == [
        Addressing.BOT,
        Addressing.BOT,
        None,
        Addressing.OTHERS,
    ]
    session = f"slack:{acme.id}:{general.id}:{top.ts}"
    assert [str(event.place.session) for event in sink.events][:2] == [session, session]


async def test_what_is_not_mentioned_is_edited_and_deleted_too_then(slack, process, sink, set_up, admin, ann, general):
    await process()
    await set_up(admin, general, "always")
    said = await ann.says(general, "one")
    await ann.edits(said, "two")
    await ann.deletes(said)
    await slack.wait_until_settled()
    assert [event.kind for event in sink.events] == ["message", "edited", "deleted"]


async def test_mentioned_means_mentions_alone(slack, acme, process, sink, set_up, admin, ann, general):
    await process()
    await set_up(admin, general, "mentioned")
    root = await ann.says(general, f"{acme.bot.mention} hello")
    reply = await ann.replies(root, "thanks")
    again = await ann.replies(root, f"{acme.bot.mention} and?")
    assert await hears(slack, sink, root, reply, again) == [Addressing.BOT, Addressing.OTHERS, Addressing.BOT]


async def test_the_usual_can_be_chosen_again(slack, acme, process, sink, set_up, admin, ann, general):
    await process()
    await set_up(admin, general, "always")
    await set_up(admin, general, "followed")
    top = await ann.says(general, "nobody is asked")
    assert await hears(slack, sink, top) == [None]


async def test_other_channels_stay_as_they_are(slack, acme, process, sink, set_up, admin, ann, general):
    await process()
    await set_up(admin, general, "always")
    other = await ann.says(acme.channel("other"), "nobody is asked")
    assert await hears(slack, sink, other) == [None]


async def test_who_made_the_channel_may_set_it_up(process, set_up, ann, general):
    general.record.creator = ann.id
    await process()
    assert "I answer everything" in str(await set_up(ann, general, "always"))


async def test_others_may_not(slack, process, store, acme, sink, set_up, ann, general):
    await process()
    modal = await set_up(ann, general, "always")
    assert modal["errors"] == {
        "threadkeep_channel": "Only administrators of the workspace and who made the channel may change this."
    }
    top = await ann.says(general, "nobody is asked")
    assert await hears(slack, sink, top) == [None]


async def test_administrators_of_other_workspaces_may_not(acme, store, slack_client, admin, general):
    elsewhere = Workspace(team="T0GLOBEX", team_name="Globex", bot_user="U9", bot_name="keeper")
    submission = Submission.model_validate({
        "type": "view_submission",
        "user": {"id": admin.id, "team_id": acme.id},
        "team": {"id": acme.id},
        "view": {
            "callback_id": SETUP,
            "state": {
                "values": {
                    CHANNEL: {CHANNEL: {"selected_conversation": general.id}},
                    ANSWER: {ANSWER: {"selected_option": {"value": "always"}}},
                }
            },
        },
    })  # fmt: skip
    notes = WorkspaceNotes(store.vault, store.shared)
    refused = await ChannelSetup(slack_client, notes, elsewhere).take(submission, "T0GLOBEX")
    assert "Only administrators" in str(refused)
    own = Workspace(team=acme.id, team_name="Acme", bot_user="U9", bot_name="keeper")
    assert "I answer everything" in str(await ChannelSetup(slack_client, notes, own).take(submission, acme.id))


async def test_settings_of_workspaces_that_were_given_up_are_given_up_whole(monkeypatch, store):
    monkeypatch.setattr("threadkeep_slack.home.notes.BRANCHES_OPEN", 3)
    notes = WorkspaceNotes(store.vault, store.shared)
    for number in range(20):
        await notes.load(f"T{number}")
        notes._stale.update(notes._known)
    assert len(notes._stale) <= 3


@pytest.mark.parametrize("is_private", [True, False])
async def test_where_the_bot_is_not_it_says_so(process, acme, set_up, admin, is_private):
    await process()
    elsewhere = acme.channel("elsewhere", is_private=is_private, has_bot=False)
    modal = await set_up(admin, elsewhere, "always")
    assert modal["errors"] == {"threadkeep_channel": "I am not in this channel. Invite me first."}


async def test_a_store_that_is_away_is_said(process, store, set_up, admin, general, monkeypatch):
    async def refuse(*_, **__):
        raise StoreUnavailableError("away")

    await process()
    monkeypatch.setattr(store.vault, "put", refuse)
    modal = await set_up(admin, general, "always")
    assert modal["errors"] == {"threadkeep_channel": "I could not save that now. Please try again."}


async def test_it_is_kept_over_restarts(slack, process, sink, set_up, admin, ann, general):
    one = await process()
    await set_up(admin, general, "always")
    await one.stop()
    await process()
    top = await ann.says(general, "nobody is asked")
    assert await hears(slack, sink, top) == [Addressing.BOT]


async def test_another_process_hears_of_it_and_asks_for_it_once(store):
    one = WorkspaceNotes(store.vault, store.shared, heartbeat=0.01)
    other = WorkspaceNotes(store.vault, store.shared, heartbeat=0.01)
    other.start()
    await other.load("T1")
    assert other.is_known("T1")
    await one.change("T1", lambda notes: notes.with_channel("C1", notes.answer_when("C1").ALWAYS))
    await until(lambda: not other.is_known("T1"))
    await other.load("T1")
    assert other.known("T1") == one.known("T1")
    await other.aclose()


async def test_changes_at_once_are_all_kept(store):
    processes = [WorkspaceNotes(store.vault, store.shared) for _ in range(5)]
    await processes[0].change("T1", lambda notes: notes.with_directs(10.0))

    async def change(number, notes):
        await notes.change("T1", lambda known: known.with_channel(f"C{number}", known.answer_when("").ALWAYS))

    await asyncio.gather(*(change(number, notes) for number, notes in enumerate(processes)))
    fresh = WorkspaceNotes(store.vault, store.shared)
    await fresh.load("T1")
    assert sorted(fresh.known("T1").channels) == [f"C{number}" for number in range(5)]
    assert fresh.known("T1").directs_since == 10.0


class HeldVault:
    """Gives a store's notes when it is let. Implements the Vault port."""

    def __init__(self, vault):
        self._vault = vault
        self.is_asked, self.release = asyncio.Event(), asyncio.Event()

    async def get(self, name):
        self.is_asked.set()
        await self.release.wait()
        return await self._vault.get(name)

    def __getattr__(self, name):
        return getattr(self._vault, name)


async def test_a_command_waits_behind_the_message_that_waits_for_the_settings(process, store, sink, ann):
    vault = HeldVault(store.vault)
    await process(vault=vault)
    said = await ann.dm("Where is Bern?")
    await vault.is_asked.wait()
    command = asyncio.create_task(ann.commands(ann.direct, "/retry"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(command), 0.1)
    assert sink.events == []
    vault.release.set()
    await command
    first, second = await sink.wait_for(2)
    assert (first.key.message, first.command, second.command) == (said.ts, None, "retry")


def test_of_two_moments_the_first_counts():
    notes = WorkspaceNotes(None, None).known("T1")
    assert notes.with_directs(5.0).with_directs(9.0).directs_since == 5.0
    assert notes.with_directs(5.0).with_directs(3.0).directs_since == 3.0


async def test_what_was_missed_is_heard_by_the_same_rules(process, acme, sink, set_up, admin, ann, general):
    adapter = await process()
    await set_up(admin, general, "mentioned")
    root = await ann.says(general, f"{acme.bot.mention} hello")
    (asked,) = await sink.wait_for(1)
    await adapter.stop()
    await ann.replies(root, "thanks")
    later = await process()
    missed = [event async for event in later.missed(asked.place, after=root.ts, most=10)]
    assert [event.addressing for event in missed] == [Addressing.OTHERS]
