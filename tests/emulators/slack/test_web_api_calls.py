"""Tokens, scopes, encodings, faults and rates: what stands before every method."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_emulators.faults import Fault
from threadkeep_emulators.slack import SlackEmulator


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


async def test_auth_test_names_team_and_bot(client, acme):
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == (
        acme.id,
        acme.bot.bot.user_id,
        acme.bot.bot.id,
    )


async def test_answers_carry_the_granted_scopes(client, acme):
    answer = await client.auth_test()
    assert set(answer.headers["X-OAuth-Scopes"].split(",")) == acme.team.scopes


async def test_missing_token_is_not_authed(slack, session):
    async with session.post(slack.api_url + "auth.test") as response:
        assert await response.json() == {"ok": False, "error": "not_authed"}


async def test_unknown_token_is_invalid_auth(client):
    assert await refusal(client.auth_test(token="xoxb-nobody")) == "invalid_auth"


async def test_revoked_token_is_refused(client, acme):
    acme.revoke_token()
    assert await refusal(client.auth_test()) == "token_revoked"


async def test_unknown_method(client):
    assert await refusal(client.api_call("chat.shout")) == "unknown_method"


async def test_api_test_echoes_and_fails_on_demand(client):
    assert (await client.api_test(foo="bar"))["args"]["foo"] == "bar"
    assert await refusal(client.api_test(error="my_error")) == "my_error"


async def test_missing_scope_names_what_is_needed_and_provided(client, acme, general):
    acme.team.scopes.discard("chat:write")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general.id, text="hi")
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "users:read" in answer["provided"]


async def test_app_token_opens_sockets_and_nothing_else(slack, client, general):
    assert (await client.apps_connections_open(app_token=slack.app_token))["url"].startswith("ws://")
    assert await refusal(client.auth_test(token=slack.app_token)) == "not_allowed_token_type"


async def test_bot_token_opens_no_socket(slack, client, acme):
    assert await refusal(client.apps_connections_open(app_token=acme.bot_token)) == "not_allowed_token_type"


async def test_app_token_needs_connections_write(slack, client):
    slack.app.app_token_scopes.clear()
    assert await refusal(client.apps_connections_open(app_token=slack.app_token)) == "missing_scope"


async def test_form_body_may_hold_the_token_and_nested_json(slack, session, acme, general):
    form = {
        "token": acme.bot_token,
        "channel": general.id,
        "text": "hi",
        "metadata": '{"event_type": "turn", "event_payload": {"id": 1}}',
    }
    async with session.post(slack.api_url + "chat.postMessage", data=form) as response:
        answer = await response.json()
    assert answer["message"]["metadata"]["event_payload"] == {"id": 1}


async def test_json_body_may_not_hold_the_token(slack, session, acme):
    async with session.post(slack.api_url + "auth.test", json={"token": acme.bot_token}) as response:
        assert (await response.json())["error"] == "not_authed"


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_broken_json_is_named(slack, session, acme, body, error):
    headers = {"Authorization": f"Bearer {acme.bot_token}", "Content-Type": "application/json"}
    async with session.post(slack.api_url + "auth.test", data=body, headers=headers) as response:
        assert (await response.json())["error"] == error


async def test_foreign_content_type_is_refused(slack, session, acme):
    headers = {"Authorization": f"Bearer {acme.bot_token}", "Content-Type": "text/plain"}
    async with session.post(slack.api_url + "auth.test", data="hi", headers=headers) as response:
        assert (await response.json())["error"] == "invalid_post_type"


async def test_missing_argument_is_named(slack, client):
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json={"text": "hi"})
    answer = caught.value.response
    assert answer["error"] == "invalid_arguments"
    assert "channel" in answer["response_metadata"]["messages"][0]


async def test_calls_are_logged_with_arguments_and_refusals(slack, client, general):
    await client.chat_postMessage(channel=general.id, text="one")
    await refusal(client.chat_postMessage(channel="C0UNKNOWN00", text="two"))
    first, second = slack.calls("chat.postMessage")
    assert (first.args["text"], first.is_ok, first.result["channel"]) == ("one", True, general.id)
    assert (second.args["text"], second.is_ok, second.error) == ("two", False, "channel_not_found")
    assert (await slack.wait_for_call("chat.postMessage", lambda call: call.args["text"] == "two")) is second


async def test_status_fault_performs_nothing_and_is_used_up(slack, client, general):
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=503))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general.id, text="hi")
    assert caught.value.response.status_code == 503
    assert general.messages == []
    await client.chat_postMessage(channel=general.id, text="hi")
    assert len(general.messages) == 1
    assert slack.faults.pending == ()


async def test_rate_limit_fault_is_repeated_by_the_sdk(slack, acme, general, session):
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=429, retry_after=0))
    client = AsyncWebClient(
        token=acme.bot_token,
        base_url=slack.api_url,
        session=session,
        retry_handlers=[AsyncRateLimitErrorRetryHandler()],
    )
    await client.chat_postMessage(channel=general.id, text="hi")
    statuses = [(call.status, call.error) for call in slack.calls("chat.postMessage")]
    assert statuses == [(429, "ratelimited"), (200, "")]


async def test_drop_before_cuts_the_connection_and_posts_nothing(slack, client, general):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_before"))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=general.id, text="hi")
    assert general.messages == []


async def test_drop_after_posts_and_cuts_the_connection(slack, client, general):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=general.id, text="hi")
    assert [seen.text for seen in general.messages] == ["hi"]
    assert [(call.status, call.fault) for call in slack.calls("chat.postMessage")] == [(0, "drop_after")]


async def test_default_sdk_posts_twice_when_the_answer_is_lost(slack, acme, general):
    """The trap for which bots must turn the SDK's connection retries off."""
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel=general.id, text="hi")
    assert [seen.text for seen in general.messages] == ["hi", "hi"]


async def test_delay_fault_performs_late(slack, client, general):
    slack.faults.add(Fault(match="chat.postMessage", kind="delay", seconds=0.05))
    await client.chat_postMessage(channel=general.id, text="hi")
    assert [seen.text for seen in general.messages] == ["hi"]


async def test_enforced_rates_refuse_a_second_post_in_one_second(session):
    now = 1_000.0
    async with SlackEmulator(enforce_rate_limits=True, clock=lambda: now) as slack:
        acme = slack.workspace("Acme")
        here, there = acme.channel("here"), acme.channel("there")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        await client.chat_postMessage(channel=here.id, text="1")
        await client.chat_postMessage(channel=there.id, text="1")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=here.id, text="2")
        assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
        assert caught.value.response.headers["Retry-After"] == "1"
        now = 1_001.5
        await client.chat_postMessage(channel=here.id, text="2")


async def test_enforced_rates_follow_the_tier_of_a_method(session):
    async with SlackEmulator(enforce_rate_limits=True, clock=lambda: 1_000.0) as slack:
        acme = slack.workspace("Acme")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        for _ in range(20):
            await client.users_list()
        assert await refusal(client.users_list()) == "ratelimited"
        await client.team_info()


async def test_equal_seeds_give_equal_ids():
    first, second, other = SlackEmulator(seed=7), SlackEmulator(seed=7), SlackEmulator(seed=8)
    tokens = [emulator.workspace("Acme").bot_token for emulator in (first, second, other)]
    assert tokens[0] == tokens[1] != tokens[2]
