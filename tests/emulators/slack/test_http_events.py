"""The Events API over HTTP, received by Bolt behind aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from threadkeep_emulators.faults import Fault
from threadkeep_emulators.slack import RetrySchedule

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
IMPATIENT = pytest.mark.parametrize("schedule", [RetrySchedule(ack_timeout=0.1, scale=0.0001)], ids=["impatient"])


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        server = web.Application()
        server.router.add_post("/slack/events", handler)
        runner = web.AppRunner(server, shutdown_timeout=0.5)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"

    yield start
    for runner in runners:
        await runner.cleanup()


def behind_aiohttp(app: AsyncApp) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handle


async def challenged(request: web.Request) -> web.Response | None:
    body = await request.json()
    return web.json_response({"challenge": body["challenge"]}) if "challenge" in body else None


async def test_bolt_receives_signed_events_and_answers(slack, acme, ann, general, make_bolt, serve):
    app = make_bolt()

    @app.event("app_mention")
    async def on_mention(event: dict, say):
        await say(text="Hello over HTTP", thread_ts=event["ts"])

    @app.event("message")
    async def on_message():
        pass

    await slack.use_request_url(await serve(behind_aiohttp(app)))
    question = await ann.says(general, f"{acme.bot.mention} hi")
    await question.thread.wait_for_reply(contains="over HTTP")
    await slack.wait_until_settled()
    assert {delivery.acked_by for delivery in slack.deliveries} == {"http"}


async def test_wrong_secret_is_refused_by_bolt(slack, ann, general, client, serve):
    app = AsyncApp(client=client, signing_secret="another")
    with pytest.raises(ValueError, match="challenge"):
        await slack.use_request_url(await serve(behind_aiohttp(app)))


async def test_failures_are_retried_with_number_and_reason(slack, ann, general, serve):
    seen: list[tuple[str | None, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        answer = await challenged(request)
        if answer is None:
            seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
            answer = web.Response(status=500 if len(seen) < 3 else 200)
        return answer

    await slack.use_request_url(await serve(handle))
    message = await ann.says(general, "hi")
    delivery = await slack.wait_until_acked(message.deliveries[0])
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert [attempt.status for attempt in delivery.attempts] == [500, 500, 200]


async def test_no_retry_header_ends_the_retries(slack, ann, general, serve):
    async def handle(request: web.Request) -> web.Response:
        return await challenged(request) or web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    await slack.use_request_url(await serve(handle))
    message = await ann.says(general, "hi")
    await slack.wait_until_settled()
    [delivery] = message.deliveries
    assert (len(delivery.attempts), delivery.is_given_up) == (1, True)


@IMPATIENT
async def test_slow_app_runs_into_the_time_limit(slack, ann, general, serve):
    release = asyncio.Event()
    reasons: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        answer = await challenged(request)
        if answer is None and "X-Slack-Retry-Num" not in request.headers:
            await release.wait()
        if answer is None:
            reasons.append(request.headers.get("X-Slack-Retry-Reason", ""))
        return answer or web.Response()

    await slack.use_request_url(await serve(handle))
    message = await ann.says(general, "hi")
    delivery = await slack.wait_until_acked(message.deliveries[0])
    release.set()
    assert "http_timeout" in reasons
    assert delivery.attempts[0].outcome == "timeout"


async def test_unreachable_app_is_a_failed_connection(slack, ann, general, serve, schedule):
    async def handle(request: web.Request) -> web.Response:
        return await challenged(request) or web.Response()

    address = await serve(handle)
    await slack.use_request_url(address)
    slack.faults.add(Fault(match="events", kind="drop_after"))
    message = await ann.says(general, "hi")
    delivery = await slack.wait_until_acked(message.deliveries[0])
    assert [attempt.outcome for attempt in delivery.attempts] == ["connection_lost", "acked"]
    assert delivery.attempts[1].reason == "connection_failed"


async def test_clicks_and_commands_come_as_forms(slack, client, acme, ann, general, make_bolt, serve):
    app = make_bolt()

    @app.command("/ask")
    async def on_ask(ack, command: dict):
        await ack(f"You asked: {command['text']}")

    @app.action("approve")
    async def on_approve(ack, respond):
        await ack()
        await respond("approved")

    @app.event("message")
    async def on_message():
        pass

    await slack.use_request_url(await serve(behind_aiohttp(app)))
    interaction = await ann.commands(general, "/ask", "why")
    assert interaction.delivery.is_acked
    assert [seen.text for seen in ann.sees_ephemerals(general)] == ["You asked: why"]
    element = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}}
    await client.chat_postMessage(channel=general.id, text="ok?", blocks=[{"type": "actions", "elements": [element]}])
    await ann.clicks(general.messages[0], "Approve")
    await slack.wait_until_settled()
    slack.use_socket_mode()
    assert slack.app.request_url is None
