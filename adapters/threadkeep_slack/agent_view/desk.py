"""Where the events of Slack's agent features arrive."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep_slack.agent_view.directs import DirectThreads
from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.agent_view.looking import Looking, channel_context, context_of
from threadkeep_slack.agent_view.payloads import AssistantEnvelope, ContextEnvelope, HomeOpenedEnvelope
from threadkeep_slack.agent_view.prompts import Outcome, SuggestedPrompts
from threadkeep_slack.agent_view.statuses import Statuses
from threadkeep_slack.home.notes import AnswerWhen, WorkspaceNotes
from threadkeep_slack.home.tab import HomeTab
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.inbound.reading import read_envelope
from threadkeep_slack.workspace import Workspace

EVENTS: Final = (
    "app_home_opened",
    "app_context_changed",
    "assistant_thread_started",
    "assistant_thread_context_changed",
)
"""The events that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRooms:
    """What the desk of one workspace works with.

    Attributes:
        workspace: The bot's installation.
        directs: Whether direct messages begin threads.
        prompts: Suggests prompts.
        looking: What people look at.
        statuses: Sets the statuses of conversations.
        notes: How the bot is set up.
        home: The Home tab.
        errands: Owns what is done beside the events.
    """

    workspace: Workspace
    directs: DirectThreads
    prompts: SuggestedPrompts
    looking: Looking
    statuses: Statuses
    notes: WorkspaceNotes
    home: HomeTab
    errands: Errands


class AgentDesk:
    """Takes the events of one workspace, and tells what they mean for messages.

    None of them is handed to the sink: they are acknowledged at once, and what follows is done beside them.
    """

    def __init__(self, rooms: AgentRooms) -> None:
        self._rooms: Final = rooms
        self._has_assistant = False
        # A lock is taken in the order in which it was asked for: who comes when all is known overtakes nobody.
        self._gate: Final = asyncio.Lock()

    @property
    def rooms(self) -> AgentRooms:
        """What it works with."""
        return self._rooms

    def handler_of(self, kind: str | None) -> Callable[[Mapping[str, object]], Awaitable[None]] | None:
        """Give what takes an event of a kind; None if it is not for this desk."""
        match kind:
            case "app_home_opened":
                return self._on_opened
            case "app_context_changed":
                return self._on_context
            case "assistant_thread_started" | "assistant_thread_context_changed":
                return self._on_assistant
            case _:
                return None

    async def ready(self) -> None:
        """Return when it is known how the bot is set up, in the order of the calls.

        That is at once, but for the first event and after changes.
        """
        notes, team = self._rooms.notes, self._rooms.workspace.team
        async with self._gate:
            if not notes.is_known(team):
                await notes.load(team)

    def preparation(self, message: SlackMessage, kind: str) -> Callable[[], Awaitable[None]] | None:
        """Give what must be found out before a message gets its place; None if all is known.

        Args:
            message: The message.
            kind: The kind of its conversation.
        """
        rooms = self._rooms
        if kind != "im":
            return None
        context = context_of(message.app_context)
        if context is not None and message.user is not None:
            rooms.looking.remember(message.user, context)
            if not rooms.directs.is_on:
                return lambda: rooms.directs.note(message.ts)
            return None
        must_learn = message.user is not None and (rooms.directs.is_on or self._has_assistant)
        is_settled = message.is_reply or rooms.directs.is_decided()
        return None if is_settled and not must_learn else lambda: self._prepare(message, must_learn=must_learn)

    def answer_when(self, channel: str) -> AnswerWhen:
        """Tell when the bot answers in a channel."""
        return self._rooms.notes.known(self._rooms.workspace.team).answer_when(channel)

    def looking_at(self, message: SlackMessage, kind: str) -> str:
        """Say what the author of a direct message looks at; empty if that is not known."""
        return self._rooms.looking.words(message.user) if kind == "im" and message.user is not None else ""

    async def _prepare(self, message: SlackMessage, *, must_learn: bool) -> None:
        if not message.is_reply:
            await self._rooms.directs.settle(message.channel, message.ts)
        if must_learn and message.user is not None:
            await self._rooms.looking.learn(message.user)

    async def _on_opened(self, body: Mapping[str, object]) -> None:
        found = read_envelope(HomeOpenedEnvelope, body, self._rooms.workspace)
        if found is None:
            return
        opened = found[0].event
        if opened.context is not None:
            self._rooms.looking.remember(opened.user, opened.context)
            self._rooms.errands.begin("context", self._rooms.looking.tell(opened.user, opened.context))
        if opened.tab == "home":
            self._rooms.home.opened(opened.user)
        elif opened.tab == "messages" and opened.channel is not None:
            self._rooms.errands.begin("prompts", self._suggest(opened.channel, opened.event_ts))

    async def _suggest(self, channel: str, opened_at: str | None) -> None:
        outcome = await self._rooms.prompts.suggest(channel)
        if outcome is Outcome.AGENT and opened_at is not None:
            await self._rooms.directs.note(opened_at)

    async def _on_context(self, body: Mapping[str, object]) -> None:
        found = read_envelope(ContextEnvelope, body, self._rooms.workspace)
        if found is None:
            return
        envelope = found[0]
        changed, user = envelope.event, envelope.user
        # Slack sends this event to apps with the agent view only.
        since = changed.event_ts or (f"{envelope.event_time}.000000" if envelope.event_time else None)
        if since is not None and not self._rooms.directs.is_on:
            self._rooms.errands.begin("agent-view", self._rooms.directs.note(since))
        if user is not None and changed.context is not None:
            self._rooms.looking.remember(user, changed.context)
            self._rooms.errands.begin("context", self._rooms.looking.tell(user, changed.context))

    async def _on_assistant(self, body: Mapping[str, object]) -> None:
        found = read_envelope(AssistantEnvelope, body, self._rooms.workspace)
        if found is None:
            return
        self._has_assistant = True
        event = found[0].event
        thread = event.assistant_thread
        context = channel_context(thread.context.channel_id)
        self._rooms.looking.remember(thread.user_id, context)
        self._rooms.errands.begin("context", self._rooms.looking.tell(thread.user_id, context))
        if event.type == "assistant_thread_started":
            self._rooms.errands.begin("prompts", self._suggest_in(thread.channel_id, thread.thread_ts))

    async def _suggest_in(self, channel: str, thread: str) -> None:
        await self._rooms.prompts.suggest(channel, thread=thread)
