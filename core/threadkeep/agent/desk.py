"""What one call of a tool leaves behind besides its result."""

import time
from collections.abc import Awaitable, Callable

from threadkeep.agent.notes import Notes
from threadkeep.agent.questions import Question
from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import Element
from threadkeep.chat.rights import AskRights, Rights
from threadkeep.errors import PlatformError, ToolError
from threadkeep.messages import File
from threadkeep.runs import Decision

SendFile = Callable[[File, str], Awaitable[str]]
"""Posts a file with a caption, and gives the platform's id of it."""


class ToolDesk:
    """Keeps what a call says, offers, cites, asks and sends.

    Args:
        call: The id of the call within its run.
        on_said: Told of each line of progress, in the thread of the tool.
        on_question: Asks people; None where nobody can be asked.
        on_file: Sends files; None where there is nowhere to send them.
        on_rights: Asks the platform what who is answered may do; None where it has no rights.
        notes: What earlier attempts of the call have kept.
        clock: Gives the seconds since the epoch.

    Attributes:
        said: The last line of progress.
        offered: What is to stand under the answer.
        cited: The sources.
        sent: The files that were sent.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        call: str = "0.0",
        *,
        on_said: Callable[[str], None] | None = None,
        on_question: Callable[[Question], Awaitable[Decision]] | None = None,
        on_file: Callable[[str, File, str], Awaitable[None]] | None = None,
        on_rights: AskRights | None = None,
        notes: Notes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.call = call
        self.said = ""
        self.offered: list[Element] = []
        self.cited: list[Source] = []
        self.sent: list[File] = []
        self.clock = clock
        self._on_said = on_said
        self._on_question = on_question
        self._on_file = on_file
        self._on_rights = on_rights
        self._notes = notes or Notes()
        self._asked = 0

    def next_question(self) -> str:
        """Give the id of the next question that this call asks."""
        self._asked += 1
        return f"{self.call}.{self._asked - 1}"

    def say(self, text: str) -> None:
        """Keep a line of progress and tell of it."""
        self.said = " ".join(text.split())
        if self._on_said is not None:
            self._on_said(self.said)

    async def ask(self, question: Question) -> Decision:
        """Ask.

        Raises:
            ToolError: Nobody can be asked.
        """
        if self._on_question is None:
            raise ToolError("nobody can be asked here")
        return await self._on_question(question)

    async def rights(self) -> Rights:
        """Ask what who is answered may do.

        Raises:
            ToolError: It cannot be told.
        """
        if self._on_rights is None:
            raise ToolError("it cannot be told here what somebody may do")
        try:
            return await self._on_rights()
        except PlatformError as error:
            raise ToolError("the platform did not tell what this person may do") from error

    def kept(self, name: str) -> str | None:
        """Give what this call kept under a name, also in an earlier attempt; None if nothing."""
        return self._notes.kept(f"{self.call}.{name}")

    async def keep(self, name: str, text: str) -> None:
        """Keep something for when the call is made again from its beginning, as after a question."""
        await self._notes.keep(f"{self.call}.{name}", text)

    async def send_file(self, file: File, caption: str) -> None:
        """Send a file.

        Raises:
            ToolError: It cannot be sent.
        """
        if self._on_file is not None:
            await self._on_file(f"{self.call}.{len(self.sent)}", file, caption)
        self.sent.append(file)
