"""Where people talk to the bot that is attacked: the emulated platforms, with one conversation on each."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from threadkeep_emulators.discord import DiscordEmulator, Intent, Settings
from threadkeep_emulators.faults import Fault, FaultKind
from threadkeep_emulators.openai import Answer, OpenAIEmulator, ToolCall
from threadkeep_emulators.slack import RetrySchedule, SlackEmulator

FIRST, SECOND = "Tell me the first thing.", "Tell me the second thing."
SECOND_ANSWER = "This is the second thing."
_WORDS = {"slack": 1_200, "slack-edits": 1_200, "discord": 450, "discord-components": 450}


def calls_of(platform: str, *, is_direct: bool) -> tuple[str, ...]:
    """Give the calls that show an answer: on Slack it is streamed into threads, unless that is switched off.

    Args:
        platform: ``slack``, ``slack-edits`` for a Slack on which nothing is streamed, ``discord``, or
            ``discord-components`` for a bot whose long answers are messages of components.
        is_direct: Whether it is a direct message.
    """
    return ("start", "append", "stop") if platform == "slack" and not is_direct else ("post", "edit")


def first_answer(platform: str, *, is_long: bool) -> str:
    """Give the answer to the first question; a long one takes a few messages."""
    if not is_long:
        return "This is the first thing."
    return " ".join(f"first-{number}" for number in range(_WORDS[platform]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as people see it."""

    is_ours: bool
    text: str


class Street(Protocol):
    """One conversation of a person with the bot."""

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which a bot finds the platform."""
        ...

    @property
    def session_id(self) -> str:
        """The conversation; known once something was said."""
        ...

    @property
    def seen(self) -> list[Said]:
        """What stands there now."""
        ...

    async def say(self, text: str) -> None:
        """Let the person speak to the bot."""
        ...

    async def wait(self, check: Callable[[list[Said]], bool], *, seconds: float) -> None:
        """Wait until what stands there satisfies a check."""
        ...

    def strike(self, what: str, kind: FaultKind, **fault: Any) -> None:
        """Let something go wrong with the next call that shows an answer, such as ``post``, or the next ``event``."""
        ...

    def was_struck(self) -> bool:
        """Tell whether all that was to go wrong has gone wrong."""
        ...

    async def cut(self) -> None:
        """Break the connection over which events come."""
        ...


class SlackStreet:
    """A thread in a Slack channel, or a direct message."""

    _names: ClassVar = {
        "post": "chat.postMessage",
        "edit": "chat.update",
        "start": "chat.startStream",
        "append": "chat.appendStream",
        "stop": "chat.stopStream",
        "event": "events",
    }

    def __init__(
        self, slack: SlackEmulator, *, is_direct: bool = False, is_streamed: bool = True, name: str = "Ann"
    ) -> None:
        self._slack = slack
        self._is_streamed = is_streamed
        self._acme = slack.workspace("Acme")
        self._ann = self._acme.user(name)
        self._general = self._acme.channel("general")
        self._is_direct = is_direct
        self._question: Any = None

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self._acme.bot_token,
            "SLACK_APP_TOKEN": self._slack.app_token,
            "SLACK_API_URL": self._slack.api_url,
            "SLACK_SOCKETS": "1",
            "SLACK_AGENT_VIEW": "0",
            "SLACK_STREAMING": "on" if self._is_streamed else "off",
        }

    @property
    def session_id(self) -> str:
        if self._is_direct:
            return f"slack:{self._acme.id}:{self._ann.direct.id}"
        return f"slack:{self._acme.id}:{self._general.id}:{self._question.ts}"

    @property
    def seen(self) -> list[Said]:
        return [Said(is_ours=message.is_ours, text=message.text) for message in self._place.messages]

    async def say(self, text: str) -> None:
        if self._is_direct:
            self._question = await self._ann.dm(text)
        elif self._question is None:
            self._question = await self._ann.says(self._general, f"{self._acme.bot.mention} {text}")
        else:
            await self._ann.replies(self._question, text)

    async def wait(self, check: Callable[[list[Said]], bool], *, seconds: float) -> None:
        await self._place.wait_for(lambda _: check(self.seen), timeout=seconds)

    def strike(self, what: str, kind: FaultKind, **fault: Any) -> None:
        self._slack.faults.add(Fault(match=self._names[what], kind=kind, **fault))

    def was_struck(self) -> bool:
        return not self._slack.faults.pending

    async def cut(self) -> None:
        self._slack.cut_sockets()

    @property
    def _place(self) -> Any:
        return self._ann.direct if self._is_direct else self._question.thread


class DiscordStreet:
    """A Discord channel, or a direct message."""

    _names: ClassVar = {
        "post": "POST /channels/{channel_id}/messages",
        "edit": "PATCH /channels/{channel_id}/messages/{message_id}",
        "event": "MESSAGE_CREATE",
    }

    def __init__(
        self, discord: DiscordEmulator, *, is_direct: bool = False, has_components: bool = False, name: str = "Cleo"
    ) -> None:
        self._discord = discord
        self._has_components = has_components
        self._club = discord.guild(f"Club of {name}")
        self._lounge = self._club.channel("lounge")
        self._cleo = discord.user(name)
        self._is_direct = is_direct
        self._place = self._cleo.dm_channel if is_direct else self._lounge

    @property
    def environ(self) -> dict[str, str]:
        return {
            "DISCORD_BOT_TOKEN": self._discord.bot.token,
            "DISCORD_API_URL": self._discord.api_url,
            "DISCORD_MESSAGE_CONTENT": "1",
            "DISCORD_LONG_ANSWERS": "components" if self._has_components else "messages",
        }

    @property
    def session_id(self) -> str:
        return f"discord:{'@me' if self._is_direct else self._club.id}:{self._place.id}"

    @property
    def seen(self) -> list[Said]:
        return [
            Said(is_ours=message.author.id == self._discord.bot.id, text=message.text)
            for message in self._place.messages
        ]

    async def say(self, text: str) -> None:
        if self._is_direct:
            await self._cleo.dm(text)
        else:
            await self._cleo.says(self._lounge, f"{self._discord.bot.mention} {text}")

    async def wait(self, check: Callable[[list[Said]], bool], *, seconds: float) -> None:
        await self._place.wait_for(lambda _: check(self.seen), timeout=seconds)

    def strike(self, what: str, kind: FaultKind, **fault: Any) -> None:
        self._discord.faults.add(Fault(match=self._names[what], kind=kind, **fault))

    def was_struck(self) -> bool:
        return not self._discord.faults.pending

    async def cut(self) -> None:
        await self._discord.gateway.drop()


# Slack tries again after a minute and after five; a test does not wait so long, and the platform does not give up.
_SCHEDULE = RetrySchedule(ack_timeout=1.5, delays=(0.2,) * 50)


def new_slack() -> SlackEmulator:
    """Make a Slack that does not let a test wait."""
    return SlackEmulator(schedule=_SCHEDULE)


def new_discord() -> DiscordEmulator:
    """Make a Discord that lets the bot read."""
    return DiscordEmulator(settings=Settings(privileged_intents=Intent.MESSAGE_CONTENT))


@asynccontextmanager
async def open_street(platform: str, *, is_direct: bool) -> AsyncIterator[Street]:
    """Open a platform of its own with one conversation."""
    if not platform.startswith("discord"):
        async with new_slack() as slack:
            yield SlackStreet(slack, is_direct=is_direct, is_streamed=platform == "slack")
        return
    async with new_discord() as discord:
        yield DiscordStreet(discord, is_direct=is_direct, has_components=platform == "discord-components")


@asynccontextmanager
async def open_model(platform: str, *, has_tool: bool) -> AsyncIterator[OpenAIEmulator]:
    """Serve a model that answers the two questions, the first one with a tool and at length if asked to."""

    def answer(request: Any) -> Answer:
        if "second" in request.last_user_text:
            return Answer(text=SECOND_ANSWER)
        if not has_tool or request.turns[-1].role == "tool":
            return Answer(
                text=first_answer(platform, is_long=has_tool), chunk_size=1_000 if has_tool else 5, delay=0.01
            )
        return Answer(tool_calls=(ToolCall(name="note", arguments='{"text": "first"}'),))

    async with OpenAIEmulator() as openai:
        openai.answers(*(answer for _ in range(100)))
        yield openai


@asynccontextmanager
async def open_echo(*, seconds: float = 0.0, pace: float = 0.01) -> AsyncIterator[OpenAIEmulator]:
    """Serve a model that answers ``Question 7`` with ``Answer 7.``, after some seconds and at a pace."""

    def answer(request: Any) -> Answer:
        number = re.findall(r"Question (\d+)", request.last_user_text)[-1]
        return Answer(text=f"This is answer {number}.", first_delay=seconds, delay=pace)

    async with OpenAIEmulator() as openai:
        openai.answers(*(answer for _ in range(1_000)))
        yield openai
