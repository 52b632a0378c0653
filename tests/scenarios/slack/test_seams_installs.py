"""The seams between parts where an app serves many workspaces, or a whole organisation, over HTTP."""

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from cryptography.fernet import Fernet
from steps import LONG, ONE_STORE, asked_in, install, wants_deploy, whispered

from threadkeep import Memory
from threadkeep_emulators.openai import Answer
from threadkeep_slack.installs.needs import scopes_for

pytestmark = ONE_STORE

STORY = "One two three four five six. " * 20


@pytest.fixture
def installed(town, replica):
    """Runs a process that serves every workspace that installs the app, over HTTP; gives a way to install it."""
    town.slack.app.scopes |= {need.scope for need in scopes_for()}
    town.slack.app.redirect_urls.append("http://127.0.0.1:")
    key = Fernet.generate_key().decode()
    environ = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_APP_TOKEN": "",
        "SLACK_CLIENT_ID": town.slack.app.client_id,
        "SLACK_CLIENT_SECRET": town.slack.app.client_secret,
        "SLACK_SIGNING_SECRET": town.slack.signing_secret,
        "SLACK_PORT": "0",
        "THREADKEEP_SECRET_KEYS": key,
    }

    @asynccontextmanager
    async def run(*teams, **agent):
        async with replica(environ=environ, **agent) as process:
            (adapter,) = process.adapters
            await town.slack.use_request_url(adapter.request_url)
            for team in teams:
                await install(adapter, team.team.name)
            yield adapter

    return run


# Many workspaces, and Slack's requests over HTTP


async def test_a_file_in_a_second_workspace_is_read_with_the_token_of_that_workspace(town, installed, samples):
    globex, initech = (town.slack.workspace(name, is_installed=False) for name in ("Globex", "Initech"))
    async with installed(globex, initech):
        for team in (globex, initech):
            person = team.user("Ann")
            picture = team.file("cat.png", samples.png(), mimetype="image/png", owner=person)
            await person.dm("What is this?", files=[picture])
            await person.direct.wait_for_reply(contains="an image of 12x10", timeout=LONG)
    assert len(town.slack.downloads) == 2


async def test_a_private_answer_stays_in_its_workspace(town, installed):
    """The same channel id in both: only the workspace tells whose memories are shown, and to whom."""
    globex, initech = (town.slack.workspace(name, is_installed=False) for name in ("Globex", "Initech"))
    one, other = globex.channel("general", channel_id="C0SAME"), initech.channel("general", channel_id="C0SAME")
    ann, bob = globex.user("Ann"), initech.user("Bob")
    async with installed(globex, initech, memory=Memory()) as adapter:
        assert adapter.is_connected
        for person, where in ((ann, one), (bob, other)):
            interaction = await person.commands(where, "/memory")
            assert interaction.delivery.is_acked
            await whispered(person, where)
    assert len(ann.sees_ephemerals(one)) == 1
    assert len(bob.sees_ephemerals(other)) == 1
    assert one.messages == other.messages == []


async def test_the_home_tab_shows_what_belongs_to_its_workspace(town, installed):
    globex, initech = (town.slack.workspace(name, is_installed=False) for name in ("Globex", "Initech"))
    async with installed(globex, initech, memory=Memory()):
        for team, words in ((globex, "green tea"), (initech, "black coffee")):
            person = team.user("Ann")
            for question in (f"What is {words}?", "And why?"):
                # The second answer comes when the first one is recorded.
                said = await person.dm(question)
                await person.direct.wait_for_reply(after=said, timeout=LONG)
            await person.opens_app(tab="home")
            async with asyncio.timeout(LONG):
                while True:
                    if words in str(team.team.homes.get(person.id)):
                        break
                    await asyncio.sleep(0.01)
    assert "coffee" not in str(globex.team.homes)
    assert "tea?" not in str(initech.team.homes)


async def test_a_stream_goes_on_with_the_new_token_of_its_workspace(town, installed):
    globex = town.slack.workspace("Globex", is_installed=False)
    town.slack.app.is_token_rotated = True
    release, ann = asyncio.Event(), globex.user("Ann")
    channel = globex.channel("general")
    story = Answer(text=STORY + "The end.", chunk_size=20, hold_after=8, release=release)
    town.openai.answers(story, when=lambda seen: "tell" in str(seen))
    async with installed(globex) as adapter:
        root = await ann.says(channel, f"{globex.bot.mention} tell")
        await town.slack.wait_for_call("chat.startStream", timeout=LONG)
        old = globex.bot_token
        await install(adapter, "Globex")
        assert globex.bot_token != old
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
        globex.team.token_expiries[old] = 0.0
        release.set()
        answer = await root.thread.wait_for_reply(contains="The end.", timeout=LONG)
    assert answer.text == STORY + "The end."
    assert len([seen for seen in root.thread.messages if seen.is_ours]) == 1


async def test_over_http_a_press_counts_if_slack_signed_it_and_in_its_workspace_only(town, installed, deploy, deployed):
    globex, initech = (town.slack.workspace(name, is_installed=False) for name in ("Globex", "Initech"))
    ann = globex.user("Ann")
    channel = globex.channel("general")
    town.openai.answers(wants_deploy(STORY), Answer(text="It is out."))
    async with installed(globex, initech, tools=[deploy]) as adapter, aiohttp.ClientSession() as browser:
        root = await ann.says(channel, f"{globex.bot.mention} deploy web")
        question = await asked_in(root.thread)
        (row,) = [block for block in question.blocks if block["type"] == "actions"]
        element = row["elements"][0]
        action = {
            "type": "button",
            "action_id": element["action_id"],
            "value": element["value"],
            "action_ts": "1800000000.1",
        }
        box = {"type": "message", "message_ts": question.ts, "channel_id": channel.id, "thread_ts": root.ts}
        who = {"user": {"id": ann.id, "team_id": globex.id}, "team": {"id": globex.id, "domain": "globex"}}
        forged = {"payload": json.dumps({"type": "block_actions", **who, "container": box, "actions": [action]})}
        for headers in ({}, {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"}):
            async with browser.post(adapter.request_url, data=forged, headers=headers) as response:
                assert response.status == 401
        assert deployed == []
        pressed = await ann.clicks(question, "Approve")
        await town.slack.wait_until_acked(pressed.delivery)
        await root.thread.wait_for_reply(contains="It is out.", timeout=LONG)
    assert deployed == ["web"]


# An organisation of Enterprise Grid


async def test_an_organisation_installs_once_and_each_of_its_workspaces_is_served(
    town, installed, deploy, deployed, samples
):
    east, west = (town.slack.workspace(name, is_installed=False) for name in ("East", "West"))
    east.unites("Org", west)
    one, other = east.channel("general", channel_id="C0EAST"), west.channel("general", channel_id="C0WEST")
    ann, as_well = east.user("Ann"), west.user("Ann")
    assert ann.id == as_well.id
    picture = west.file("cat.png", samples.png(), mimetype="image/png", owner=as_well)
    editors = west.usergroup("editors")
    town.openai.answers(wants_deploy(STORY), Answer(text="It is out."), when=lambda seen: "deploy" in str(seen))
    async with installed(tools=[deploy], memory=Memory()) as adapter:
        await install(adapter, "Org")
        root = await ann.says(one, f"{east.bot.mention} deploy web")
        question = await asked_in(root.thread)
        await ann.clicks(question, "Deny")
        await ann.wait_for_modal()
        await ann.submits({"Why?": "not today"})
        await root.thread.wait_for_reply(contains="It is out.", timeout=LONG)
        shown = await as_well.says(other, f"{west.bot.mention} What is this, {editors}?", files=[picture])
        await shown.thread.wait_for_reply(contains="an image of 12x10", timeout=LONG)
        await as_well.commands(other, "/memory")
        assert (await whispered(as_well, other)).channel_id == other.id
    assert deployed == []
    assert "What is this, @editors?" in str(town.openai.messages(-1))
    starts = [call for call in town.slack.calls("chat.startStream") if not call.error]
    assert {call.args["recipient_team_id"] for call in starts} == {east.id, west.id}


async def test_in_an_organisation_forms_reach_the_workspace_in_which_they_were_opened(town, installed):
    east, west = (town.slack.workspace(name, is_installed=False) for name in ("East", "West"))
    east.unites("Org", west)
    general, ann = west.channel("general", channel_id="C0WEST"), west.user("Ann")
    ann.user.is_admin = True
    town.openai.answers(Answer(text="At three."), Answer(text="Always."))
    async with installed() as adapter:
        await install(adapter, "Org")
        said = await ann.says(general, "The meeting is at three.")
        await ann.uses_shortcut("threadkeep_ask", said)
        await ann.wait_for_modal(timeout=LONG)
        await ann.submits({"Your question": "When is it?"})
        await said.thread.wait_for_reply(contains="At three.", timeout=LONG)
        await ann.opens_app(tab="home")
        await town.slack.wait_for_call("views.publish", timeout=LONG)
        await ann.presses_home("Set up a channel")
        await ann.wait_for_modal(timeout=LONG)
        await ann.submits({"Channel": general.id, "I answer": "always"})
        assert "I answer everything" in str(ann.modal)
        root = await ann.says(general, "nobody is asked, and it answers")
        await root.thread.wait_for_reply(contains="Always.", timeout=LONG)
