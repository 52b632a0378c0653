"""Reading what was said in a place before the bot was called into it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.errors import PlatformError
from threadkeep_slack.inbound.bots import is_own
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.events import people_in, to_event
from threadkeep_slack.inbound.payloads import SlackMessage, in_channel, is_timestamp
from threadkeep_slack.inbound.subtypes import Treatment, treatment_of
from threadkeep_slack.inbound.turns import rank_of
from threadkeep_slack.limits import SAID_BEFORE_NAMES_SECONDS, SAID_BEFORE_PAGE, SAID_BEFORE_SECONDS
from threadkeep_slack.web_api import messages_in, next_cursor, platform_errors
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

_SPOKEN: Final = frozenset({Treatment.SAID, Treatment.SAID_BY_BOT})


class Recollection:
    """Reads one page back from a message, and no more: the answer waits for it.

    What the bot itself and other bots said belongs to it, marked as theirs. Nothing that is read is answered.

    Args:
        client: The client of the bot.
        workspace: The bot's installation.
        directory: What people and conversations are called.
    """

    def __init__(self, client: AsyncWebClient, *, workspace: Workspace, directory: Directory) -> None:
        self._client: Final = client
        self._workspace: Final = workspace
        self._directory: Final = directory

    async def before(self, place: Place, before: str, *, most: int) -> Sequence[MessageReceived]:
        """Read what was said in a place before a message, oldest first, the latest so many.

        Of a thread that is its root and its replies. Where the message itself begins a thread, nothing was said before
        in it: what people say in the channel is not told to the model, and costs no call.

        Args:
            place: The conversation.
            before: The timestamp of the message that called the bot.
            most: How many messages to give.

        Raises:
            PlatformError: The place cannot be read.
        """
        if not is_timestamp(before):
            raise PlatformError(f"{before!r} is no message of Slack's to read back from")
        if most < 1:
            return ()
        thread = place.session.thread
        if thread is not None and thread != before:
            records = await self._thread(place.session.channel, thread, before)
        elif thread is not None:
            return ()
        else:
            records = await self._talk(place.session.channel, before, most=most)
        said = [message for record in records if (message := _read(record, place)) is not None]
        earlier = [message for message in said if rank_of(message.ts) < rank_of(before)]
        return await self._tell(sorted(earlier, key=lambda message: rank_of(message.ts))[-most:], place)

    async def _thread(self, channel: str, thread: str, before: str) -> list[Mapping[str, object]]:
        found = await self._replies(channel, thread, before)
        if next_cursor(found):
            # Longer than a page, which begins at the oldest: the last day of it says more of the question.
            _log.info("slack_thread_longer_than_a_page", channel=channel, thread=thread)
            found = await self._replies(channel, thread, before, oldest=_a_day_before(before))
        return list(messages_in(found))

    async def _replies(
        self, channel: str, thread: str, before: str, *, oldest: str | None = None
    ) -> AsyncSlackResponse:
        with platform_errors("conversations.replies"):
            return await self._client.conversations_replies(
                channel=channel, ts=thread, latest=before, oldest=oldest, limit=SAID_BEFORE_PAGE
            )

    async def _talk(self, channel: str, before: str, *, most: int) -> list[Mapping[str, object]]:
        with platform_errors("conversations.history"):
            found = await self._client.conversations_history(
                channel=channel, latest=before, limit=min(most, SAID_BEFORE_PAGE)
            )
        return list(messages_in(found))

    async def _tell(self, said: Sequence[SlackMessage], place: Place) -> Sequence[MessageReceived]:
        people = tuple(dict.fromkeys(name for message in said for name in people_in(message, self._workspace)))
        self._directory.people.begin(people)
        until = asyncio.get_running_loop().time() + SAID_BEFORE_NAMES_SECONDS
        names = await self._directory.people.settle(people, until=until)
        ours = {self._workspace.bot_user: f"{self._workspace.bot_name} (you)"}
        events = (
            to_event(
                _as_ours(message, self._workspace) if is_own(message, self._workspace) else message,
                place=place,
                addressing=Addressing.OTHERS,
                workspace=self._workspace,
                names={**names, **ours},
            )
            for message in said
        )
        return [event for event in events if event.text or event.attachments]


def _read(record: Mapping[str, object], place: Place) -> SlackMessage | None:
    kind = "im" if place.kind is PlaceKind.DIRECT else "channel"
    try:
        message = SlackMessage.model_validate(
            in_channel(record, {"channel": place.session.channel, "channel_type": kind})
        )
    except ValidationError:
        return None  # A kind of message that Slack writes itself, without what people's messages have.
    is_said = treatment_of(message.subtype) in _SPOKEN and not message.hidden and bool(message.user or message.bot_id)
    return message if is_said else None


def _as_ours(message: SlackMessage, workspace: Workspace) -> SlackMessage:
    """Take the signs of a bot off an own message, so that it bears the name of this one."""
    return message.model_copy(update={"user": workspace.bot_user, "bot_id": None, "app_id": None})


def _a_day_before(ts: str) -> str:
    return f"{max(0.0, float(ts) - SAID_BEFORE_SECONDS):.6f}"
