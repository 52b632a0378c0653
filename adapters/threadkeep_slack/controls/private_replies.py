"""Answers that only one person may see."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

import structlog

from threadkeep.chat.adapter import Reply, ReplyContent, ReplyRequest
from threadkeep.chat.elements import Elements
from threadkeep.chat.events import PlaceKind
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep_slack.controls.answer_urls import AnswerUrls
from threadkeep_slack.controls.whispers import Whispers
from threadkeep_slack.limits import EDIT_INTERVAL, PART_LENGTH
from threadkeep_slack.text.mentions import sent_length

_log = structlog.get_logger(__name__)

_LIMITS: Final = ReplyLimits(
    part_length=PART_LENGTH, measure=sent_length, edit_interval=EDIT_INTERVAL, has_elements=True
)


class PrivateReplies:
    """Opens the replies that one person alone may see.

    Args:
        whispers: Shows them.
        urls: Knows where commands may be answered.
    """

    def __init__(self, whispers: Whispers, urls: AnswerUrls) -> None:
        self._whispers: Final = whispers
        self._urls: Final = urls

    def open(self, request: ReplyRequest, user: str, ordinary: Callable[[], Reply]) -> Reply:
        """Open a reply. It is shown when it is whole: what only one person sees cannot be edited.

        Nobody else reads direct messages: there it is a message that stays. In those of two other people, where a
        slash command may be given too, it goes to the address of the command.

        Args:
            request: Where it goes.
            user: Slack's id of the person.
            ordinary: Opens a reply that all people of the place see.
        """
        poster = PrivatePoster(request, user, whispers=self._whispers, urls=self._urls)
        whispered = EditingReply(request, poster, _LIMITS)
        is_direct = request.place.kind is PlaceKind.DIRECT
        return WholeReply((ordinary(), whispered) if is_direct else (whispered,))


class WholeReply:
    """Shows nothing before the end, and then in the first way that Slack allows. Implements ``chat.adapter.Reply``.

    Args:
        ways: The ways to show it, the best first; at least one.
    """

    def __init__(self, ways: Sequence[Reply]) -> None:
        self._ways: Final = ways

    async def show(self, content: ReplyContent) -> None:
        """Show nothing yet."""

    async def finish(self, content: ReplyContent) -> None:
        """Show it, and return when it is shown.

        Raises:
            PlatformError: It could not be shown in any way.
        """
        *earlier, last = self._ways
        for way in earlier:
            try:
                await way.finish(content)
            except (PlatformRateLimitError, PlatformUnavailableError):
                raise
            except PlatformError as error:
                _log.info("slack_private_reply_elsewhere", reason=str(error))
            else:
                return
        await last.finish(content)

    async def aclose(self) -> None:
        """Stop all work on it."""
        for way in self._ways:
            await way.aclose()


class PrivatePoster:
    """Shows the parts of one reply to one person. Implements ``chat.posting.Poster``.

    What is shown cannot be changed, and where another text must be seen, it is shown anew. What an earlier attempt has
    recorded as shown is not shown again, unless it says something else now: the id of a part holds a mark of its text.

    Args:
        request: The reply.
        user: Slack's id of the person.
        whispers: Shows messages.
        urls: Knows where commands may be answered.
    """

    def __init__(self, request: ReplyRequest, user: str, *, whispers: Whispers, urls: AnswerUrls) -> None:
        self._request: Final = request
        self._user: Final = user
        self._whispers: Final = whispers
        self._urls: Final = urls

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:  # noqa: ARG002 - the port's signature
        """Show a part, and give an id for it.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        shown = await self._show(text, elements)
        return f"private-{_mark(text, elements)}-{shown}"

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Show the text anew, unless this is what was shown.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        if not message_id.startswith(f"private-{_mark(text, elements)}-"):
            await self._show(text, elements)

    async def remove(self, message_id: str) -> None:
        """Leave it: it goes away by itself."""

    async def _show(self, text: str, elements: Elements) -> str:
        session = self._request.place.session
        url = await self._urls.find(session, self._user, self._request.place.reply_to)
        if url is not None:
            try:
                await self._whispers.answer(url, text, elements)
            except (PlatformRateLimitError, PlatformUnavailableError):
                raise
            except PlatformError as error:
                _log.info("slack_answer_url_over", reason=str(error))
            else:
                return "answered"
        return await self._whispers.post(session, self._user, text, elements)


def _mark(text: str, elements: Elements) -> str:
    return sha256(f"{text}\n{elements!r}".encode()).hexdigest()[:12]
