"""The way of an event from Slack's payload to the sink."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from threadkeep.chat.events import Addressing, MessageReceived, StopRequested
from threadkeep_slack.agent_view.desk import AgentDesk
from threadkeep_slack.controls.opening import OpenControls
from threadkeep_slack.controls.room import is_form_of_ours
from threadkeep_slack.home.answering import addressed_in
from threadkeep_slack.inbound.bots import Hearing
from threadkeep_slack.inbound.changes import concerns_bot, deleted_message, edited_message, to_deletion, to_edit
from threadkeep_slack.inbound.controls import Controls
from threadkeep_slack.inbound.directory import Directory, thread_key
from threadkeep_slack.inbound.events import addressing_of, people_in
from threadkeep_slack.inbound.hand_over import Arrival, Findings, HandOver
from threadkeep_slack.inbound.hearing import hear
from threadkeep_slack.inbound.participants import Participants
from threadkeep_slack.inbound.payloads import ChangeEnvelope, MessageEnvelope, SlackChange, SlackMessage, read_heading
from threadkeep_slack.inbound.reading import read_envelope
from threadkeep_slack.inbound.turns import rank_of
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)


class Intake:
    """Takes what Slack delivers, and returns when it may be acknowledged.

    That is: the sink has it, or it is not for the bot, or it cannot be read.

    Args:
        hand_over: The way to the sink.
        workspace: The bot's installation.
        directory: What people and conversations are called.
        desk: Takes the events of Slack's agent features, and knows how the bot is set up.
        open_controls: Opens the room where everything arrives that people do instead of writing.
        hearing: Whose words count; people's alone if not said.
        participants: Told who speaks where, if somebody wants to know.
    """

    def __init__(
        self,
        hand_over: HandOver,
        *,
        workspace: Workspace,
        directory: Directory,
        desk: AgentDesk,
        open_controls: OpenControls,
        hearing: Hearing | None = None,
        participants: Participants | None = None,
    ) -> None:
        self._hand_over: Final = hand_over
        self._workspace: Final = workspace
        self._directory: Final = directory
        self._desk: Final = desk
        self._is_threaded: Final = desk.rooms.directs.is_threaded
        self._hearing: Final = hearing or Hearing()
        self._participants: Final = participants
        self._controls: Final = Controls(
            hand_over,
            workspace=workspace,
            directory=directory,
            is_threaded=self._is_threaded,
            on_idle=desk.rooms.statuses.settle,
        )
        self._room: Final = open_controls(hand_over, self._controls)

    async def on_event(self, body: Mapping[str, object]) -> None:
        """Take the outer payload of an event.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        await self._desk.ready()
        handler = self._handler_of(*read_heading(body))
        if handler is not None:
            await handler(body)

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take a press, a choice or a shortcut.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        await self._desk.ready()
        await self._room.on_press(body)

    async def on_interaction(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Take the press of a button in the Home tab, or a form, and give what the form shows then."""
        if is_form_of_ours(body):
            return await self._room.on_form(body)
        if body.get("type") == "view_submission":
            return await self._desk.rooms.home.on_submission(body)
        await self._desk.rooms.home.on_press(body)
        return {}

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take the slash command, and give what to tell who sent it.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        await self._desk.ready()
        return await self._room.on_command(body)

    def _handler_of(
        self, kind: str | None, subtype: str | None
    ) -> Callable[[Mapping[str, object]], Awaitable[None]] | None:
        match kind, subtype:
            case "reaction_added" | "reaction_removed", _:
                return self._room.on_reaction
            case "agent_session_stopped", _:
                return self._controls.on_session_stopped
            case "message", "message_changed" | "message_deleted":
                return self._on_change
            case _:
                of_desk = self._desk.handler_of(kind)
                return of_desk or (self._on_message if self._hearing.may_concern(subtype) else None)

    async def _on_message(self, body: Mapping[str, object]) -> None:
        found = read_envelope(MessageEnvelope, body, self._workspace)
        if found is None:
            return
        envelope, team = found
        message = envelope.event
        if self._workspace.is_org_wide:
            self._directory.note_team(team)
        kind = self._directory.kind_of(message.channel, message.channel_type)
        addressing = self._addressing(message, kind)
        if addressing is None or not self._hearing.is_heard(message, self._workspace):
            return

        def write(findings: Findings) -> MessageReceived | StopRequested:
            event = hear(
                message,
                kind=findings.kind,
                team=team,
                addressing=addressing,
                workspace=self._workspace,
                names=findings.names,
                is_agent_view=self._is_threaded(message.ts),
            )
            self._remember(message, event)
            return self._guarded(message, self._with_context(message, findings.kind, event))

        prepare = self._desk.preparation(message, kind or "channel")
        await self._hand_over.put(replace(self._arrival(message, kind, message.ts), prepare=prepare), write)

    async def _on_change(self, body: Mapping[str, object]) -> None:
        found = read_envelope(ChangeEnvelope, body, self._workspace)
        if found is None:
            return
        envelope, team = found
        change = envelope.event
        kind = self._directory.kind_of(change.channel, change.channel_type)
        deleted, edited = deleted_message(change), edited_message(change)
        if deleted is not None and self._concerns_bot(change, deleted, kind):
            await self._hand_over.put(
                Arrival(channel=change.channel, rank=rank_of(change.ts), people=(), kind=kind),
                lambda findings: to_deletion(
                    deleted, kind=findings.kind, team=team, is_agent_view=self._is_threaded(deleted.ts)
                ),
            )
        elif edited is not None and self._concerns_bot(change, edited, kind):
            await self._hand_over.put(
                self._arrival(edited, kind, change.ts),
                lambda findings: to_edit(
                    change,
                    edited,
                    kind=findings.kind,
                    team=team,
                    workspace=self._workspace,
                    names=findings.names,
                    is_agent_view=self._is_threaded(edited.ts),
                ),
            )

    def _concerns_bot(self, change: SlackChange, subject: SlackMessage, kind: str | None) -> bool:
        when = self._desk.answer_when(change.channel)
        return concerns_bot(
            change, subject, kind or "channel", workspace=self._workspace, hearing=self._hearing, when=when
        )

    def _addressing(self, message: SlackMessage, kind: str | None) -> Addressing | None:
        usual = addressing_of(message, kind or "channel", self._workspace)
        return addressed_in(usual, message, kind or "channel", self._desk.answer_when(message.channel))

    def _with_context(
        self, message: SlackMessage, kind: str, event: MessageReceived | StopRequested
    ) -> MessageReceived | StopRequested:
        looking_at = self._desk.looking_at(message, kind)
        return replace(event, looking_at=looking_at) if looking_at and isinstance(event, MessageReceived) else event

    def _arrival(self, message: SlackMessage, kind: str | None, happened_at: str) -> Arrival:
        people = people_in(message, self._workspace)
        return Arrival(channel=message.channel, rank=rank_of(happened_at), people=people, kind=kind)

    def _guarded(
        self, message: SlackMessage, event: MessageReceived | StopRequested
    ) -> MessageReceived | StopRequested:
        """Keep what a bot says as context only, once bots alone have talked for long enough."""
        may_answer = self._hearing.may_answer(message, event.place.session, self._workspace)
        if may_answer or not isinstance(event, MessageReceived):
            return event
        _log.info("slack_bots_among_themselves", session_id=str(event.place.session))
        return replace(event, addressing=Addressing.OTHERS)

    def _remember(self, message: SlackMessage, event: MessageReceived | StopRequested) -> None:
        thread = message.thread_ts if message.is_reply else None
        self._directory.threads.remember(thread_key(message.channel, message.ts), thread or "")
        self._directory.homes.note(message)
        if not isinstance(event, MessageReceived) or message.user is None:
            return
        if message.user_profile is not None and message.bot_id is None:
            # Of people from other organisations Slack tells the name here, and often not when asked.
            self._directory.people.remember(message.user, event.speaker)
        self._room.remember(message.user, event.place)
        if self._participants is not None:
            self._participants.note(event.place.session, message.user, event.speaker)
