"""The messages of one reply: what each of them shows, and how it is made to show something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.elements import Elements
from threadkeep.errors import PlaceGoneError, PlatformUnavailableError

_log = structlog.get_logger(__name__)


class Poster(Protocol):
    """What an adapter supplies for one reply: the three calls of its platform.

    They raise ``PlatformRateLimitError`` or ``PlatformUnavailableError`` where the same call may be repeated, and
    another ``PlatformError`` where it may not. Each has its own time limit. A post that is repeated because its outcome
    is unknown must not double the message: the number of the part is there to recognise it.
    """

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make part number `part` (from 0) visible and give the platform's id of the message.

        Args:
            part: The number of the part.
            text: What it shows, as Markdown.
            elements: What stands under it. A platform without such things leaves them out.
        """
        ...

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Let a message show this text, and these elements under it.

        Raises:
            PlaceGoneError: The message is gone, or the place is.
        """
        ...

    async def remove(self, message_id: str) -> None:
        """Remove a message."""
        ...


@dataclass(slots=True)
class _Message:
    """A message that is visible.

    Attributes:
        message_id: The platform's id.
        shown: The text and elements that it shows, None where that is not known.
        is_recorded: Whether the reply's owner was told of it.
    """

    message_id: str
    shown: tuple[str, Elements] | None
    is_recorded: bool


class PostedParts:
    """Knows the messages of a reply by part, and changes them only where they differ.

    After an error or a cancellation the same calls can be made again: what was posted is not posted twice, what was not
    recorded is recorded, and a message whose state is unknown is edited once more.

    Args:
        request: Where it goes, and what is posted already.
        poster: The platform's calls.
        shown: What posted messages are known to show, without elements, by part.
    """

    def __init__(self, request: ReplyRequest, poster: Poster, *, shown: Mapping[int, str] | None = None) -> None:
        known = shown or {}
        self._on_posted = request.on_posted
        self._poster = poster
        self._messages = {
            part: _Message(message_id=message_id, shown=(known[part], ()) if part in known else None, is_recorded=True)
            for part, message_id in request.posted.items()
        }
        self._reposted: set[int] = set()
        self._unanswered: dict[int, tuple[str, Elements]] = {}

    async def place(self, part: int, text: str, elements: Elements = ()) -> bool:
        """Make a part show this text and these elements; give whether anything had to be called.

        A message that somebody deleted meanwhile is posted anew, once.

        Raises:
            PlatformError: It could not be shown.
        """
        await self._record()
        message = self._messages.get(part)
        if message is not None and message.shown == (text, elements):
            return False
        if message is None or not await self._edit(part, message, text, elements):
            await self._post(part, text, elements)
        return True

    async def remove_from(self, count: int) -> None:
        """Remove the messages of part number `count` and beyond, the last one first.

        A message of which it is not known whether it was posted is posted again first, which tells its id.

        Raises:
            PlatformError: A message could not be removed.
        """
        for part in sorted(part for part in self._unanswered if part >= count):
            await self._post(part, *self._unanswered[part])
        for part in sorted((part for part in self._messages if part >= count), reverse=True):
            try:
                await self._poster.remove(self._messages[part].message_id)
            except PlaceGoneError:
                _log.info("surplus_message_gone_already", part=part)
            del self._messages[part]

    async def _post(self, part: int, text: str, elements: Elements) -> None:
        try:
            message_id = await self._poster.post(part, text, elements)
        except PlatformUnavailableError:
            self._unanswered[part] = (text, elements)
            raise
        self._unanswered.pop(part, None)
        self._messages[part] = _Message(message_id=message_id, shown=(text, elements), is_recorded=False)
        await self._record()

    async def _edit(self, part: int, message: _Message, text: str, elements: Elements) -> bool:
        """Edit a message; give False if it is gone and may be posted anew."""
        message.shown = None  # until the call returns nobody knows what is visible
        try:
            await self._poster.edit(message.message_id, text, elements)
        except PlaceGoneError:
            if part in self._reposted:
                raise
            self._reposted.add(part)
            del self._messages[part]
            _log.info("message_gone_posting_anew", part=part, message_id=message.message_id)
            return False
        message.shown = (text, elements)
        return True

    async def _record(self) -> None:
        """Tell of the messages that were posted and not told of: nothing else is posted before that."""
        for part, message in self._messages.items():
            if not message.is_recorded:
                await self._on_posted(part, message.message_id)
                message.is_recorded = True
