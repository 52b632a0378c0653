"""Slack and a model server as small as they can be: what all contestants talk to, outside of their processes."""

import asyncio
import itertools
import json
import time
from collections import Counter
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from peers.words import ANSWER, CHUNKS, END, PERSON, QUESTION, TEAM

BOT_USER, BOT_ID = "U0BENCHBOT", "B0BENCHBOT"


class Platforms:
    """The Slack Web API, Socket Mode and Chat Completions on one port of this machine.

    Attributes:
        first_delay: Seconds before the model says anything.
        chunk_delay: Seconds between the chunks of a streamed answer.
        calls: How often a Web API method was called, by contestant and method.
        is_threaded: Whether questions stand in a thread, where Slack's own streaming works.
        first_visible: Seconds from the model's first word to the first call that showed something, for each question.
    """

    def __init__(self) -> None:
        self.first_delay = 0.0
        self.chunk_delay = 0.0
        self.calls: Counter[tuple[str, str]] = Counter()
        self.is_threaded = False
        self.first_visible: list[float] = []
        self._spoke_at: float | None = None
        self._streams: dict[str, tuple[str, str]] = {}
        self._numbers = itertools.count(1)
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._connected: dict[str, asyncio.Future[float]] = {}
        self._waiting: dict[str, asyncio.Future[float]] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/api/{method}", self._web_api)
        app.router.add_get("/api/{method}", self._web_api)
        app.router.add_get("/socket/{name}", self._socket)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for socket in list(self._sockets.values()):
            await socket.close()
        assert self._runner is not None
        await self._runner.cleanup()

    def environ(self, name: str) -> dict[str, str]:
        """Give the variables with which a contestant finds everything."""
        return {
            "SLACK_BOT_TOKEN": f"xoxb-{name}",
            "SLACK_APP_TOKEN": f"xapp-{name}",
            "SLACK_API_URL": f"{self.url}/api/",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": "sk-bench",
        }

    async def connected(self, name: str, *, limit: float = 60.0) -> float:
        """Wait for a contestant's websocket and give the moment at which it was opened."""
        future = self._connected.setdefault(name, asyncio.get_running_loop().create_future())
        return await asyncio.wait_for(asyncio.shield(future), limit)

    def forget(self, name: str) -> None:
        """Make ``connected`` wait for the contestant's next connection."""
        self._connected.pop(name, None)

    async def ask(self, name: str, channel: str, *, limit: float = 60.0) -> float:
        """Say something in a direct message and give the seconds until the whole answer was visible."""
        answered = self._waiting[channel] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._spoke_at = None
        await self._sockets[name].send_str(json.dumps(self._envelope(channel)))
        return await asyncio.wait_for(answered, limit) - began

    def _envelope(self, channel: str) -> dict[str, Any]:
        number = next(self._numbers)
        now = time.time()
        element = {"type": "text", "text": QUESTION}
        block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}
        event = {
            "type": "message",
            "channel": channel,
            "channel_type": "im",
            "user": PERSON,
            "text": QUESTION,
            "ts": f"{int(now)}.{number:06}",
            "event_ts": f"{int(now)}.{number:06}",
            "client_msg_id": f"00000000-0000-4000-8000-{number:012}",
            "team": TEAM,
            "blocks": [{**block, "block_id": "b1"}],
        }
        if self.is_threaded:
            event["thread_ts"] = f"1790000000.{number:06}"
        grant = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
        payload = {
            "token": "verification",
            "team_id": TEAM,
            "api_app_id": "A0BENCH001",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:09}",
            "event_time": int(now),
            "authorizations": [{**grant, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
            "event_context": f"4-{number}",
        }
        return {
            "envelope_id": f"10000000-0000-4000-8000-{number:012}",
            "type": "events_api",
            "accepts_response_payload": False,
            "retry_attempt": 0,
            "retry_reason": "",
            "payload": payload,
        }

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        name = request.match_info["name"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {"type": "hello", "num_connections": 1, "debug_info": {"approximate_connection_time": 3600}}
        )
        self._sockets[name] = socket
        future = self._connected.setdefault(name, asyncio.get_running_loop().create_future())
        if not future.done():
            future.set_result(time.perf_counter())
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket

    async def _web_api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        name = request.headers.get("Authorization", "").rpartition("-")[2]
        self.calls[name, method] += 1
        body = await request.read()
        if method in {"chat.postMessage", "chat.update"}:
            return web.json_response(
                self._show(json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode())))
            )
        if method in {"chat.startStream", "chat.appendStream", "chat.stopStream"}:
            return web.json_response(self._stream(json.loads(body)))
        if method.startswith(("agents.", "assistant.")) and not self.is_threaded:
            # All contestants are plain apps: what only one of them would do for an agent's looks is not measured.
            return web.json_response({"ok": False, "error": "unknown_method"})
        answer: dict[str, Any] = {"ok": True}
        if method == "auth.test":
            answer |= {
                "url": self.url,
                "team": "Bench",
                "user": "bot",
                "team_id": TEAM,
                "user_id": BOT_USER,
                "bot_id": BOT_ID,
            }
        elif method == "apps.connections.open":
            answer["url"] = f"{self.url.replace('http', 'ws')}/socket/{name}"
        elif method == "users.info":
            profile = {"display_name": "Ann", "real_name": "Ann Person"}
            answer["user"] = {
                "id": PERSON,
                "team_id": TEAM,
                "name": "ann",
                "real_name": "Ann Person",
                "profile": profile,
            }
        return web.json_response(answer)

    def _stream(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Take a call of Slack's own streaming."""
        ts = arguments.get("ts") or f"{int(time.time())}.{next(self._numbers):06}"
        channel, before = self._streams.get(ts, (arguments["channel"], ""))
        text = before + "".join(chunk.get("text", "") for chunk in arguments.get("chunks") or [])
        self._streams[ts] = channel, text
        return self._show({"channel": channel, "ts": ts, "text": text})

    def _show(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = arguments["channel"]
        if self._spoke_at is not None:
            self.first_visible.append(time.perf_counter() - self._spoke_at)
            self._spoke_at = None
        text = arguments.get("markdown_text") or _words(arguments.get("blocks")) or arguments.get("text") or ""
        waiting = self._waiting.get(channel)
        if text.rstrip().endswith(END) and waiting is not None and not waiting.done():
            waiting.set_result(time.perf_counter())
        ts = arguments.get("ts") or f"{int(time.time())}.{next(self._numbers):06}"
        message = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "ts": ts, "text": text, "team": TEAM}
        return {"ok": True, "channel": channel, "ts": ts, "message": message}

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        if self.first_delay:
            await asyncio.sleep(self.first_delay)
        if not asked.get("stream"):
            return web.Response(body=_WHOLE, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        if not self.chunk_delay:
            await response.write(b"".join(_STREAM))
            return response
        due = time.perf_counter()
        for number, chunk in enumerate(_STREAM):
            await response.write(chunk)
            if number == 1:
                self._spoke_at = time.perf_counter()
            due += self.chunk_delay
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return response


def _words(blocks: list[dict[str, Any]] | None) -> str:
    """Give what stands in the Markdown of blocks."""
    return "".join(block["text"] for block in blocks or () if block["type"] == "markdown")


_HEAD = {"id": "chatcmpl-bench0000000000000000000000", "created": 1_790_000_000, "model": "gpt-5.4-mini-2026-03-05"}
_TAIL = {"service_tier": "default", "system_fingerprint": "fp_bench00000"}
_USAGE = {"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400}


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    body = {**_HEAD, "object": "chat.completion.chunk", **_TAIL, "choices": [choice], "usage": None}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def _usage_chunk() -> bytes:
    body = {**_HEAD, "object": "chat.completion.chunk", **_TAIL, "choices": [], "usage": _USAGE}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


_STREAM = [
    _chunk({"role": "assistant", "content": ""}),
    *(_chunk({"content": text}) for text in CHUNKS),
    _chunk({}, "stop"),
    _usage_chunk(),
    b"data: [DONE]\n\n",
]
_CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": ANSWER, "refusal": None, "annotations": []},
    "logprobs": None,
    "finish_reason": "stop",
}
_WHOLE = json.dumps({**_HEAD, "object": "chat.completion", **_TAIL, "choices": [_CHOICE], "usage": _USAGE}).encode()
