"""Many workspaces on one app: nothing of one is seen in another, and one that leaves takes nothing along."""

import asyncio

import pytest
from pydantic import SecretStr

from threadkeep.errors import PlatformAuthError, StoreUnavailableError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.installs.installation import Installation, Tokens
from threadkeep_slack.installs.whose import Addressee, addressees_of
from threadkeep_slack.workspace import Workspace


@pytest.fixture
def quick(monkeypatch):
    """Lets processes look for changes more often than they do in earnest."""
    monkeypatch.setattr("threadkeep_slack.installs.installed.INSTALLS_HEARTBEAT", 0.05)


@pytest.fixture
async def installed(quick, start, browser, globex, initech):
    """A process of the bot, installed in two workspaces."""
    process = await start()
    for team in ("Globex", "Initech"):
        assert (await browser.install(process.base_url, team))[0] == 200
    return process


async def test_two_workspaces_never_mix(slack, installed, globex, initech, sink, answer):
    # The same channel id in both, and people of different names: what is looked up in one must not serve the other.
    one, other = globex.channel("general", channel_id="C0SAME"), initech.channel("general", channel_id="C0SAME")
    ann, bob = globex.user("Ann"), initech.user("Bob")
    await ann.says(one, f"{globex.bot.mention} who am I?")
    await bob.says(other, f"{initech.bot.mention} who am I?")
    events = {event.speaker: event for event in await sink.wait_for(2)}
    assert {name: event.key.workspace for name, event in events.items()} == {"Ann": globex.id, "Bob": initech.id}
    assert events["Ann"].place.session != events["Bob"].place.session
    assert events["Ann"].user.workspace == globex.id
    for name, event in events.items():
        await answer(installed, event, f"You are {name}")
    assert [seen.text for seen in one.all_messages if seen.is_ours] == ["You are Ann"]
    assert [seen.text for seen in other.all_messages if seen.is_ours] == ["You are Bob"]
    for method, name in (("users.info", "Ann"), ("users.info", "Bob")):
        team = {"Ann": globex, "Bob": initech}[name].id
        assert name in {
            call.result["user"]["profile"]["display_name"] for call in slack.calls(method) if call.team_id == team
        }


async def test_what_was_missed_is_read_in_the_right_workspace(installed, globex, initech, sink):
    ann = globex.user("Ann")
    channel = globex.channel("general")
    question = await ann.says(channel, f"{globex.bot.mention} hello")
    (event,) = await sink.wait_for()
    await ann.replies(question, "are you there?")
    missed = [one async for one in installed.adapter.missed(event.place, after=question.ts, most=10)]
    assert [one.text for one in missed] == ["are you there?"]
    assert {one.key.workspace for one in missed} == {globex.id}


async def test_a_workspace_that_removes_the_app_is_forgotten_and_the_others_stay(
    slack, installed, globex, initech, sink, answer, soon
):
    await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    globex.revoke_token()
    await slack.wait_until_settled()
    assert len(await installed.store.vault.names("slack:")) == 1
    with pytest.raises(PlatformAuthError, match="not installed"):
        await answer(installed, event, "too late")
    await initech.user("Bob").dm("still there?")
    (_, still) = await sink.wait_for(2)
    await answer(installed, still, "Yes")
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
    waiting = asyncio.create_task(installed.adapter.wait_closed())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_other_processes_hear_of_a_removal(slack, installed, start, globex, sink, answer, soon):
    worker = await start(takes_events=False)
    await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await answer(worker, event, "before")
    globex.revoke_token()
    await slack.wait_until_settled()

    async def is_gone():
        try:
            await answer(worker, event, "after")
        except PlatformAuthError as error:
            return "not installed" in str(error)
        return False

    await soon(is_gone)


async def test_a_late_removal_does_not_take_a_new_installation(slack, installed, browser, globex, sink):
    globex.revoke_token()
    await slack.wait_until_settled()
    removals = [one for one in slack.deliveries if one.event["type"] in {"tokens_revoked", "app_uninstalled"}]
    assert len(removals) == 2
    assert (await browser.install(installed.base_url, "Globex"))[0] == 200
    for removal in removals:
        await slack.wait_until_acked(slack.redeliver(removal))
    await globex.user("Ann").dm("here again")
    assert [event.text for event in await sink.wait_for()] == ["here again"]


async def test_a_persons_token_that_is_revoked_takes_nothing(slack, installed, globex, sink):
    revoked = {"type": "tokens_revoked", "tokens": {"oauth": [globex.user("Ann").id], "bot": []}}
    await slack.wait_until_acked(slack.deliver(revoked, workspace=globex))
    assert len(await installed.store.vault.names("slack:")) == 2


async def test_a_removal_that_cannot_be_looked_into_comes_again(slack, installed, globex):
    slack.faults.add(Fault(match="auth.test", kind="status", status=503))
    globex.revoke_token()
    await slack.wait_until_settled()
    assert len(await installed.store.vault.names("slack:")) == 1
    assert any(len(delivery.attempts) > 1 for delivery in slack.deliveries)


async def test_a_workspace_without_an_installation_is_acknowledged_and_left_alone(slack, installed, sink, caplog):
    stranger = slack.workspace("Hooli")
    await stranger.user("Eve").dm("hello")
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
    assert sink.events == []
    assert "slack_event_of_no_installation" in caplog.text


async def test_an_event_is_not_acknowledged_while_the_installation_cannot_be_read(
    slack, installed, start, globex, sink
):
    process = await start()  # it knows no workspace yet
    vault = process.adapter._vault

    class Away:
        refusals = 2

        async def get(self, name):
            if Away.refusals:
                Away.refusals -= 1
                raise StoreUnavailableError("the store is away")
            return await vault.get(name)

    process.adapter._connection.branches._installations._vault._vault = Away()
    await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await slack.wait_until_settled()
    assert event.text == "hello"
    assert [attempt.status for attempt in slack.deliveries[-1].attempts] == [500, 500, 200]


async def test_a_process_that_only_answers_finds_the_workspace(installed, start, globex, sink, answer):
    worker = await start(takes_events=False)
    question = await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await answer(worker, event, "from the worker")
    assert [seen.text for seen in question.conversation.messages if seen.is_ours] == ["from the worker"]
    assert "replies only" in worker.adapter.description


async def test_installations_survive_a_restart(installed, start, globex, sink):
    await installed.adapter.stop()
    again = await start()
    assert "2 workspaces" in again.adapter.description
    await globex.user("Ann").dm("hello")
    assert [event.text for event in await sink.wait_for()] == ["hello"]


async def test_installing_again_keeps_the_workspace_working(slack, installed, browser, globex, sink, answer):
    await globex.user("Ann").dm("one")
    await sink.wait_for()
    assert (await browser.install(installed.base_url, "Globex"))[0] == 200
    await globex.user("Ann").dm("two")
    (_, second) = await sink.wait_for(2)
    await answer(installed, second, "fine")
    assert len(await installed.store.vault.names("slack:")) == 2


async def test_more_workspaces_than_a_process_holds_are_served(monkeypatch, installed, globex, initech, sink, answer):
    monkeypatch.setattr("threadkeep_slack.installs.installed.BRANCHES_OPEN", 1)
    for number in range(3):
        await globex.user("Ann").dm(f"a{number}")
        await initech.user("Bob").dm(f"b{number}")
        await sink.wait_for(2 * number + 2)
    for event in sink.events:
        await answer(installed, event, "fine")
    assert len(installed.adapter._connection.branches._entries) == 1


async def test_a_press_and_a_command_go_to_their_workspace(slack, installed, globex, sink):
    ann = globex.user("Ann")
    await ann.dm("hello")
    await sink.wait_for()
    await ann.commands(ann.direct, "/stop")
    (_, stop) = await sink.wait_for(2)
    assert (stop.kind, stop.place.session.workspace) == ("stop", globex.id)


def org_event(channel="C1", team="T5", speakers_team=None):
    return {
        "type": "event_callback",
        "team_id": speakers_team or team,
        "event_id": "Ev1",
        "authorizations": [{"enterprise_id": "E1", "team_id": team, "is_enterprise_install": True}],
        "event": {"type": "message", "channel": channel, "user": "U1"},
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"team_id": "T1"}, ["T1"]),
        (org_event(), ["E1", "T5"]),
        (org_event(speakers_team="T9"), ["E1", "T9"]),
        (
            {
                "team_id": "T9",
                "authorizations": [{"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": False}],
            },
            ["T1", "T9"],
        ),
        ({"type": "block_actions", "team": {"id": "T1"}, "user": {"team_id": "T2"}}, ["T1"]),
        ({"type": "block_actions", "team": None, "user": {"team_id": "T2"}}, ["T2"]),
        (
            {"team": None, "enterprise": {"id": "E1"}, "is_enterprise_install": True, "user": {"team_id": "T2"}},
            ["E1", "T2"],
        ),
        ({"command": "/stop", "team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "true"}, ["E1", "T1"]),
        ({"command": "/stop", "team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "false"}, ["T1"]),
        ({"view": {"app_installed_team_id": "T3"}, "team": {"id": "T1"}}, ["T3"]),
        ({}, []),
        ({"team_id": 5, "authorizations": 7, "team": "x"}, []),
        ({"authorizations": [None, {"team_id": None}, {"team_id": "T1"}]}, ["T1"]),
    ],
)
def test_a_payload_is_for_the_installation_that_slack_names(body, expected):
    found = [one.installation for one in addressees_of(body)]
    assert list(dict.fromkeys(found)) == expected


def test_an_organisations_payload_names_its_workspace():
    assert next(addressees_of(org_event())) == Addressee(installation="E1", member="T5")


def test_a_form_that_names_the_organisation_only_names_no_workspace():
    organisation = {"enterprise": {"id": "E1"}, "is_enterprise_install": True, "team": None}
    body = {"view": {"app_installed_team_id": "E1"}, "user": {"team_id": "T5"}, **organisation}
    assert next(addressees_of(body)) == Addressee(installation="E1")


async def test_an_organisations_installation_serves_its_workspaces(
    slack, installed, start, globex, sink, answer, new_organisation
):
    await new_organisation(installed)
    ann = globex.user("Ann")
    event = {"type": "message", "channel": ann.direct.id, "channel_type": "im", "user": ann.id, "text": "hello"}
    seen_by = [{"enterprise_id": "E0ORG", "team_id": "T0MEMBER", "is_enterprise_install": True}]
    said = {"event": event | {"ts": "1700000000.000100"}, "authorizations": seen_by}
    body = org_event(team="T0MEMBER") | said
    await slack.wait_until_acked(slack.deliver_payload(body))
    (heard,) = await sink.wait_for()
    assert (heard.key.workspace, heard.user.workspace) == ("T0MEMBER", "E0ORG")
    worker = await start(takes_events=False)
    await answer(worker, heard, "from the organisation's bot")
    assert [seen.text for seen in ann.direct.messages if seen.is_ours] == ["from the organisation's bot"]


@pytest.fixture
def new_organisation(slack, globex):
    """Lets the app be installed for a whole organisation, with a token that works."""

    async def install(process):
        token = globex.bot_token
        workspace = Workspace(
            team="E0ORG",
            team_name="Org",
            enterprise="E0ORG",
            is_org_wide=True,
            bot_user=globex.team.bot_user,
            bot_name="keeper",
        )
        installation = Installation(workspace=workspace, tokens=Tokens(token=SecretStr(token)))
        await process.adapter._connection.branches._installations.keep(installation)
        process.adapter._connection.branches.refresh()

    return install
