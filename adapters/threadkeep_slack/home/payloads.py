"""What Slack sends when somebody presses a button of the Home tab, or sends a form."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from threadkeep_slack.inbound.payloads import Id, Payload


class _Person(Payload):
    id: Id
    team_id: Id | None = None


class _Team(Payload):
    id: Id
    enterprise_id: Id | None = None


class Interaction(Payload):
    """What all of them have in common."""

    user: _Person
    team: _Team | None = None

    def ids(self, enterprise: str | None) -> tuple[str | None, str | None]:
        """Give the workspace and the organisation that Slack names; in an organisation it may leave the former out."""
        return (self.user.team_id, enterprise) if self.team is None else (self.team.id, self.team.enterprise_id)


class _Action(Payload):
    action_id: str
    value: str = ""


class HomePress(Interaction):
    """A ``block_actions`` payload (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/)."""

    type: Literal["block_actions"]
    trigger_id: str = ""
    actions: tuple[_Action, ...] = Field(min_length=1)


class _Option(Payload):
    value: str


class Entry(Payload):
    """What stands in one field of a form."""

    selected_conversation: Id | None = None
    selected_option: _Option | None = None


class _State(Payload):
    values: Mapping[str, Mapping[str, Entry]] = Field(default_factory=dict)


class _View(Payload):
    callback_id: str
    state: _State = _State()


class Submission(Interaction):
    """A ``view_submission`` (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload/)."""

    type: Literal["view_submission"]
    view: _View

    def entry(self, block: str, action: str) -> Entry:
        """Give what stands in a field; an empty entry if nothing does."""
        return self.view.state.values.get(block, {}).get(action, Entry())
