"""Finding messages of a reply that an earlier attempt may have posted.

Discord refuses to post the same nonce twice for some minutes only, and keeps no mark of ours on a message. Later the
messages are known by where they stand. The runs of a session follow each other, so what the bot said in a place after
its last known message of a run belongs to that run.

Part 0 is the first message that refers to the question; in a thread that was opened for the question it is the first
message at all. Where an answer refers to nothing (a direct message, a question that was deleted) the answer to the
question before may stand after the question too: then part 0 is the first message that says the same as far as both go,
or that still shows what the agent is doing, as finished answers never do. Every later part is the next message of the
bot after the part before it, unless that refers to another question.

What this cannot do: it sees no messages beyond ``LOOK_BACK_PAGES`` pages after the question, and none without the
permission Read Message History; and it does not know a direct answer again that was cut off and begins in other words
the next time.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, Self, TypedDict, cast

import discord
import structlog

from threadkeep.chat.adapter import ReplyRequest
from threadkeep_discord.interactions.components import ids_in
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.layouts import words_of
from threadkeep_discord.limits import HISTORY_PAGE, LOOK_BACK_PAGES
from threadkeep_discord.threads import Question

_log = structlog.get_logger(__name__)

# A preview ends with a line in italics for each thing that the agent does.
_ACTIVITY = re.compile(r"(?:^|\n)_[^\n]+\N{HORIZONTAL ELLIPSIS}_\Z")

_SAID = frozenset({discord.MessageType.default.value, discord.MessageType.reply.value})


class AuthorPayload(TypedDict):
    """Who wrote a message."""

    id: str


class ReferencePayload(TypedDict):
    """What a message refers to."""

    message_id: NotRequired[str]


class PostedPayload(TypedDict):
    """A message, as far as it is read here: https://discord.com/developers/docs/resources/message."""

    id: str
    type: int
    author: AuthorPayload
    content: str
    message_reference: NotRequired[ReferencePayload]
    components: NotRequired[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message that is visible.

    Attributes:
        message_id: Its id.
        text: What it shows.
        elements: The ids of what stands under it.
    """

    message_id: str
    text: str
    elements: tuple[str, ...] = ()

    @classmethod
    def read(cls, message: PostedPayload) -> Self:
        """Read a message of the bot."""
        return cls(
            message_id=str(message["id"]),
            text=words_of(message),
            elements=tuple(ids_in(message.get("components") or ())),
        )


class EarlierParts:
    """Find the parts that an earlier attempt of a run posted and could not record.

    Args:
        request: The reply.
        read: Reads what the bot said in the place after a message, oldest first.
    """

    def __init__(self, request: ReplyRequest, *, read: Callable[[int], Awaitable[list[PostedPayload]]]) -> None:
        self._is_retry = request.is_retry
        self._read = read
        self._known = dict(request.posted)
        question = Question.parse(request.place.reply_to)
        self._is_alone = question is not None
        # An interaction's id is of the same kind as a message's, and tells as well what came after it.
        asked = Asked.parse(request.place.reply_to)
        self._question_id = str(asked.interaction_id) if asked is not None else request.place.reply_to
        if question is not None:
            self._question_id = str(question.message_id)
        self._own: list[PostedPayload] | None = None
        self._new_since: int | None = None

    def note(self, part: int, message_id: str) -> None:
        """Note the message of a part."""
        self._known[part] = message_id

    async def find(self, part: int, text: str) -> Posted | None:
        """Find a part; None if it was not posted, or is not to be found.

        Raises:
            discord.HTTPException: Discord fails.
        """
        is_new = self._new_since is not None and part > self._new_since
        if not self._is_retry or is_new or part in self._known or self._question_id is None:
            return None
        own = await self._read_once(self._question_id)
        if part == 0:
            found = find_first(own, text, question_id=self._question_id, is_alone=self._is_alone)
        else:
            before = self._known.get(part - 1)
            found = None if before is None else find_next(own, after=before)
        if found is None:
            # What follows a part that was never posted was not posted either.
            self._new_since = part
            return None
        return Posted.read(found)

    async def _read_once(self, question_id: str) -> list[PostedPayload]:
        if self._own is None:
            try:
                self._own = await self._read(int(question_id))
            except (discord.Forbidden, discord.NotFound):
                # A thread that is not opened yet, or no permission to look: then the nonce alone has to do.
                self._own = []
        return self._own


async def read_own(client: discord.Client, channel_id: int, *, after: int) -> list[PostedPayload]:
    """Read what the bot said in a channel after a message, oldest first.

    Raises:
        discord.HTTPException: Discord refuses.
    """
    bot_id = str(client.user.id) if client.user is not None else ""
    own: list[PostedPayload] = []
    for _ in range(LOOK_BACK_PAGES):
        answer = await client.http.logs_from(channel_id, HISTORY_PAGE, after=after)
        page = sorted(cast("Sequence[PostedPayload]", answer), key=lambda message: int(message["id"]))
        own += [message for message in page if message["author"]["id"] == bot_id and message["type"] in _SAID]
        if len(page) < HISTORY_PAGE:
            return own
        after = int(page[-1]["id"])
    _log.warning("discord_look_back_ended", channel=channel_id, pages=LOOK_BACK_PAGES)
    return own


def find_first(own: Sequence[PostedPayload], text: str, *, question_id: str, is_alone: bool) -> PostedPayload | None:
    """Find part 0 in what the bot said after the question.

    Args:
        own: The bot's messages, oldest first.
        text: What the part is to show now.
        question_id: The message that is answered.
        is_alone: Whether no other question is answered in this place.
    """
    if is_alone:
        return own[0] if own else None
    referring = (message for message in own if _answered(message) == question_id)
    alike = (message for message in own if _answered(message) is None and _is_alike(message, text))
    return next(referring, None) or next(alike, None)


def find_next(own: Sequence[PostedPayload], *, after: str) -> PostedPayload | None:
    """Find the part that follows the one with an id."""
    for message in own:
        if int(message["id"]) > int(after):
            return message if _answered(message) is None else None
    return None


def _answered(message: PostedPayload) -> str | None:
    return message.get("message_reference", {}).get("message_id")


def _is_alike(message: PostedPayload, text: str) -> bool:
    words = words_of(message)
    if _ACTIVITY.search(words):
        return True
    shown, wanted = squeezed(words), squeezed(text)
    return bool(shown and wanted) and (wanted.startswith(shown) or shown.startswith(wanted))


def squeezed(text: str) -> str:
    """Give a text without its blanks: Discord trims what it stores, and blanks alone make no other message."""
    return "".join(text.split())
