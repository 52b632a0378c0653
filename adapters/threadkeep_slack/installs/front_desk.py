"""What stands between Slack's events and the workspaces, for one workspace or for many."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_slack.branches import Branches
from threadkeep_slack.transport.beside_pages import Pages
from threadkeep_slack.transport.bolt import Inlet, OnRemoved
from threadkeep_slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDesk:
    """How events find their workspace.

    Attributes:
        name: Names the installation, or the app, where its sockets are counted.
        branches: The workspaces.
        client: Calls what needs no token of a workspace.
        inlet: Takes the events; None where the process takes none.
        workspace: The one workspace; None where there may be many.
        on_removed: Takes the removal of the app from one of many workspaces.
        pages: What browsers may open to install the app.
    """

    name: str
    branches: Branches
    client: AsyncWebClient
    inlet: Inlet | None
    workspace: Workspace | None = None
    on_removed: OnRemoved | None = None
    pages: Pages | None = None
