"""Messages that may stand there although nobody recorded them, and that the answer does not need in the end."""

from typing import Final

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.surface import Course, EditedMessages
from threadkeep.chat.visible import ReplyLimits, final_parts
from threadkeep_slack.replies.poster import SlackPoster


class SweptMessages:
    """Messages that are posted and edited, after a stream of which it is not known whether it began.

    A streamed answer may be cut into more messages than one that is posted: then that stream, if it stands there, is
    surplus. Implements ``chat.surface.Surface``.

    Args:
        edited: The messages.
        poster: The calls.
        limits: What Slack allows.
        doubtful: The number of the part that may stand there.
    """

    def __init__(self, edited: EditedMessages, poster: SlackPoster, limits: ReplyLimits, *, doubtful: int) -> None:
        self._edited: Final = edited
        self._poster: Final = poster
        self._limits: Final = limits
        self._doubtful: Final = doubtful

    def may_preview(self, content: ReplyContent) -> bool:
        """Tell whether there is room for a preview."""
        return self._edited.may_preview(content)

    def patience(self) -> float | None:
        """Give None: posted messages stand for ever."""
        return self._edited.patience()

    async def bring(self, content: ReplyContent, course: Course) -> bool:
        """Change what differs, and take away what is surplus in the end.

        Raises:
            PlatformError: As ``Surface.bring`` says.
        """
        is_there = await self._edited.bring(content, course)
        if is_there and course.is_final and len(final_parts(content, self._limits)) <= self._doubtful:
            await self._poster.sweep(self._doubtful)
        return is_there
