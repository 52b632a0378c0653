"""Replies to interactions, and replies that only one person may see."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

import discord
from discord.http import MultipartParameters

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.elements import Elements
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.posting import Poster
from threadkeep.errors import PlaceGoneError, PlatformError
from threadkeep.sessions import SessionKey, UserKey
from threadkeep_discord.bodies import MessageBodies
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.interactions.calls import EPHEMERAL, ORIGINAL, InteractionCalls, is_not_answered, is_over
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.interactions.notes import InteractionNotes
from threadkeep_discord.limits import MESSAGE_LENGTH
from threadkeep_discord.look_back import PostedPayload
from threadkeep_discord.places import DIRECT_WORKSPACE, PLATFORM
from threadkeep_discord.refusals import UNKNOWN_MESSAGE, calling
from threadkeep_discord.text import shortened

_Result = TypeVar("_Result")

_TAKES_NONE: Final = (
    "This answer is for you alone, and you take no direct messages from me. Use a slash command, or allow them."
)
_ATTEMPTS: Final = 12
_PAUSE: Final = 0.25
"""Between two looks whether the deferral of an interaction has arrived, which it does within three seconds or never."""


class DirectPoster:
    """Post a reply to one person alone, in direct messages. Implements ``threadkeep.chat.posting.Poster``.

    Args:
        request: The run, and who is answered.
        client: Gives the connected client.
        make: Makes the poster of a place.
    """

    def __init__(
        self, request: ReplyRequest, *, client: Callable[[], DiscordClient], make: Callable[[ReplyRequest], Poster]
    ) -> None:
        self._request = request
        self._client = client
        self._make = make
        self._poster: Poster | None = None
        self._instead: str | None = None

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible to the person and give its message's id.

        Where the person takes no direct messages, a line in the place says so instead of the whole answer.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        if self._instead is not None:
            return self._instead
        try:
            return await (await self._opened()).post(part, text, elements)
        except PlaceGoneError:
            if part > 0:
                raise
            self._instead = await self._make(self._request).post(0, _TAKES_NONE)
            return self._instead

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Replace the text of a message.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        if self._instead is None:
            await (await self._opened()).edit(message_id, text, elements)

    async def remove(self, message_id: str) -> None:
        """Delete a message.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        if self._instead is None:
            await (await self._opened()).remove(message_id)

    async def _opened(self) -> Poster:
        if self._poster is None:
            user = self._request.asked_by
            if user is None:
                raise PlaceGoneError("it is not known who alone may see this answer")
            place = await direct_place(self._client(), user)
            self._poster = self._make(replace(self._request, place=place))
        return self._poster


class InteractionPoster:
    """Post a reply into the message that Discord holds for it. Implements ``threadkeep.chat.posting.Poster``.

    The first part takes the place of "is thinking...", which is there once, however often the call is repeated. When
    the interaction can be answered no more, the reply goes on in the place, or, if it is private, in direct messages.

    Args:
        request: The run and its place.
        asked: The interaction.
        calls: Sends answers.
        notes: Has the interaction's token.
        beyond: Posts what cannot be an answer to the interaction.
        bodies: Writes the messages.
    """

    def __init__(
        self,
        request: ReplyRequest,
        asked: Asked,
        *,
        calls: InteractionCalls,
        notes: InteractionNotes,
        beyond: Poster,
        bodies: MessageBodies,
    ) -> None:
        self._is_private = request.is_private
        self._asked = asked
        self._calls = calls
        self._notes = notes
        self._beyond = beyond
        self._bodies = bodies
        self._is_over = False

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible and give its message's id.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        if part > 0 and not self._is_private:
            try:
                # Discord does not know a follow-up again that is repeated; a message of the place it does.
                return await self._beyond.post(part, text, elements)
            except PlaceGoneError:
                # Somebody brought the bot along to where it may not write by itself.
                return await self._follow_up(text, elements) or _refuse()
        if part > 0:
            return await self._follow_up(text, elements) or await self._beyond.post(part, text, elements)
        posted = await self._edit(ORIGINAL, text, elements)
        return await self._beyond.post(part, text, elements) if posted is None else str(posted["id"])

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Replace the text of a message, and what stands under it.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        if await self._edit(message_id, text, elements) is None:
            await self._beyond.edit(message_id, text, elements)

    async def remove(self, message_id: str) -> None:
        """Delete a message.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """

        async def remove(token: str) -> bool:
            await self._calls.remove(token, message_id)
            return True

        if await self._answering(remove) is None:
            await self._beyond.remove(message_id)

    async def _follow_up(self, text: str, elements: Elements) -> str | None:
        body = self._bodies.new(text, elements)
        body["flags"] |= EPHEMERAL if self._is_private else 0
        posted = await self._answering(lambda token: self._calls.follow_up(token, body))
        return None if posted is None else str(posted["id"])

    async def _edit(self, message_id: str, text: str, elements: Elements) -> PostedPayload | None:
        async def edit(token: str) -> PostedPayload:
            return await self._bodies.edit(
                message_id, text, elements, lambda body: self._calls.edit(token, message_id, body)
            )

        return await self._answering(edit)

    async def _answering(self, call: Callable[[str], Awaitable[_Result]]) -> _Result | None:
        """Make a call with the interaction's token; give None where that is not possible any more."""
        if self._is_over:
            return None
        async with calling("answer a command"):
            for _ in range(_ATTEMPTS):
                token = await self._notes.recall(self._asked.interaction_id)
                if token is None:
                    break
                try:
                    return await call(token.token)
                except discord.HTTPException as error:
                    if error.code == UNKNOWN_MESSAGE:
                        return None
                    if is_over(error):
                        break
                    if not is_not_answered(error):
                        raise
                # Whoever accepted the command is about to defer it, maybe in another process.
                await asyncio.sleep(_PAUSE)
        self._is_over = True
        return None


async def direct_place(client: DiscordClient, user: UserKey) -> Place:
    """Give the direct messages with a person.

    Raises:
        PlatformError: Discord refuses, or cannot be reached.
    """
    async with calling("open a direct message"):
        channel = await client.http.start_private_message(int(user.user))
    session = SessionKey(platform=PLATFORM, workspace=DIRECT_WORKSPACE, channel=str(channel["id"]))
    return Place(session=session, kind=PlaceKind.DIRECT)


async def tell_directly(client: DiscordClient, user: UserKey, text: str) -> None:
    """Tell somebody something in direct messages.

    Raises:
        PlatformError: Discord refuses, or cannot be reached.
    """
    place = await direct_place(client, user)
    body = MessageBodies(discord.AllowedMentions.none, has_previews=False).new(shortened(text, MESSAGE_LENGTH), ())
    params = MultipartParameters(payload=body, multipart=None, files=None)
    async with calling("write a direct message"):
        await client.http.send_message(int(place.session.channel), params=params)


def _refuse() -> str:
    raise PlatformError("a command that is too old can only be answered where the bot may write")
