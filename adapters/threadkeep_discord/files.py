"""Files on Discord: read those that people post, post those that the agent makes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import aiohttp
import discord
from yarl import URL

from threadkeep.chat.download import Downloaded, FileHosts, download
from threadkeep.chat.events import Place
from threadkeep.errors import FileNotReadError, PlaceGoneError, PlatformUnavailableError
from threadkeep.files.limits import too_large
from threadkeep.messages import Attachment, File, clean_text
from threadkeep_discord.beyond import answered_by
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.limits import FILE_ATTEMPTS, FILE_RETRY_DELAY, FILE_SECONDS, MESSAGE_LENGTH
from threadkeep_discord.places import DIRECT_WORKSPACE
from threadkeep_discord.refusals import calling
from threadkeep_discord.text import utf16_length
from threadkeep_discord.threads import Question, open_thread

_CDN: Final = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})
_EXPIRED: Final = frozenset({403, 404, 410})
_GONE: Final = "it is not there any more"


def attachments_of(message: discord.Message) -> tuple[Attachment, ...]:
    """Give the files of a message, of those that it forwards and of the one that it answers, for the agent to read."""
    found = [(message, file) for file in message.attachments]
    found += [(message, file) for copy in message.message_snapshots for file in copy.attachments]
    answered = answered_by(message)
    if answered is not None:
        found += [(answered, file) for file in answered.attachments]
    return tuple(
        Attachment(
            # A link to a file expires; its message gives a new one: https://discord.com/developers/docs/reference
            id=f"{holder.channel.id}/{holder.id}/{file.id}",
            name=clean_text(" ".join(file.filename.split())),
            media_type=(file.content_type or "application/octet-stream").partition(";")[0].strip().lower(),
            size=file.size,
            url=file.url,
        )
        for holder, file in found
    )


class DiscordFiles:
    """Read and post files. It opens its own HTTP session, without the bot's token, at its first download.

    Args:
        client: Gives the connected client; raises ``PlatformUnavailableError`` when there is none.
        api_url: The base URL of the API, whose host has the files too; None for Discord's.
        link_previews: Whether Discord may show previews of the links in captions.
    """

    def __init__(
        self, client: Callable[[], DiscordClient], *, api_url: str | None, link_previews: bool = False
    ) -> None:
        self._client = client
        self._link_previews = link_previews
        own = frozenset() if api_url is None else frozenset({str(URL(api_url).origin())})
        self._hosts = FileHosts(origins=_CDN | own, seconds=FILE_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    async def read(self, attachment: Attachment, *, most: int) -> File:
        """Read a file of at most so many bytes, from Discord's file server only.

        Raises:
            FileNotReadError: It is too large or gone.
            PlatformError: Discord is not reached or fails.
        """
        if attachment.size > most:
            raise too_large(most)
        answer = await self._download(attachment.url, most=most)
        if answer.status in _EXPIRED:
            answer = await self._download(await self._fresh_url(attachment), most=most)
        if answer.status in _EXPIRED or answer.location is not None:
            raise FileNotReadError(_GONE)
        if answer.status != 200:
            raise PlatformUnavailableError(f"Discord's file server answered {answer.status}")
        return File(name=attachment.name, media_type=attachment.media_type, data=answer.data)

    async def send(self, place: Place, file: File, *, caption: str = "") -> str:
        """Post a file as a message and give the message's id.

        Raises:
            PlatformError: It could not be posted.
        """
        client, session = self._client(), place.session
        guild_id = None if session.workspace == DIRECT_WORKSPACE else int(session.workspace)
        question = Question.parse(place.reply_to)
        async with calling("post a file"):
            if question is not None:
                await open_thread(client, question, guild_id=guild_id)
            channel = client.get_partial_messageable(int(session.channel), guild_id=guild_id)
            message = await channel.send(
                _shortened(caption),
                file=discord.File(BytesIO(file.data), filename=file.name),
                allowed_mentions=discord.AllowedMentions.none(),
                mention_author=False,
                suppress_embeds=not self._link_previews,
            )
        return str(message.id)

    async def aclose(self) -> None:
        """Close the HTTP session. Harmless if none was opened."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _download(self, url: str, *, most: int) -> Downloaded:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        for attempt in range(1, FILE_ATTEMPTS):
            try:
                return await download(self._session, url, self._hosts, most=most)
            except PlatformUnavailableError:
                await asyncio.sleep(FILE_RETRY_DELAY * attempt)
        return await download(self._session, url, self._hosts, most=most)

    async def _fresh_url(self, attachment: Attachment) -> str:
        channel_id, message_id, file_id = (int(part) for part in attachment.id.split("/"))
        try:
            async with calling("read the message of a file"):
                message: Mapping[str, Any] = await self._client().http.get_message(channel_id, message_id)
        except PlaceGoneError as error:
            raise FileNotReadError(_GONE) from error
        copies = [copy.get("message") or {} for copy in message.get("message_snapshots") or ()]
        found = [file for one in (message, *copies) for file in _files_in(one) if file.get("id") == str(file_id)]
        if not found:
            raise FileNotReadError(_GONE)
        return str(found[0].get("url") or "")


def _files_in(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return message.get("attachments") or ()


def _shortened(caption: str) -> str | None:
    if utf16_length(caption) <= MESSAGE_LENGTH:
        return caption or None
    caption = caption[:MESSAGE_LENGTH]
    while utf16_length(caption) >= MESSAGE_LENGTH:
        caption = caption[:-1]
    return f"{caption}…"
