"""The status of conversations: that the bot is at work, has answered, or waits for somebody.

Agents have sessions (https://docs.slack.dev/ai/agent-sessions): Slack shows a stop button while one is ``processing``,
and never changes a status by itself. Other apps have a line under the thread, which goes away with the first message or
after two minutes (https://docs.slack.dev/reference/methods/assistant.threads.setStatus).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import ReplyRequest, ReplyState
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep_slack.agent_view.abilities import Abilities, Ability
from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.limits import STATUS_ATTEMPTS, STATUS_DELAY, STATUS_REFRESH
from threadkeep_slack.replies.budgets import SESSION
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_STATUS: Final = "is thinking…"
LOADING_MESSAGES: Final = ("Reading…", "Thinking…", "Looking things up…", "Putting it into words…")
"""What Slack shows in turn while an app without sessions is at work."""


class Status(StrEnum):
    """The statuses that Slack knows, as it spells them."""

    PROCESSING = "processing"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What statuses are set with.

    Attributes:
        client: The client of the bot.
        abilities: What the workspace allows.
        pacing: What it still allows at the moment.
        errands: Owns the calls under way.
        loading_messages: What is shown in turn where there are no sessions.
    """

    client: AsyncWebClient
    abilities: Abilities
    pacing: Pacing
    errands: Errands
    loading_messages: Sequence[str] = LOADING_MESSAGES


class Statuses:
    """Sets the statuses of one workspace's conversations."""

    def __init__(self, tools: Tools) -> None:
        self._tools: Final = tools

    def of(self, request: ReplyRequest) -> "ThreadStatus | None":
        """Give the status of the conversation of a reply; None where none is shown."""
        session = request.place.session
        if session.thread is None or request.is_private:
            return None
        status = ThreadStatus(self._tools, channel=session.channel, thread=session.thread)
        status.initiator = None if request.asked_by is None else request.asked_by.user
        # An earlier attempt, or one that waited for somebody, has left a status behind.
        status.is_left_over = request.is_retry or bool(request.posted)
        return status

    def settle(self, channel: str, thread: str) -> None:
        """Take the stop button away where nothing runs. Returns at once."""
        if self._tools.abilities.may(Ability.SESSIONS):
            status = ThreadStatus(self._tools, channel=channel, thread=thread)
            status.is_left_over = True
            status.end(ReplyState.STOPPED)


class ThreadStatus:
    """The status of one conversation while one reply is made: one call at a time, the last wish wins.

    Attributes:
        initiator: Who began the conversation, as far as Slack does not know it yet.
        is_left_over: Whether another attempt may have set a status.
    """

    def __init__(self, tools: Tools, *, channel: str, thread: str) -> None:
        self._tools: Final = tools
        self._channel: Final = channel
        self._thread: Final = thread
        self.initiator: str | None = None
        self.is_left_over = False
        self._wanted: Status | None = None
        self._final: Status | None = None
        self._shown: Status | None = None
        self._way: Ability | None = None
        self._is_calling = False
        self._has_called = False
        self._pursuit: asyncio.Task[None] | None = None
        self._news: Final = asyncio.Event()

    def begin(self) -> None:
        """Show that the bot is at work. Returns at once; what cannot be shown is left out."""
        if self._wanted is None:
            self._want(Status.PROCESSING)

    def foresee(self, state: ReplyState) -> None:
        """Note how it will end, so that the end of a streamed message can say it."""
        self._final = _status_after(state)

    def end(self, state: ReplyState) -> None:
        """Show how it ended, if anything is shown of it. Returns at once."""
        wanted = _status_after(state)
        if wanted is Status.ACTIVE and not self._has_called and not self.is_left_over:
            # The pursuit has called nobody yet: there is nothing to take back.
            self._shown = wanted
        if self._shown is wanted:
            self._wanted = wanted
            self._news.set()
        else:
            self._want(wanted)

    def note_posted(self) -> None:
        """Note that a message of the bot was posted, with which Slack takes the line under the thread away."""
        if self._way is Ability.STATUS and self._shown is Status.PROCESSING:
            self._shown = Status.ACTIVE
            self._wanted = Status.ACTIVE if self._wanted is Status.PROCESSING else self._wanted
            self._news.set()

    def at_stop(self) -> str | None:
        """Give the status that may be set with the end of a streamed message; None where none can."""
        status = self._final or self._wanted
        if self._way is not Ability.SESSIONS or self._is_calling or status is None:
            return None
        return status.value

    def note_stop(self, status: str | None) -> None:
        """Note that it was set so."""
        if status is not None and not self._is_calling:
            self._shown = Status(status)

    async def settled(self, seconds: float) -> None:
        """Wait until the status is shown, so long at most; what is still to be done goes on."""
        if self._pursuit is not None and not self._pursuit.done():
            await asyncio.wait((self._pursuit,), timeout=seconds)

    def _want(self, status: Status) -> None:
        self._wanted = status
        self._news.set()
        if self._pursuit is None or self._pursuit.done():
            self._pursuit = self._tools.errands.begin("status", self._pursue())

    async def _pursue(self) -> None:
        """Set what is wanted until it is shown."""
        failures = 0
        while self._shown is not self._wanted and (wanted := self._wanted) is not None:
            self._news.clear()
            try:
                await self._set(wanted)
            except (PlatformRateLimitError, PlatformUnavailableError) as error:
                failures += 1
                if wanted is Status.PROCESSING:
                    self._shown = wanted  # It may be shown, and is worth no second call.
                elif failures >= STATUS_ATTEMPTS:
                    raise
                else:
                    await asyncio.sleep(_wait_after(error, failures))
            except PlatformError as error:
                _log.info("slack_status_refused", thread=self._thread, status=wanted.value, reason=str(error))
                self._shown = wanted
            while await self._is_due_again():
                await self._set(Status.PROCESSING)

    async def _is_due_again(self) -> bool:
        """Wait while the line under the thread is there; tell whether it is to be set again before it goes away."""
        is_shown = self._shown is Status.PROCESSING and self._wanted is Status.PROCESSING
        if self._way is not Ability.STATUS or not is_shown:
            return False
        try:
            async with asyncio.timeout(STATUS_REFRESH):
                await self._news.wait()
        except TimeoutError:
            return self._wanted is Status.PROCESSING
        return False

    async def _set(self, status: Status) -> None:
        for way in [self._way] if self._way is not None else [Ability.SESSIONS, Ability.STATUS]:
            if not self._tools.abilities.may(way):
                continue
            try:
                await self._call(way, status)
            except PlatformError as error:
                if isinstance(error, PlatformRateLimitError | PlatformUnavailableError):
                    raise
                if self._tools.abilities.is_lacking(way, error):
                    continue
                raise
            self._way = way
            break
        self._shown = status

    async def _call(self, way: Ability, status: Status) -> None:
        self._is_calling = True
        try:
            if way is Ability.SESSIONS:
                await self._set_session(status)
            elif status is Status.PROCESSING or self._has_called or self.is_left_over:
                await self._set_line(status)
        finally:
            self._is_calling = False

    async def _set_session(self, status: Status) -> None:
        tools = self._tools
        if status is Status.PROCESSING and not tools.pacing.has_room(SESSION):
            raise PlatformRateLimitError("statuses are left out for a while", retry_after=1.0)
        await tools.pacing.take(SESSION)
        self._has_called = True
        try:
            with platform_errors("agents.sessions.setStatus"):
                await tools.client.agents_sessions_setStatus(
                    channel_id=self._channel,
                    thread_ts=self._thread,
                    status=status.value,
                    initiator_user_id=self.initiator,
                )
        except PlatformRateLimitError as error:
            tools.pacing.hold(SESSION, error.retry_after)
            raise

    async def _set_line(self, status: Status) -> None:
        is_at_work = status is Status.PROCESSING
        self._has_called = True
        with platform_errors("assistant.threads.setStatus"):
            await self._tools.client.assistant_threads_setStatus(
                channel_id=self._channel,
                thread_ts=self._thread,
                status=_STATUS if is_at_work else "",
                loading_messages=list(self._tools.loading_messages) if is_at_work else None,
            )


def _status_after(state: ReplyState) -> Status:
    return {ReplyState.WAITING: Status.SUSPENDED, ReplyState.CLOSED: Status.CLOSED}.get(state, Status.ACTIVE)


def _wait_after(error: PlatformError, failures: int) -> float:
    if isinstance(error, PlatformRateLimitError) and error.retry_after > 0:
        return error.retry_after
    return float(STATUS_DELAY * 2 ** (failures - 1))
