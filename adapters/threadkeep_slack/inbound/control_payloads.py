"""What Slack sends when somebody presses, reacts or commands, checked at the door."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from threadkeep_slack.inbound.payloads import Envelope, Id, LooseText, Payload, Timestamp


class ReactedTo(Payload):
    """What somebody reacted to; only messages have a channel and a time."""

    type: Literal["message"]
    channel: Id
    ts: Timestamp


class Reaction(Payload):
    """A ``reaction_added`` or ``reaction_removed`` (https://docs.slack.dev/reference/events/reaction_added/)."""

    type: Literal["reaction_added", "reaction_removed"]
    user: Id
    reaction: str
    item: ReactedTo
    item_user: LooseText = None
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

    command: str = Field(max_length=64)
    text: LooseText = None
    channel_id: Id
    user_id: Id
    team_id: Id
    enterprise_id: Id | None = None
    trigger_id: str = Field(min_length=1, max_length=128)
    response_url: LooseText = None


class _Person(Payload):
    id: Id
    team_id: Id | None = None
    name: LooseText = None


class _Team(Payload):
    id: Id
    enterprise_id: Id | None = None

    @property
    def ids(self) -> tuple[str, str | None]:
        return self.id, self.enterprise_id


class Interaction(Payload):
    """What is in every interactive payload: who did it, and where the app is installed."""

    user: _Person
    team: _Team | None = None
    trigger_id: LooseText = None

    def team_named(self, enterprise: str | None) -> tuple[str | None, str | None]:
        """Give workspace and organisation as Slack names them.

        Args:
            enterprise: The organisation, where the payload names a person's workspace only.
        """
        return (self.user.team_id, enterprise) if self.team is None else self.team.ids


class _Container(Payload):
    type: Literal["message"]
    message_ts: Timestamp
    channel_id: Id
    thread_ts: Timestamp | None = None
    is_ephemeral: bool = False


class _Pressed(Payload):
    thread_ts: Timestamp | None = None
    text: LooseText = None
    blocks: object = None


class _Words(Payload):
    text: LooseText = None


class _Option(Payload):
    text: _Words | None = None
    value: LooseText = None


class PressedElement(Payload):
    """What was pressed, or chosen from."""

    action_id: str = Field(max_length=255)
    action_ts: Timestamp
    text: _Words | None = None
    value: LooseText = None
    selected_option: _Option | None = None

    @property
    def chosen(self) -> str:
        """Give what comes back with it: the button's value, or the option's."""
        found = self.value if self.selected_option is None else self.selected_option.value
        return found or ""

    @property
    def label(self) -> str:
        """Give what people read on it."""
        words = self.text if self.selected_option is None else self.selected_option.text
        return (words.text if words is not None else None) or ""


class ButtonPress(Interaction):
    """A ``block_actions`` payload (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/)."""

    container: _Container
    message: _Pressed | None = None
    actions: tuple[PressedElement, ...] = Field(min_length=1)

    @property
    def thread_ts(self) -> str | None:
        """Give the thread in which the button stands, if the message is in one."""
        found = self.container.thread_ts or (self.message.thread_ts if self.message is not None else None)
        return None if found == self.container.message_ts else found


class _State(Payload):
    values: Mapping[str, Mapping[str, Mapping[str, object]]] = Field(default_factory=dict)


class _View(Payload):
    id: Id
    callback_id: str = Field(max_length=255)
    private_metadata: str = Field(default="", max_length=3_000)
    state: _State = _State()


class Submission(Interaction):
    """A ``view_submission``: a modal that was filled in and sent.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload/
    """

    view: _View


class _Channel(Payload):
    id: Id


class _About(Payload):
    ts: Timestamp
    thread_ts: Timestamp | None = None
    text: LooseText = None
    user: LooseText = None
    username: LooseText = None


class Shortcut(Interaction):
    """A ``shortcut``, or a ``message_action``, which is one on a message.

    https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload/
    """

    callback_id: str = Field(max_length=255)
    channel: _Channel | None = None
    message: _About | None = None
