"""Tokens that expire: each is renewed once, in time, and no process loses it."""

import asyncio
import time
from dataclasses import replace

import pytest
from pydantic import SecretStr

from threadkeep.errors import PlatformAuthError, PlatformUnavailableError, StoreUnavailableError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.installs.grants import ask_grant
from threadkeep_slack.installs.installation import Tokens

DUE, EXPIRED, FRESH = 3_600.0, 30.0, 43_200.0
"""Lifetimes: to be renewed at once, of no use any more, and as Slack's are."""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("threadkeep_slack.installs.installed.INSTALLS_HEARTBEAT", 0.05)


@pytest.fixture(autouse=True)
def rotating(slack):
    slack.app.is_token_rotated = True


@pytest.fixture
def calm(monkeypatch):
    """Lets processes look for nothing by themselves."""
    monkeypatch.setattr("threadkeep_slack.installs.installed.INSTALLS_HEARTBEAT", 3600)


@pytest.fixture
def install(slack, start, browser, globex):
    """Installs the app with a token of some lifetime; tokens that come later live as Slack's do."""

    async def begin(lifetime):
        process = await start()
        slack.app.token_lifetime = lifetime
        assert (await browser.install(process.base_url, "Globex"))[0] == 200
        slack.app.token_lifetime = FRESH
        return process

    return begin


def renewals(slack):
    return [call for call in slack.calls("oauth.v2.access") if call.args.get("grant_type") == "refresh_token"]


def branches(process):
    return process.adapter._connection.branches


async def token_in(process, team):
    return (await branches(process).find(team.id)).client.token


async def kept(process, team):
    return (await branches(process)._installations.get(team.id)).installation


async def is_begun(process, team):
    return (await kept(process, team)).renewal_begun_at is not None


async def test_a_token_is_renewed_before_it_expires(slack, install, globex, sink, soon, answer):
    process = await install(DUE)
    old = globex.bot_token
    await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await soon(lambda: renewals(slack))
    await soon(lambda: globex.bot_token == branches(process)._entries[globex.id].branch.client.token)
    assert globex.bot_token != old
    stored = await kept(process, globex)
    assert stored.tokens.token.get_secret_value() == globex.bot_token
    assert stored.tokens.expires_at > time.time() + FRESH - 60
    assert stored.renewal_begun_at is None
    await answer(process, event, "with the new token")
    assert len(renewals(slack)) == 1


async def test_a_token_that_lives_long_is_left_alone(slack, install, globex, sink, calm):
    process = await install(FRESH)
    await globex.user("Ann").dm("hello")
    await sink.wait_for()
    await branches(process)._renew_due()
    assert renewals(slack) == []


@pytest.mark.parametrize("lifetime", [DUE, EXPIRED])
async def test_many_processes_renew_a_token_once(slack, install, start, globex, calm, lifetime):
    first = await install(lifetime)
    processes = [first, *[await start(takes_events=False) for _ in range(4)]]
    slack.faults.add(Fault(match="oauth.v2.access", kind="delay", seconds=0.2))

    async def use(process):
        await branches(process).find(globex.id, needs_token=lifetime == EXPIRED)
        await branches(process)._renew_due()

    await asyncio.gather(*(use(process) for process in processes))
    assert [call.is_ok for call in renewals(slack)] == [True]
    for process in processes:
        branches(process).refresh()
        assert await token_in(process, globex) == globex.bot_token


async def test_many_calls_of_one_process_renew_a_token_once(slack, install, globex, calm):
    process = await install(EXPIRED)
    tokens = await asyncio.gather(*(token_in(process, globex) for _ in range(20)))
    assert set(tokens) == {globex.bot_token}
    assert len(renewals(slack)) == 1


async def test_an_expired_token_does_not_hold_events_up(slack, install, globex, sink, calm, answer):
    process = await install(EXPIRED)
    slack.faults.add(Fault(match="oauth.v2.access", kind="status", status=503))
    question = await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
    with pytest.raises(PlatformUnavailableError):
        await answer(process, event, "no token yet")
    await answer(process, event, "with the new one")
    assert [seen.text for seen in question.conversation.messages if seen.is_ours] == ["with the new one"]


async def test_a_renewal_that_fails_is_tried_again_while_the_token_works(
    monkeypatch, slack, install, globex, sink, soon
):
    monkeypatch.setattr("threadkeep_slack.installs.installed.RENEWAL_RETRY_SECONDS", 0.1)
    await install(DUE)
    slack.faults.add(Fault(match="oauth.v2.access", kind="status", status=500))
    await globex.user("Ann").dm("hello")
    await sink.wait_for()
    await soon(lambda: any(call.is_ok for call in renewals(slack)))


async def test_new_tokens_are_kept_though_the_store_is_away_for_a_while(slack, install, globex, calm):
    process = await install(EXPIRED)
    vault = branches(process)._installations._vault
    true_vault, failures = vault._vault, []

    class Shaky:
        def __getattr__(self, name):
            return getattr(true_vault, name)

        async def put(self, name, value, *, expected=None):
            if renewals(slack) and len(failures) < 3:
                failures.append(name)
                raise StoreUnavailableError("the store is away")
            return await true_vault.put(name, value, expected=expected)

    vault._vault = Shaky()
    assert await token_in(process, globex) == globex.bot_token
    assert len(failures) == 3
    assert (await kept(process, globex)).tokens.token.get_secret_value() == globex.bot_token


async def test_a_store_that_takes_no_writes_costs_no_token(slack, install, globex, calm):
    process = await install(EXPIRED)
    vault = branches(process)._installations._vault
    true_vault = vault._vault

    class ReadOnly:
        def __getattr__(self, name):
            return getattr(true_vault, name)

        async def put(self, name, value, *, expected=None):
            raise StoreUnavailableError("the store takes no writes")

    vault._vault = ReadOnly()
    with pytest.raises(PlatformUnavailableError, match="takes no writes"):
        await token_in(process, globex)
    assert renewals(slack) == []
    vault._vault = true_vault
    assert await token_in(process, globex) == globex.bot_token


async def test_who_gives_up_waiting_loses_no_token(slack, install, globex, calm, soon):
    process = await install(EXPIRED)
    slack.faults.add(Fault(match="oauth.v2.access", kind="delay", seconds=0.3))
    waiting = asyncio.create_task(token_in(process, globex))
    await slack.wait_for_call("auth.test")
    installations = branches(process)._installations
    await soon(lambda: is_begun(process, globex))
    waiting.cancel()
    await process.adapter.stop()
    assert waiting.cancelled() or waiting.done()
    held = await installations.get(globex.id)
    assert held.installation.tokens.token.get_secret_value() == globex.bot_token
    assert held.installation.renewal_begun_at is None


async def interrupt(slack, process, team):
    """Leave behind what a process leaves that is killed between Slack's answer and the store."""
    installations = branches(process)._installations
    held = await installations.get(team.id)
    marked = held.installation.being_renewed(time.time())
    assert await installations.change(held, marked)
    rotation = branches(process)._rotation
    refresh_token = held.installation.tokens.refresh_token.get_secret_value()
    arguments = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    await ask_grant(rotation._client, rotation._oauth, arguments)


async def test_after_a_crash_in_the_middle_the_old_token_is_used_while_it_works(
    slack, install, globex, sink, calm, answer, caplog
):
    process = await install(DUE)
    await interrupt(slack, process, globex)
    question = await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    await branches(process)._renew_due()
    assert [call.error for call in renewals(slack)] == ["", "invalid_refresh_token"]
    assert {"slack_token_renewal_interrupted", "slack_token_not_renewed"} <= {record.msg for record in caplog.records}
    await answer(process, event, "with the old token")
    assert [seen.text for seen in question.conversation.messages if seen.is_ours] == ["with the old token"]


async def test_after_a_crash_in_the_middle_and_the_end_of_the_token_it_is_said_what_to_do(
    slack, install, globex, browser, sink, calm, answer
):
    process = await install(EXPIRED)
    await interrupt(slack, process, globex)
    await globex.user("Ann").dm("hello")
    (event,) = await sink.wait_for()
    with pytest.raises(PlatformAuthError, match=r"Globex has expired and cannot be renewed: .* /slack/install"):
        await answer(process, event, "no token")
    assert (await browser.install(process.base_url, "Globex"))[0] == 200
    await answer(process, event, "installed again")


async def test_a_removal_while_the_token_is_expired_is_believed(slack, install, globex, calm):
    process = await install(EXPIRED)
    globex.revoke_token()
    await slack.wait_until_settled()
    assert await process.store.vault.names("slack:") == ()


async def test_a_reinstallation_during_a_renewal_wins(slack, install, globex, browser, calm, soon):
    process = await install(EXPIRED)
    slack.faults.add(Fault(match="oauth.v2.access", kind="delay", seconds=0.3))
    renewing = asyncio.create_task(token_in(process, globex))
    await soon(lambda: is_begun(process, globex))
    installation = (await kept(process, globex)).renewed((await kept(process, globex)).tokens)
    again = replace(installation, tokens=Tokens(token=SecretStr("xoxb-installed-again")))
    await branches(process)._installations.keep(again)
    assert await renewing == "xoxb-installed-again"
    assert (await kept(process, globex)).tokens.token.get_secret_value() == "xoxb-installed-again"
