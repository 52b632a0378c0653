"""Building what a workspace needs for Slack's agent features."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import SharedState
from threadkeep.chat.home import HomeDesk
from threadkeep_slack.agent_view.abilities import Abilities
from threadkeep_slack.agent_view.desk import AgentRooms
from threadkeep_slack.agent_view.directs import DirectThreads
from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.agent_view.looking import Looking
from threadkeep_slack.agent_view.prompt_settings import PROMPTS
from threadkeep_slack.agent_view.prompts import SuggestedPrompts
from threadkeep_slack.agent_view.statuses import Statuses, Tools
from threadkeep_slack.agent_view.titles import Titles
from threadkeep_slack.home.channels import ChannelSetup
from threadkeep_slack.home.notes import WorkspaceNotes
from threadkeep_slack.home.tab import HomeTab
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.settings import SlackSettings
from threadkeep_slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The installation for which it is built.

    Attributes:
        client: The client of the bot.
        workspace: Who the bot is there.
        directory: What people and conversations are called.
        pacing: How often Slack lets the bot call.
    """

    client: AsyncWebClient
    workspace: Workspace
    directory: Directory
    pacing: Pacing


def open_rooms(
    of: Installation,
    settings: SlackSettings,
    *,
    shared: SharedState | None,
    notes: WorkspaceNotes,
    home: HomeDesk | None,
) -> tuple[AgentRooms, Titles]:
    """Build it, and what names conversations.

    Args:
        of: The installation.
        settings: How the app is connected.
        shared: What the processes of the bot share; None if this one is alone.
        notes: How the bot is set up in workspaces.
        home: Where a person's page is asked for; None if there is no store.
    """
    client, workspace, team = of.client, of.workspace, of.workspace.team
    abilities, errands = Abilities(), Errands()
    suggested = PROMPTS if settings.prompts is None else settings.prompts
    prompts = SuggestedPrompts(client, abilities=abilities, shared=shared, team=team, prompts=suggested)
    setup = ChannelSetup(client, notes, workspace)
    rooms = AgentRooms(
        workspace=workspace,
        directs=DirectThreads(notes, prompts, team=team, setting=settings.is_agent_view),
        prompts=prompts,
        looking=Looking(of.directory, shared, team=team),
        statuses=Statuses(Tools(client=client, abilities=abilities, pacing=of.pacing, errands=errands)),
        notes=notes,
        home=HomeTab(client, workspace=workspace, desk=home, setup=setup, errands=errands),
        errands=errands,
    )
    return rooms, Titles(client, abilities=abilities, pacing=of.pacing)
