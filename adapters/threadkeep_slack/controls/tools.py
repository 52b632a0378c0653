"""What the controls of one workspace work with."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.controls.answer_urls import AnswerUrls
from threadkeep_slack.controls.last_places import LastPlaces
from threadkeep_slack.controls.places import ControlPlaces
from threadkeep_slack.controls.whispers import Whispers
from threadkeep_slack.inbound.control_payloads import Interaction
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.hand_over import HandOver
from threadkeep_slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTools:
    """What the controls of one workspace work with.

    Attributes:
        client: The client of the bot.
        hand_over: The way to the sink.
        workspace: The bot's installation.
        directory: What people and conversations are called.
        places: Tells which conversation is meant.
        last_places: Knows where people spoke last.
        urls: Keeps where commands may be answered.
        whispers: Tells people what others do not see.
        errands: Owns what is done beside the events.
    """

    client: AsyncWebClient
    hand_over: HandOver
    workspace: Workspace
    directory: Directory
    places: ControlPlaces
    last_places: LastPlaces
    urls: AnswerUrls
    whispers: Whispers
    errands: Errands

    def team_of(self, interaction: Interaction) -> str | None:
        """Give the workspace under which an interaction is kept; None if it is not for this installation."""
        return self.workspace.team_pressed_in(*interaction.team_named(self.workspace.enterprise))
