"""What was said while nobody listened."""

from collections.abc import AsyncIterator
from typing import Any

from threadkeep.chat.events import Event, Place
from threadkeep.errors import PlaceGoneError
from threadkeep_discord.arrivals import ArrivalReader
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.directory import Directory
from threadkeep_discord.limits import HISTORY_PAGE
from threadkeep_discord.places import DIRECT_WORKSPACE, MessageChannel
from threadkeep_discord.refusals import calling
from threadkeep_discord.threads import Question


class MissedMessages:
    """Read the messages of a place by the HTTP API, as the gateway would have brought them.

    Edits are in them; what was deleted meanwhile is not, and neither are reactions.

    Args:
        client: The client, logged in.
        directory: The servers and channels.
        reader: Translates messages.
    """

    def __init__(self, client: DiscordClient, directory: Directory, reader: ArrivalReader) -> None:
        self._client = client
        self._directory = directory
        self._reader = reader
        self._members: dict[str, Any] = {}

    async def read(self, place: Place, *, after: str, most: int) -> AsyncIterator[Event]:
        """Read what was said in a place after a message, oldest first, at most so many messages.

        Raises:
            PlatformError: The place cannot be read.
        """
        session = place.session
        guild_id = None if session.workspace == DIRECT_WORKSPACE else int(session.workspace)
        channel_id, last = int(session.channel), int(after)
        channel = await self._directory.channel(channel_id, guild_id=guild_id)
        left = most
        while left > 0:
            size = min(left, HISTORY_PAGE)
            page = await self._read_page(channel_id, place, after=last, size=size)
            for payload in page:
                event = await self._read_message(payload, channel, guild_id)
                if event is not None:
                    yield event
            if len(page) < size:
                return
            left -= len(page)
            last = int(page[-1]["id"])

    async def _read_page(self, channel_id: int, place: Place, *, after: int, size: int) -> list[Any]:
        try:
            async with calling("read the messages of a place"):
                page = await self._client.http.logs_from(channel_id, size, after=after)
        except PlaceGoneError:
            if Question.parse(place.reply_to) is not None:
                # The thread of a question is opened by its answer: nobody can have said anything in it before.
                return []
            raise
        return sorted(page, key=lambda message: int(message["id"]))

    async def _read_message(self, payload: Any, channel: MessageChannel, guild_id: int | None) -> Event | None:
        if not self._reader.hearing.may_concern(payload):
            return None
        if guild_id is not None:
            # The gateway tells who the author is in the server; history does not.
            payload = {**payload, "guild_id": str(guild_id)}
            member = await self._member(payload["author"]["id"], guild_id)
            if member is not None:
                payload["member"] = member
        return self._reader.read_said(payload, channel)

    async def _member(self, user_id: str, guild_id: int) -> Any:
        if user_id not in self._members:
            self._members[user_id] = await self._directory.member_of(int(user_id), guild_id=guild_id)
        return self._members[user_id]
