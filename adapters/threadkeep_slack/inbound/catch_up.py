"""Reading what was said in a place while nobody listened."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from threadkeep.chat.events import Event, Place, PlaceKind
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep_slack.home.answering import addressed_in
from threadkeep_slack.home.notes import AnswerWhen
from threadkeep_slack.inbound.bots import Hearing
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.events import NOW, addressing_of, people_in
from threadkeep_slack.inbound.hearing import hear
from threadkeep_slack.inbound.payloads import SlackMessage, in_channel
from threadkeep_slack.inbound.turns import rank_of
from threadkeep_slack.limits import (
    CATCH_UP_ATTEMPTS,
    CATCH_UP_DELAY,
    CATCH_UP_NAMES_SECONDS,
    CATCH_UP_PAGES,
    LOOK_BACK_PAGE,
)
from threadkeep_slack.web_api import messages_in, next_cursor, platform_errors
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

_TIMESTAMP: Final = re.compile(r"\d{1,12}\.\d{1,12}")

ReadPage = Callable[[str], Awaitable[AsyncSlackResponse]]
"""Asks Slack for the page of a cursor."""


class History:
    """Reads places back from a message on, as far as ``CATCH_UP_PAGES``.

    Args:
        client: The client of the bot.
        workspace: The bot's installation.
        directory: What people and conversations are called.
        is_threaded: Tells whether a direct message of this time begins a thread.
        answer_when: Tells when the bot answers in a channel.
        hearing: Whose words count; people's alone if not said.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        workspace: Workspace,
        directory: Directory,
        is_threaded: Callable[[str], bool],
        answer_when: Callable[[str], AnswerWhen] = lambda _: AnswerWhen.FOLLOWED,
        hearing: Hearing | None = None,
    ) -> None:
        self._client: Final = client
        self._workspace: Final = workspace
        self._directory: Final = directory
        self._is_threaded: Final = is_threaded
        self._answer_when: Final = answer_when
        self._hearing: Final = hearing or Hearing()
        self._read_directs: Final[set[str]] = set()

    async def since(self, place: Place, after: str, *, most: int) -> AsyncIterator[Event]:
        """Read what people said in a place after a message, oldest first, as live events would tell it.

        Where each direct message begins a thread, those that began one since and were not answered come along with the
        first thread of the conversation that is read.

        Args:
            place: The place.
            after: The timestamp of the last message that is known.
            most: How many events to give.

        Raises:
            PlatformError: The place cannot be read.
        """
        if not _TIMESTAMP.fullmatch(after):
            raise PlatformError(f"{after!r} is no message of Slack's to read on from")
        given = 0
        for message in await self._read(place, after):
            event = await self._hear(message, place)
            if event is None:
                continue
            if given == most:
                _log.warning("slack_missed_more", session_id=str(place.session), most=most)
                return
            yield event
            given += 1

    async def _read(self, place: Place, after: str) -> list[SlackMessage]:
        channel, thread = place.session.channel, place.session.thread
        of_channel = _pages_of_channel(self._client, channel, after)
        if thread is None:
            return await self._collect(of_channel, place, after)
        found = await self._collect(_pages_of_thread(self._client, channel, thread, after), place, after)
        if place.kind is not PlaceKind.DIRECT or not self._is_threaded(NOW) or channel in self._read_directs:
            return found
        begun = await self._collect(of_channel, place, after)
        self._read_directs.add(channel)
        return sorted([*found, *begun], key=lambda message: rank_of(message.ts))

    async def _collect(self, read_page: ReadPage, place: Place, after: str) -> list[SlackMessage]:
        """Read all pages, and sort: a thread comes oldest first, a conversation newest first."""
        found: dict[str, SlackMessage] = {}
        where = {"channel": place.session.channel, "channel_type": _kind_of(place)}
        cursor = ""
        for _ in range(CATCH_UP_PAGES):
            response = await _patiently(read_page, cursor)
            for record in messages_in(response):
                message = None if self._is_answered(record, place) else _read_message(in_channel(record, where))
                if message is not None and rank_of(message.ts) > rank_of(after):
                    found[message.ts] = message
            cursor = next_cursor(response)
            if not cursor:
                break
        else:
            _log.warning("slack_missed_too_much", session_id=str(place.session), pages=CATCH_UP_PAGES)
        return sorted(found.values(), key=lambda message: rank_of(message.ts))

    def _is_answered(self, record: Mapping[str, object], place: Place) -> bool:
        """Tell whether a message began another thread in which the bot takes part: that is a place of its own."""
        speakers = record.get("reply_users")
        is_elsewhere = place.session.thread is not None and record.get("ts") != place.session.thread
        return is_elsewhere and isinstance(speakers, list) and self._workspace.bot_user in speakers

    async def _hear(self, message: SlackMessage, place: Place) -> Event | None:
        kind = _kind_of(place)
        usual = addressing_of(message, kind, self._workspace)
        addressing = addressed_in(usual, message, kind, self._answer_when(message.channel))
        if addressing is None or not self._hearing.is_heard(message, self._workspace):
            return None
        people = people_in(message, self._workspace)
        self._directory.people.begin(people)
        until = asyncio.get_running_loop().time() + CATCH_UP_NAMES_SECONDS
        return hear(
            message,
            kind=kind,
            team=place.session.workspace,
            addressing=addressing,
            workspace=self._workspace,
            names=await self._directory.people.settle(people, until=until),
            is_agent_view=self._is_threaded(message.ts),
        )


def _kind_of(place: Place) -> str:
    """Give the kind of a conversation as far as it matters in a place: whole channels are group messages only."""
    match place.kind:
        case PlaceKind.DIRECT:
            return "im"
        case PlaceKind.CHANNEL:
            return "mpim"
        case PlaceKind.THREAD:
            return "channel"


def _read_message(record: Mapping[str, object]) -> SlackMessage | None:
    try:
        return SlackMessage.model_validate(record)
    except ValidationError:
        return None  # A kind of message that Slack writes itself, without what people's messages have.


def _pages_of_thread(client: AsyncWebClient, channel: str, thread: str, after: str) -> ReadPage:
    async def read(cursor: str) -> AsyncSlackResponse:
        with platform_errors("conversations.replies"):
            return await client.conversations_replies(
                channel=channel, ts=thread, oldest=after, limit=LOOK_BACK_PAGE, cursor=cursor or None
            )

    return read


def _pages_of_channel(client: AsyncWebClient, channel: str, after: str) -> ReadPage:
    async def read(cursor: str) -> AsyncSlackResponse:
        with platform_errors("conversations.history"):
            return await client.conversations_history(
                channel=channel, oldest=after, limit=LOOK_BACK_PAGE, cursor=cursor or None
            )

    return read


async def _patiently(read_page: ReadPage, cursor: str) -> AsyncSlackResponse:
    for attempt in range(1, CATCH_UP_ATTEMPTS):
        try:
            return await read_page(cursor)
        except PlatformRateLimitError as error:
            await asyncio.sleep(error.retry_after)
        except PlatformUnavailableError:
            await asyncio.sleep(CATCH_UP_DELAY * attempt)
    return await read_page(cursor)
