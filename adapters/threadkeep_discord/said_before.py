"""What was said in a place before the bot was called into it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from threadkeep.chat.events import MessageReceived, Place
from threadkeep_discord.arrivals import ArrivalReader
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.directory import Directory
from threadkeep_discord.limits import HISTORY_PAGE
from threadkeep_discord.places import DIRECT_WORKSPACE, MessageChannel
from threadkeep_discord.refusals import calling
from threadkeep_discord.threads import Question

_STARTER: Final = 21
"""The message at the head of a thread, which stands for the one on which it was opened.

https://discord.com/developers/docs/resources/message#message-object-message-types
"""

_MOST_NAMES: Final = 10


class Recollection:
    """Read back in a place by the HTTP API, as far as people said something there.

    Args:
        client: The client, logged in.
        directory: The servers and channels.
        reader: Translates messages.
    """

    def __init__(self, client: DiscordClient, directory: Directory, reader: ArrivalReader) -> None:
        self._client = client
        self._directory = directory
        self._reader = reader

    async def read(self, place: Place, *, before: str, most: int) -> Sequence[MessageReceived]:
        """Read what people said before a message, oldest first, at most so many messages.

        Before a question that gets a thread of its own, that was said in the channel.

        Raises:
            PlatformError: The place cannot be read.
        """
        if most <= 0 or not before.isdecimal():
            return ()
        session, question = place.session, Question.parse(place.reply_to)
        channel_id = int(session.channel) if question is None else question.channel_id
        guild_id = None if session.workspace == DIRECT_WORKSPACE else int(session.workspace)
        channel = await self._directory.channel(channel_id, guild_id=guild_id)
        read = await self._read_back(channel_id, int(before), most)
        said = [one for one in read if self._reader.hearing.may_concern(one)]
        members = await self._members(said, guild_id)
        found = (self._event(payload, channel, guild_id, members) for payload in said)
        return [event for event in found if event is not None]

    async def _read_back(self, channel_id: int, before: int, most: int) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        async with calling("read what was said before"):
            while len(found) < most:
                size = min(most - len(found), HISTORY_PAGE)
                page: Any = await self._client.http.logs_from(channel_id, size, before=before)
                found += page
                if len(page) < size:
                    break
                before = min(int(message["id"]) for message in page)
        return [_in_place_of(message) for message in sorted(found, key=lambda message: int(message["id"]))]

    async def _members(self, said: Iterable[Mapping[str, Any]], guild_id: int | None) -> dict[str, Any]:
        """Give who the speakers are in the server, which history does not tell; of the last ones of a crowd."""
        if guild_id is None:
            return {}
        latest = list(dict.fromkeys(str(message["author"]["id"]) for message in reversed(list(said))))[:_MOST_NAMES]
        async with asyncio.TaskGroup() as group:
            asking = {
                user_id: group.create_task(self._directory.member_of(int(user_id), guild_id=guild_id))
                for user_id in latest
            }
        return {user_id: task.result() for user_id, task in asking.items()}

    def _event(
        self, payload: Mapping[str, Any], channel: MessageChannel, guild_id: int | None, members: Mapping[str, Any]
    ) -> MessageReceived | None:
        member = members.get(str(payload["author"]["id"]))
        located = {**payload, **({} if guild_id is None else {"guild_id": str(guild_id)})}
        event = self._reader.read_said(located if member is None else {**located, "member": member}, channel)
        return event if isinstance(event, MessageReceived) else None


def _in_place_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    head = message.get("referenced_message") if message.get("type") == _STARTER else None
    return message if head is None else head
