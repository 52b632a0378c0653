"""Payloads with anything wrong about them: each is acknowledged or deliberately refused, and stops no other."""

import asyncio
import dataclasses
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep_slack import SlackAdapter

FOLDER = Path(__file__).parent / "payloads"
EVENTS = [json.loads(path.read_text())["payload"] for path in sorted(FOLDER.glob("*.json"))]
OUTER = {key: value for key, value in EVENTS[0].items() if key != "event"}
WHO = {"user": {"id": "U_ANN", "team_id": "T_TEAM"}, "team": {"id": "T_TEAM", "domain": "acme"}, "trigger_id": "1.2.x"}
MESSAGE = {"type": "message", "user": "U_BOT", "ts": "1700000000.000100", "text": "an answer", "bot_id": "B_BOT"}
HEARD = [
    {"type": "reaction_added", "user": "U_ANN", "reaction": "octagonal_sign", "event_ts": "1700000001.000100"}
    | {"item": {"type": "message", "channel": "D_ANN", "ts": "1700000000.000100"}, "item_user": "U_BOT"},
    {"type": "reaction_removed", "user": "U_ANN", "reaction": "+1::skin-tone-2", "event_ts": "1700000001.000100"}
    | {"item": {"type": "message", "channel": "D_ANN", "ts": "1700000000.000100"}, "item_user": "U_BOT"},
    {"type": "agent_session_stopped", "channel": "D_ANN", "user": "U_ANN", "thread_ts": "1700000000.000100"},
    {"type": "app_home_opened", "user": "U_ANN", "channel": "D_ANN", "tab": "home", "view": {"id": "V1"}},
    {"type": "app_home_opened", "user": "U_ANN", "channel": "D_ANN", "tab": "messages"},
    {"type": "app_context_changed", "user": "U_ANN", "channel": "D_ANN", "context": {"entities": [{"type": "x"}]}},
    {"type": "assistant_thread_started"}
    | {
        "assistant_thread": {"user_id": "U_ANN", "channel_id": "D_ANN", "thread_ts": "1700000000.000100", "context": {}}
    },
    {"type": "member_joined_channel", "user": "U_BOT", "channel": "C_GENERAL", "inviter": "U_ANN"},
    # Another's user, so that it does not end the connection unless a mutation makes it.
    {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U1"]}},
]
INTERACTIONS = [
    WHO
    | {"type": "block_actions", "container": {"type": "message", "message_ts": "1.1", "channel_id": "D_ANN"}}
    | {"channel": {"id": "D_ANN", "name": "directmessage"}, "message": MESSAGE, "response_url": "https://x.invalid/"}
    | {"actions": [{"action_id": action, "block_id": "b", "type": "button", "value": "v", "action_ts": "1700000001.1"}]}
    for action in ("threadkeep_stop", "threadkeep:answer", "threadkeep_form:x", "threadkeep_feedback", "threadkeep")
] + [
    WHO
    | {"type": "view_submission", "response_urls": []}
    | {"view": {"id": "V1", "callback_id": name, "private_metadata": "{}", "state": {"values": {"b": {"a": {}}}}}}
    for name in ("threadkeep_form", "threadkeep_setup", "threadkeep_question", "other")
]
INTERACTIONS += [
    WHO
    | {"type": "message_action", "callback_id": "threadkeep_ask", "message_ts": "1.1", "message": MESSAGE}
    | {"channel": {"id": "D_ANN"}, "response_url": "https://x.invalid/"},
    WHO | {"type": "shortcut", "callback_id": "threadkeep_new", "action_ts": "1700000001.1"},
]
COMMANDS = [
    {"command": command, "text": "x", "team_id": "T_TEAM", "user_id": "U_ANN", "user_name": "ann"}
    | {"channel_id": "D_ANN", "channel_name": "directmessage", "api_app_id": "A_APP", "trigger_id": "1.2.x"}
    | {"response_url": "https://x.invalid/", "is_enterprise_install": "false"}
    for command in ("/stop", "/new", "/help")
]
BASES = [
    *(("events_api", payload) for payload in [*EVENTS, *(OUTER | {"event": event} for event in HEARD)]),
    *(("interactive", payload) for payload in INTERACTIONS),
    *(("slash_commands", payload) for payload in COMMANDS),
]


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def nested_blocks(depth):
    block = {"type": "rich_text_section", "elements": [{"type": "text", "text": "deep"}]}
    for _ in range(depth):
        block = {"type": "rich_text_list", "elements": [block]}
    return [{"type": "rich_text", "elements": [block]}]


JUNK = st.sampled_from(
    [
        None, True, False, 0, -1, 1.5, 10**30, 1e308, "", " ", "0", "-1", "1e5", "nan", "١٢.٣", "\x00", "\ud800",
        "😀" * 50, "\u202e\u2066", "x" * 70_000, "<@U_BOT>" * 500, "<@", "<!channel|", "C:1", "../..", [], [None],
        [[]], {}, {"": None}, {"type": None}, {"id": {"id": {}}}, nested(150), nested_blocks(60),
        "99999999999999999999.000001", "1700000000", "1700000000.", ".5", "U_BOT", "T_OTHER", "message_changed",
    ]
)  # fmt: skip
DELETE = object()


def paths_in(value, path=()):
    """Give the way to every part of a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from paths_in(part, (*path, key))


@st.composite
def wrong_payloads(draw):
    """A real payload in which a few parts are missing, or are something else."""
    kind, base = draw(st.sampled_from(BASES))
    payload = json.loads(json.dumps(base))
    for _ in range(draw(st.integers(1, 3))):
        known = list(paths_in(payload))
        if not known:
            break
        *way, last = draw(st.sampled_from(known))
        part = payload
        for key in way:
            part = part[key]
        value = draw(st.one_of(st.just(DELETE), JUNK))
        if value is DELETE:
            del part[last]
        else:
            part[last] = json.loads(json.dumps(value))
    return kind, payload


def request_of(kind, payload):
    """Give a body and its type as Slack sends them over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = {"payload": json.dumps(payload)} if kind == "interactive" else payload
    return urlencode(form, errors="replace").encode(), "application/x-www-form-urlencoded"


class Workplace:
    """An adapter to which requests are given directly, all signed."""

    def __init__(self, adapter, slack, acme):
        self.adapter = adapter
        self.slack = slack
        ann, bob = acme.user("Ann"), acme.user("Bob")
        self.ids = {
            "T_TEAM": acme.id,
            "U_BOT": acme.team.bot_user,
            "B_BOT": acme.team.bot.id,
            "A_APP": slack.app.id,
            "U_ANN": ann.id,
            "U_BOB": bob.id,
            "C_GENERAL": acme.channel("general").id,
            "D_ANN": ann.direct.id,
            "G_PRIVATE": acme.channel("closed", is_private=True).id,
            "G_MPIM": acme.group(ann, bob).id,
        }

    async def post(self, kind, payload):
        body, content_type = request_of(kind, payload)
        for name, value in self.ids.items():
            body = body.replace(name.encode(), value.encode())
        sent_at = str(int(time.time()))
        digest = hmac.new(self.slack.signing_secret.encode(), f"v0:{sent_at}:".encode() + body, hashlib.sha256)
        headers = {
            "X-Slack-Request-Timestamp": sent_at,
            "X-Slack-Signature": f"v0={digest.hexdigest()}",
            "Content-Type": content_type,
        }
        async with asyncio.timeout(10):
            return await self.adapter.answer_request(body, headers=headers)


@asynccontextmanager
async def workplace(slack, acme, http_settings, sink):
    adapter = SlackAdapter(http_settings())
    adapter.mount()
    await adapter.start(sink)
    try:
        yield Workplace(adapter, slack, acme)
    finally:
        await adapter.stop()


def is_storable(event):
    """Tell whether a store can write all that an event says."""
    json.dumps(dataclasses.asdict(event), default=str, ensure_ascii=False).encode()
    return True


@settings(deadline=None, max_examples=250, suppress_health_check=list(HealthCheck))
@given(wrongs=st.lists(wrong_payloads(), min_size=1, max_size=4))
async def test_a_payload_with_anything_wrong_is_acknowledged_and_stops_no_other(
    slack, acme, http_settings, sink, wrongs
):
    sink.events.clear()
    async with workplace(slack, acme, http_settings, sink) as place:
        with structlog.testing.capture_logs() as logs:
            for kind, payload in wrongs:
                answer = await place.post(kind, payload)
                names = [line["event"] for line in logs]
                assert answer.status == 200 or "slack_event_not_acknowledged" in names
                assert "slack_event_failed" not in names, logs
        sound = OUTER | {"event": {"type": "message", "channel": "D_ANN", "channel_type": "im", "user": "U_ANN"}}
        sound["event"] |= {"ts": "1800000000.000001", "text": "still there?"}
        assert (await place.post("events_api", sound)).status == 200
        assert all(is_storable(event) for event in sink.events)
        assert any(event.kind == "message" and event.text == "still there?" for event in sink.events)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(body=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
async def test_a_signed_body_of_any_bytes_is_acknowledged_unless_it_is_no_text(slack, acme, http_settings, sink, body):
    async with workplace(slack, acme, http_settings, sink) as place:
        sent_at = str(int(time.time()))
        digest = hmac.new(slack.signing_secret.encode(), f"v0:{sent_at}:".encode() + body, hashlib.sha256)
        for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=klingon"):
            headers = {
                "x-slack-request-timestamp": sent_at,
                "x-slack-signature": f"v0={digest.hexdigest()}",
                "content-type": content_type,
            }
            answer = await place.adapter.answer_request(body, headers=headers)
            assert answer.status == (200 if body.decode(errors="ignore").encode() == body else 401)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(wrongs=st.lists(wrong_payloads(), min_size=1, max_size=8))
async def test_over_a_socket_the_same_holds(slack, acme, connect, socket_settings, sink, wrongs):
    known = len(sink.events)
    adapter = await connect(socket_settings(sockets=1))
    try:
        deliveries = [slack.deliver_payload(payload, kind=kind) for kind, payload in wrongs]
        await slack.wait_until_settled(timeout=10)
        assert all(delivery.is_acked for delivery in deliveries)
        await acme.user("Ann").dm("still there?")
        await sink.wait_for(known + 1)
        assert slack.connections
    finally:
        await adapter.stop()
        await slack.wait_for_connections(0)


async def test_frames_that_are_no_requests_are_acknowledged_or_ignored(slack, acme, adapter, sink):
    for frame in ({}, {"type": None}, {"type": "events_api"}, {"type": "disconnected"}, {"payload": nested(200)}):
        await slack.send_frame(frame)
    deep = '{"type": "events_api", "envelope_id": "e1", "payload": ' + "[" * 5_000 + "]" * 5_000 + "}"
    for connection in slack.sockets.connections:
        await connection.socket.send_str(deep)
    await acme.user("Ann").dm("still there?")
    await sink.wait_for()
