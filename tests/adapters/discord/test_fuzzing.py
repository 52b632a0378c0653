"""Dispatches with anything wrong about them: each is read or skipped, and none ends the connection or stops others."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep.chat.adapter import Acceptance
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import DiscordEmulator, Intent, Settings

WAIT_SECONDS = 20


def nested(depth):
    value: Any = {"components": [], "message": {}, "content": "deep"}
    for _ in range(depth):
        value = {"components": [value], "referenced_message": {"id": "1"}}
    return value


JUNK = st.sampled_from(
    [
        None, True, False, 0, -1, 1.5, 10**30, -(10**30), 1e308, "", " ", "0", "-1", "1e5", "nan", "١٢٣", "\x00",
        "😀" * 50, "\u202e\u2066", "x" * 20_000, "<@1>" * 500, "<@", "<@&", "@everyone", [], [None], [[]], {},
        {"": None}, {"id": {"id": {}}}, nested(40), "99999999999999999999999", "1700000000",
        "2026-13-99T99:99:99+00:00", "MESSAGE_CREATE", "/stop", "!new",
    ]
)  # fmt: skip
DELETE = object()


class Rig:
    """An adapter that listens to an emulator, in a loop of its own that lives as long as the examples."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.heard: list[Any] = []
        self.bases: list[tuple[str, Any]] = []
        self.number = 0
        self._stack = AsyncExitStack()
        self._more = asyncio.Event()

    async def sink(self, event):
        self.heard.append(event)
        self._more.set()
        return Acceptance.ACCEPTED

    async def open(self):
        options = Settings(privileged_intents=Intent.MESSAGE_CONTENT)
        self.discord = await self._stack.enter_async_context(DiscordEmulator(settings=options))
        self.guild = self.discord.guild("Club")
        self.general = self.guild.channel("general")
        self.ann = self.discord.user("Ann", guilds=[self.guild])
        self.adapter = DiscordAdapter(self.discord.bot.token, api_url=self.discord.api_url, message_content=True)
        await self.adapter.start(self.sink)
        self._stack.push_async_callback(self.adapter.stop)
        await self._gather_bases()

    async def _gather_bases(self):
        """Let everything happen once, and keep the dispatches that told of it."""
        ann, general, bot = self.ann, self.general, self.discord.bot
        said = await ann.says(general, f"{bot.mention} look", files={"notes.txt": b"text"})
        await ann.replies(said, f"{bot.mention} and this")
        await ann.edits(said, "look again")
        await ann.reacts(said, "🛑")
        await ann.reacts(said, "👍")
        await ann.deletes(said)
        await ann.dm("hello")
        (session,) = self.discord.gateway.sessions
        self.bases = [(frame.name, frame.payload) for frame in session.backlog if frame.name != "READY"]
        self.bases += [("INTERACTION_CREATE", payload) for payload in self._interactions()]
        await self.prove_alive()

    def _interactions(self):
        who = {"id": "1", "application_id": str(self.discord.bot.id), "token": "token", "version": 1, "locale": "de"}
        where = {"channel_id": str(self.general.id), "guild_id": str(self.guild.id), "channel": {"id": "1", "type": 0}}
        user = {"id": str(self.ann.id), "username": "ann", "discriminator": "0", "avatar": None, "global_name": "Ann"}
        member = {"user": user, "roles": [], "permissions": "0", "joined_at": "2026-01-01T00:00:00+00:00", "flags": 0}
        message = {"id": "5", "channel_id": str(self.general.id), "content": "x", "components": [], "author": user}
        base = {**who, **where, "member": member}
        for name in ("ask", "stop", "new", "help", "other"):
            options = [{"name": "question", "type": 3, "value": "what?"}]
            yield {**base, "type": 2, "data": {"id": "9", "name": name, "type": 1, "options": options}}
        for custom_id in ("threadkeep:stop", "tk:answer:1", "x" * 100, ""):
            yield {**base, "type": 3, "message": message, "data": {"custom_id": custom_id, "component_type": 2}}
            row = {"type": 1, "components": [{"type": 4, "custom_id": "field", "value": "text"}]}
            yield {**base, "type": 5, "message": message, "data": {"custom_id": custom_id, "components": [row]}}

    async def prove_alive(self):
        """Say something and wait until it was heard."""
        self.number += 1
        text = f"still here {self.number}"
        await self.ann.dm(text)
        async with asyncio.timeout(WAIT_SECONDS):
            while not any(getattr(event, "text", None) == text for event in self.heard):
                self._more.clear()
                await self._more.wait()
        self.heard.clear()

    async def dispatch(self, frames):
        with structlog.testing.capture_logs() as logs:
            for name, payload in frames:
                self.discord.gateway.dispatch(name, payload)
            await self.prove_alive()
        return logs

    def close(self):
        self.runner.run(self._stack.aclose())
        self.runner.close()


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.runner.run(rig.open())
    yield rig
    rig.close()


def paths_in(value, path=()):
    """Give the way to every part of a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from paths_in(part, (*path, key))


def spoil(draw, base):
    """Give a payload in which a few parts are missing, or are something else."""
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
    return payload


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_payload_ends_the_connection(rig, data):
    frames = []
    for _ in range(8):
        name, base = data.draw(st.sampled_from(rig.bases))
        frames.append((name, data.draw(st.composite(spoil)(base))))
    logs = rig.runner.run(rig.dispatch(frames))
    assert (rig.discord.gateway.identifies, rig.discord.gateway.resumes) == (1, 0)
    assert not [entry for entry in logs if entry["event"] in {"discord_gateway_failed", "discord_gateway_lost"}]


@pytest.mark.parametrize("payload", [None, [], "text", 7, True, {}, nested(40)], ids=repr)
def test_no_shape_of_a_payload_ends_the_connection(rig, payload):
    names = sorted({name for name, _ in rig.bases} | {"SOMETHING_NEW", "GUILD_DELETE", "CHANNEL_DELETE"})
    rig.runner.run(rig.dispatch([(name, payload) for name in names]))
    assert (rig.discord.gateway.identifies, rig.discord.gateway.resumes) == (1, 0)


def test_an_interaction_without_an_id_holds_up_nothing(rig):
    name, payload = next(base for base in rig.bases if base[0] == "INTERACTION_CREATE")
    broken = {key: value for key, value in payload.items() if key not in {"id", "token"}}
    rig.runner.run(rig.dispatch([(name, broken)]))
    rig.runner.run(rig.dispatch([]))


def test_what_is_skipped_is_logged_without_what_was_said_in_it(rig):
    logs = rig.runner.run(rig.dispatch([("MESSAGE_CREATE", {"id": "5", "content": "a secret", "author": {"id": 7}})]))
    skipped = [(entry["kind"], entry["id"]) for entry in logs if entry["event"] == "discord_event_skipped"]
    assert skipped == [("MESSAGE_CREATE", "5")]
    assert "a secret" not in str(logs)
