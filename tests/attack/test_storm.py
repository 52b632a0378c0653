"""Everything between the bot and the world fails at random, all at once: each question gets its one answer."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from siege.proxy import Proxy
from siege.starter import order_of_store
from siege.streets import DiscordStreet, SlackStreet, Street, new_discord, new_slack, open_echo

from threadkeep.stores.redis import scripts
from threadkeep_emulators.faults import Fault

_CALLS = ("accept", "claim", "record", "commit", "renew")
_REST = ("POST /channels/{channel_id}/messages", "PATCH /channels/{channel_id}/messages/{message_id}")
_QUESTIONS = 4
_LONG = 120.0


def trouble(slack: Any, discord: Any, openai: Any, proxy: Proxy) -> Sequence[Callable[[], Any]]:
    """Give what may go wrong: calls that are refused, late, lost before or after they are performed, events twice."""
    unperformed = [{"kind": "drop_before"}, {"kind": "status", "status": 503}, {"kind": "delay", "seconds": 0.4}]
    performed = [{"kind": "drop_after"}]
    found: list[Callable[[], Any]] = [
        slack.cut_sockets,
        discord.gateway.drop,
        discord.gateway.ask_to_reconnect,
        discord.gateway.invalidate,
        proxy.cut,
    ]

    def strike(emulator: Any, match: str, fault: dict[str, Any]) -> Callable[[], None]:
        return lambda: emulator.faults.add(Fault(match=match, **fault))

    for fault in [*unperformed, *performed]:
        found += [strike(slack, method, fault) for method in ("chat.postMessage", "chat.update")]
        found += [strike(discord, route, fault) for route in _REST]
    found += [strike(slack, "events", {"kind": kind}) for kind in ("drop_before", "drop_after", "duplicate")]
    found += [strike(discord, "MESSAGE_CREATE", {"kind": "duplicate"})]
    # A model that refuses three times in a row is answered with an apology, which is right but no answer.
    found += [strike(openai, "*", {"kind": "delay", "seconds": 0.4})]
    found += [lambda name=name: proxy.lose_answers_to(getattr(scripts, name.upper()).sha.encode()) for name in _CALLS]
    return found


async def storm(troubles: Sequence[Callable[[], Any]]) -> None:
    """Let something go wrong a few times a second."""
    while True:
        await asyncio.sleep(random.random() * 0.4)
        made = random.choice(troubles)
        try:
            made = made()
            if asyncio.iscoroutine(made):
                await made
        except RuntimeError:
            pass  # nobody is connected whom it could hit


async def talk(street: Street) -> None:
    """Ask one question after the other, each when the one before is answered."""
    for number in range(1, _QUESTIONS + 1):
        await street.say(f"Question {number}.")
        await street.wait(lambda seen, number=number: f"This is answer {number}." in seen[-1].text, seconds=_LONG)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(400)
async def test_in_a_storm_of_faults_each_question_has_exactly_one_answer(starter, redis_server, tmp_path):
    port = int(redis_server.url.rsplit(":", 1)[1].split("/")[0])
    async with new_slack() as slack, new_discord() as discord, open_echo() as openai, Proxy(port) as proxy:
        streets: list[Street] = [SlackStreet(slack, name=f"Ann {number}") for number in range(4)]
        streets += [DiscordStreet(discord, name=f"Cleo {number}") for number in range(4)]
        bot = await starter.start(
            log=tmp_path / "log",
            environ={
                **streets[0].environ,
                **streets[-1].environ,
                "OPENAI_API_KEY": openai.api_key,
                "OPENAI_BASE_URL": openai.url,
            },
            **order_of_store(
                f"redis://127.0.0.1:{proxy.port}/0",
                prefix=f"attack-{uuid4().hex}",
                folder=tmp_path,
                lease_seconds=1.0,
                timeout=2.0,
            ),
            has_tool=False,
            ledger=str(tmp_path / "ledger"),
            point=None,
            trace=str(tmp_path / "trace"),
        )
        assert await bot.wait_ready()
        raging = asyncio.create_task(storm(trouble(slack, discord, openai, proxy)))
        try:
            async with asyncio.TaskGroup() as group:
                for street in streets:
                    group.create_task(talk(street))
        finally:
            raging.cancel()
            await asyncio.gather(raging, return_exceptions=True)
        await bot.stop()
        assert bot.status == 0
        for street in streets:
            said = [said.text for said in street.seen if said.is_ours]
            assert said == [f"This is answer {number}." for number in range(1, _QUESTIONS + 1)], (
                f"{said}\n{(tmp_path / 'log').read_text()[-6000:]}"
            )
    assert "Traceback" not in (tmp_path / "log").read_text()
