"""The way of an event from Slack's payload to the sink."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from threadkeep.chat.events import MessageReceived, StopRequested
from threadkeep_slack.inbound.changes import concerns_bot, deleted_message, edited_message, to_deletion, to_edit
from threadkeep_slack.inbound.controls import Controls
from threadkeep_slack.inbound.directory import Directory, thread_key
from threadkeep_slack.inbound.events import addressing_of, is_from_person, is_spoken, people_in
from threadkeep_slack.inbound.hand_over import Arrival, Findings, HandOver
from threadkeep_slack.inbound.hearing import hear
from threadkeep_slack.inbound.payloads import ChangeEnvelope, MessageEnvelope, SlackChange, SlackMessage, read_heading
from threadkeep_slack.inbound.reading import read_envelope
from threadkeep_slack.inbound.turns import rank_of
from threadkeep_slack.workspace import Workspace


class Intake:
    """Takes what Slack delivers, and returns when it may be acknowledged.

    That is: the sink has it, or it is not for the bot, or it cannot be read.

    Args:
        hand_over: The way to the sink.
        workspace: The bot's installation.
        directory: What people and conversations are called.
        is_agent_view: Whether direct messages are threads.
    """

    def __init__(
        self, hand_over: HandOver, *, workspace: Workspace, directory: Directory, is_agent_view: bool = False
    ) -> None:
        self._hand_over: Final = hand_over
        self._workspace: Final = workspace
        self._directory: Final = directory
        self._is_agent_view: Final = is_agent_view
        self._controls: Final = Controls(
            hand_over, workspace=workspace, directory=directory, is_agent_view=is_agent_view
        )

    async def on_event(self, body: Mapping[str, object]) -> None:
        """Take the outer payload of an event.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        handler = self._handler_of(*read_heading(body))
        if handler is not None:
            await handler(body)

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take the press of a stop button.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        await self._controls.on_press(body)

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take the slash command, and give what to tell who sent it.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        return await self._controls.on_command(body)

    def _handler_of(
        self, kind: str | None, subtype: str | None
    ) -> Callable[[Mapping[str, object]], Awaitable[None]] | None:
        match kind, subtype:
            case "reaction_added", _:
                return self._controls.on_reaction
            case "agent_session_stopped", _:
                return self._controls.on_session_stopped
            case "message", "message_changed" | "message_deleted":
                return self._on_change
            case _:
                return self._on_message if is_spoken(subtype) else None

    async def _on_message(self, body: Mapping[str, object]) -> None:
        found = read_envelope(MessageEnvelope, body, self._workspace)
        if found is None:
            return
        envelope, team = found
        message = envelope.event
        kind = self._directory.kind_of(message.channel, message.channel_type)
        addressing = addressing_of(message, kind or "channel", self._workspace)
        if addressing is None or not is_from_person(message, self._workspace):
            return

        def write(findings: Findings) -> MessageReceived | StopRequested:
            event = hear(
                message,
                kind=findings.kind,
                team=team,
                addressing=addressing,
                workspace=self._workspace,
                names=findings.names,
                is_agent_view=self._is_agent_view,
            )
            self._remember(message, event)
            return event

        await self._hand_over.put(self._arrival(message, kind, message.ts), write)

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
                lambda findings: to_deletion(deleted, kind=findings.kind, team=team, is_agent_view=self._is_agent_view),
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
                    is_agent_view=self._is_agent_view,
                ),
            )

    def _concerns_bot(self, change: SlackChange, subject: SlackMessage, kind: str | None) -> bool:
        return concerns_bot(change, subject, kind or "channel", self._workspace)

    def _arrival(self, message: SlackMessage, kind: str | None, happened_at: str) -> Arrival:
        people = people_in(message, self._workspace)
        return Arrival(channel=message.channel, rank=rank_of(happened_at), people=people, kind=kind)

    def _remember(self, message: SlackMessage, event: MessageReceived | StopRequested) -> None:
        thread = message.thread_ts if message.is_reply else None
        self._directory.threads.remember(thread_key(message.channel, message.ts), thread or "")
        if isinstance(event, MessageReceived) and message.user is not None:
            self._controls.remember(message.user, event.place)
