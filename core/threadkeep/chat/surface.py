"""What shows a reply's content in its place: the port, and the surface of messages that are posted and edited."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.posting import PostedParts
from threadkeep.chat.visible import ReplyLimits, final_parts, preview_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One approach to a state.

    Attributes:
        is_final: Whether the state is the last one.
        is_overtaken: Tells whether the final state was declared meanwhile, or the reply is being closed.
        note_change: To be called after each visible change: the next preview keeps its distance from it.
    """

    is_final: bool
    is_overtaken: Callable[[], bool]
    note_change: Callable[[], None]


class Surface(Protocol):
    """Shows the content of one reply, called by one task. The same call may be repeated after an error."""

    def may_preview(self, content: ReplyContent) -> bool:
        """Tell whether a preview of this is worth a call now; asked again after a while if not."""
        ...

    def patience(self) -> float | None:
        """Give after how many seconds to show the same content again although nothing is new; None for never."""
        ...

    async def bring(self, content: ReplyContent, course: Course) -> bool:
        """Make the place show this; give False if it does not yet, since it was overtaken or may not be shown now.

        Raises:
            PlatformRateLimitError: The platform asks to wait.
            PlatformUnavailableError: It is not reached; what was called may have been done.
            PlatformError: It refuses.
        """
        ...


class EditedMessages:
    """Messages that are posted once and edited where they differ. Implements ``Surface``.

    Args:
        shown: The messages.
        limits: What the platform allows.
        may_preview: Tells whether the platform has room for a preview now.
    """

    def __init__(
        self, shown: PostedParts, limits: ReplyLimits, *, may_preview: Callable[[], bool] = lambda: True
    ) -> None:
        self._shown = shown
        self._limits = limits
        self._may_preview = may_preview

    def may_preview(self, content: ReplyContent) -> bool:  # noqa: ARG002 - the port's signature
        """Tell whether the platform has room for a preview."""
        return self._may_preview()

    def patience(self) -> float | None:
        """Give None: posted messages stand for ever."""
        return None

    async def bring(self, content: ReplyContent, course: Course) -> bool:
        """Change what differs; give False if the final state came in between.

        Raises:
            PlatformError: As ``Surface.bring`` says.
        """
        parts = (final_parts if course.is_final else preview_parts)(content, self._limits)
        for part, text in enumerate(parts):
            if course.is_overtaken():
                return False
            # What can be pressed stands under the whole answer: under its last part.
            elements = content.elements if self._limits.has_elements and part == len(parts) - 1 else ()
            if await self._shown.place(part, text, elements):
                course.note_change()
        if course.is_final and not course.is_overtaken():
            await self._shown.remove_from(len(parts))
        return True
