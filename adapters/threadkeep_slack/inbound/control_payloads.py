"""What Slack sends when somebody presses, reacts or commands, checked at the door."""

from typing import Literal

from pydantic import Field

from threadkeep_slack.inbound.payloads import Envelope, Id, Payload, Timestamp


class ReactedTo(Payload):
    """What somebody reacted to; only messages have a channel and a time."""

    type: Literal["message"]
    channel: Id
    ts: Timestamp


class Reaction(Payload):
    """A ``reaction_added`` (https://docs.slack.dev/reference/events/reaction_added/)."""

    type: Literal["reaction_added"]
    user: Id
    reaction: str
    item: ReactedTo
    event_ts: Timestamp


class SessionStopped(Payload):
    """An ``agent_session_stopped``: Slack's own stop button.

    https://docs.slack.dev/reference/events/agent_session_stopped/
    """

    type: Literal["agent_session_stopped"]
    channel: Id
    thread_ts: Timestamp | None = None
    user: Id
    event_ts: Timestamp | None = None


class ReactionEnvelope(Envelope):
    """The outer payload of a reaction."""

    event: Reaction


class SessionStoppedEnvelope(Envelope):
    """The outer payload of Slack's stop button."""

    event: SessionStopped


class SlashCommand(Payload):
    """A slash command; it names no thread, since none can be sent from one.

    https://docs.slack.dev/interactivity/implementing-slash-commands/
    """

    command: str
    channel_id: Id
    user_id: Id
    team_id: Id
    enterprise_id: Id | None = None
    trigger_id: str = Field(min_length=1, max_length=128)


class _Person(Payload):
    id: Id
    team_id: Id | None = None


class _Team(Payload):
    id: Id
    enterprise_id: Id | None = None

    @property
    def ids(self) -> tuple[str, str | None]:
        return self.id, self.enterprise_id


class _Container(Payload):
    type: Literal["message"]
    message_ts: Timestamp
    channel_id: Id
    thread_ts: Timestamp | None = None


class _Pressed(Payload):
    thread_ts: Timestamp | None = None


class _Action(Payload):
    action_id: str
    action_ts: Timestamp


class ButtonPress(Payload):
    """A ``block_actions`` payload (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/)."""

    user: _Person
    team: _Team | None = None
    container: _Container
    message: _Pressed | None = None
    actions: tuple[_Action, ...] = Field(min_length=1)

    @property
    def thread_ts(self) -> str | None:
        """Give the thread in which the button stands, if the message is in one."""
        found = self.container.thread_ts or (self.message.thread_ts if self.message is not None else None)
        return None if found == self.container.message_ts else found
