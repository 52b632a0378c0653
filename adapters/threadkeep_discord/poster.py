"""One reply's messages on Discord: post, edit, remove."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, cast

import discord
from discord.http import MultipartParameters

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.elements import Elements
from threadkeep_discord.bodies import MessageBodies
from threadkeep_discord.interactions.components import ids_in, rows_of
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.limits import NONCE_LENGTH
from threadkeep_discord.look_back import EarlierParts, Posted, PostedPayload, read_own, squeezed
from threadkeep_discord.places import DIRECT_WORKSPACE
from threadkeep_discord.refusals import CANNOT_SEE_HISTORY, INVALID_FORM, THREAD_ARCHIVED, UNKNOWN_MESSAGE, calling
from threadkeep_discord.threads import Question, open_thread

_MOST_GENERATIONS = 5


class DiscordPoster:
    """Post, edit and remove the parts of one reply. Implements ``threadkeep.chat.reply.Poster``.

    Nothing is looked up in caches: the place's key holds all that a call needs, in whichever process it is made.

    Args:
        request: The run and its place.
        client: Gives the connected client; raises ``PlatformUnavailableError`` when there is none.
        link_previews: Whether Discord may show previews of links.
    """

    def __init__(self, request: ReplyRequest, *, client: Callable[[], discord.Client], link_previews: bool) -> None:
        session = request.place.session
        self._run_id = request.run_id
        self._client = client
        self._bodies = MessageBodies(self._allowed, has_previews=link_previews)
        self._channel_id = int(session.channel)
        self._guild_id = None if session.workspace == DIRECT_WORKSPACE else int(session.workspace)
        self._question = Question.parse(request.place.reply_to)
        asked = Asked.parse(request.place.reply_to)
        is_referring = request.place.is_shared and self._question is None and asked is None
        self._reply_to = request.place.reply_to if is_referring else None
        self._earlier = EarlierParts(request, read=self._read_own)
        self._generations: dict[int, int] = {}

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible and give its message's id. Repeating it gives the same message.

        What an earlier attempt may have posted is looked for first, whether or not Discord would still refuse the
        nonce: it does so for some minutes only.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        async with calling("look for a message"):
            posted = await self._earlier.find(part, text)
        if posted is None:
            posted = await self._post_new(part, text, elements)
        if squeezed(posted.text) != squeezed(text) or posted.elements != tuple(ids_in(rows_of(elements))):
            # An earlier attempt has posted this part, with what it had to say then.
            await self.edit(posted.message_id, text, elements)
        self._earlier.note(part, posted.message_id)
        return posted.message_id

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Replace the text of a message, and what stands under it.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        async with calling("edit a message"):
            try:
                await self._edit_once(message_id, text, elements)
            except discord.HTTPException as error:
                if error.code != THREAD_ARCHIVED:
                    raise
                # A new message reopens a thread by itself, an edit does not; a locked thread stays closed to both.
                await self._client().http.edit_channel(self._channel_id, archived=False)
                await self._edit_once(message_id, text, elements)

    async def remove(self, message_id: str) -> None:
        """Delete a message; harmless if it is gone already.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        async with calling("delete a message"):
            try:
                await self._client().http.delete_message(self._channel_id, int(message_id))
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise

    async def _post_new(self, part: int, text: str, elements: Elements) -> Posted:
        async with calling("post a message"):
            if part == 0 and self._question is not None:
                await open_thread(self._client(), self._question, guild_id=self._guild_id)
            message = await self._post_once(part, text, elements)
        return Posted.read(message)

    async def _read_own(self, after: int) -> list[PostedPayload]:
        return await read_own(self._client(), self._channel_id, after=after)

    async def _post_once(self, part: int, text: str, elements: Elements) -> PostedPayload:
        while True:
            generation = self._generations.get(part, 0)
            reference = self._reference() if part == 0 else None
            body = self._bodies.new(text, elements)
            body |= {"nonce": nonce(self._run_id, part, generation), "enforce_nonce": True}
            if reference is not None:
                body["message_reference"] = reference.to_dict()
            try:
                return await self._send(body)
            except discord.HTTPException as error:
                if reference is not None and _refuses_reference(error):
                    self._reply_to = None
                elif error.code == UNKNOWN_MESSAGE and generation < _MOST_GENERATIONS:
                    # A message with this nonce was removed a moment ago; a new one needs another nonce.
                    self._generations[part] = generation + 1
                else:
                    raise

    async def _edit_once(self, message_id: str, text: str, elements: Elements) -> None:
        async def call(body: dict[str, Any]) -> None:
            await self._client().http.edit_message(self._channel_id, int(message_id), params=_parameters(body))

        await self._bodies.edit(message_id, text, elements, call)

    async def _send(self, body: dict[str, Any]) -> PostedPayload:
        answer = await self._client().http.send_message(self._channel_id, params=_parameters(body))
        return cast("PostedPayload", answer)

    def _allowed(self) -> discord.AllowedMentions:
        return self._client().allowed_mentions or discord.AllowedMentions.none()

    def _reference(self) -> discord.MessageReference | None:
        if self._reply_to is None:
            return None
        return discord.MessageReference(
            message_id=int(self._reply_to),
            channel_id=self._channel_id,
            guild_id=self._guild_id,
            fail_if_not_exists=False,
        )


def nonce(run_id: str, part: int, generation: int = 0) -> str:
    """Make the mark by which Discord knows a post that is repeated.

    Discord gives the message that is there instead of posting another, for a few minutes:
    https://discord.com/developers/docs/resources/message#create-message
    """
    mark = hashlib.blake2b(f"{run_id}/{part}/{generation}".encode(), digest_size=18).digest()
    return urlsafe_b64encode(mark).decode()[:NONCE_LENGTH]


def _parameters(body: dict[str, Any]) -> MultipartParameters:
    return MultipartParameters(payload=body, multipart=None, files=None)


def _refuses_reference(error: discord.HTTPException) -> bool:
    return error.code == CANNOT_SEE_HISTORY or (error.code == INVALID_FORM and "message_reference" in error.text)
