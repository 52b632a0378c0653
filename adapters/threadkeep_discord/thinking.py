"""A reply that shows that the bot is at work before there are words, and what can be done with a finished answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import discord
import structlog

from threadkeep.chat.adapter import Reply, ReplyContent, ReplyRequest, ReplyState
from threadkeep.chat.elements import MOST_ELEMENTS, Button, Elements
from threadkeep.errors import PlatformError
from threadkeep_discord.interactions.events import RETRY
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.limits import TYPING_DELAY, TYPING_INTERVAL
from threadkeep_discord.refusals import calling
from threadkeep_discord.threads import Question

_log = structlog.get_logger(__name__)

_UNDER_ANSWERS: Final[Elements] = (
    Button(action=RETRY, label="Retry"),
    Button(action="feedback", label="👍", value="1"),
    Button(action="feedback", label="👎", value="-1"),
)
_CLOSE_SECONDS: Final = 2.0


class ThinkingReply:
    """Show typing until there is something to read. Implements ``threadkeep.chat.adapter.Reply``.

    Args:
        reply: Shows the answer.
        show_typing: Lets the place show for ten seconds that the bot types; None where it need not.
        has_buttons: Whether buttons stand under a finished answer, to have it again and to judge it.
    """

    def __init__(self, reply: Reply, show_typing: Callable[[], Awaitable[None]] | None, *, has_buttons: bool) -> None:
        self._reply = reply
        self._show_typing = show_typing
        self._has_buttons = has_buttons
        self._is_answer = False
        self._has_words = asyncio.Event()
        self._typing: asyncio.Task[None] | None = None

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon; see ``Reply``."""
        # What a command says is told at once and whole: nothing is shown of it before.
        self._is_answer = True
        if content.text.strip() or content.activity:
            self._has_words.set()
        elif self._typing is None and self._show_typing is not None:
            self._typing = asyncio.create_task(self._type(self._show_typing), name="threadkeep discord typing")
        await self._reply.show(content)

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this; see ``Reply``."""
        self._has_words.set()
        has_room = len(content.elements) + len(_UNDER_ANSWERS) <= MOST_ELEMENTS
        if self._has_buttons and self._is_answer and has_room and content.state is ReplyState.FINISHED:
            content = replace(content, elements=(*content.elements, *_UNDER_ANSWERS))
        await self._reply.finish(content)

    async def aclose(self) -> None:
        """Stop all work on this reply."""
        self._has_words.set()
        typing = self._typing
        try:
            await self._reply.aclose()
        finally:
            if typing is not None:
                await asyncio.wait({typing}, timeout=_CLOSE_SECONDS)
                typing.cancel()
                await asyncio.wait({typing})

    async def _type(self, show_typing: Callable[[], Awaitable[None]]) -> None:
        delay = TYPING_DELAY
        while not await self._has_words_within(delay):
            try:
                await show_typing()
            except PlatformError as error:
                # Whether the answer can be posted is seen when there is one.
                _log.debug("discord_typing_not_shown", reason=str(error))
                return
            delay = TYPING_INTERVAL

    async def _has_words_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._has_words.wait()
        except TimeoutError:
            return False


def typing_in(request: ReplyRequest, client: Callable[[], discord.Client]) -> Callable[[], Awaitable[None]] | None:
    """Give what shows typing where a reply goes; None where it is not wanted.

    Discord itself shows under a command that the bot thinks, and what one person alone reads concerns no other.

    Args:
        request: The reply.
        client: Gives the connected client; raises ``PlatformUnavailableError`` when there is none.
    """
    place = request.place
    asked = Asked.parse(place.reply_to)
    if request.posted or request.is_private or (asked is not None and asked.is_deferred):
        return None
    question = Question.parse(place.reply_to)
    # The thread of an answer is opened with its first words.
    channel_id = int(place.session.channel) if question is None else question.channel_id

    async def show_typing() -> None:
        async with calling("show typing"):
            await client().http.send_typing(channel_id)

    return show_typing
