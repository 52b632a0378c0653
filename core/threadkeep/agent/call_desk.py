"""The desk of a call that a run makes: it knows the run's questions, its journal and its place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from threadkeep.agent.asking import Questions, Suspended
from threadkeep.agent.desk import SendFile, ToolDesk
from threadkeep.agent.notes import Notes
from threadkeep.agent.questions import Question
from threadkeep.agent.request import Journal
from threadkeep.chat.rights import AskRights
from threadkeep.errors import PlatformError, ToolError
from threadkeep.messages import File
from threadkeep.runs import Decision

_SENT: Final = "sent:"
_log = structlog.get_logger(__name__)


class CallDesk(ToolDesk):
    """The desk of a call of a run: it knows whether the call waits for people, and does not count that time.

    Attributes:
        waits_for: What it was asked and nobody has decided.
        limit: The time limit of the call, where one is running.
    """

    waits_for: Question | None = None
    limit: asyncio.Timeout | None = None

    async def ask(self, question: Question) -> Decision:
        """Ask; see ``ToolDesk``."""
        async with _paused(self.limit):
            try:
                return await super().ask(question)
            except Suspended:
                # Also a tool that catches everything ends here.
                self.waits_for = question
                raise


class Desks:
    """Makes the desks of a run's calls.

    Args:
        questions: The run's questions.
        journal: Where it is recorded which files were sent, and what calls keep.
        send_file: Sends files; None where there is nowhere to send them.
        rights: Asks the platform what who is answered may do; None where it has no rights.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        questions: Questions,
        journal: Journal | None,
        send_file: SendFile | None,
        rights: AskRights | None,
        clock: Callable[[], float],
    ) -> None:
        self._questions = questions
        self._journal = journal
        self._send_file = send_file
        self._rights = rights
        self._clock = clock

    def desk(self, call: str, *, on_said: Callable[[str], None]) -> CallDesk:
        """Give the desk of one call, named by its step and its number in it."""
        return CallDesk(
            call,
            on_said=on_said,
            on_question=self._questions.decide,
            on_file=self._send,
            on_rights=self._rights,
            notes=Notes(self._journal),
            clock=self._clock,
        )

    async def _send(self, name: str, file: File, caption: str) -> None:
        journal, step = self._journal, f"{_SENT}{name}"
        if journal is not None and step in journal.steps:
            return
        if self._send_file is None:
            raise ToolError("files cannot be sent here")
        try:
            sent = await self._send_file(file, caption)
        except PlatformError as error:
            _log.warning("file_not_sent", error=str(error))
            raise ToolError(f"the file {file.name} could not be sent") from error
        if journal is not None:
            await journal.record({step: sent})


@asynccontextmanager
async def _paused(limit: asyncio.Timeout | None) -> AsyncIterator[None]:
    """Let a time limit stand still: people take longer than tools may."""
    until = None if limit is None or limit.expired() else limit.when()
    if limit is None or until is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left = until - loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        limit.reschedule(loop.time() + left)
