"""Opening the way between Slack's events and the workspaces."""

from threadkeep.chat.adapter import SharedState
from threadkeep.vault import Vault
from threadkeep_slack.branches import BranchMaker, OneBranch
from threadkeep_slack.installs.front_desk import FrontDesk
from threadkeep_slack.installs.many import open_many
from threadkeep_slack.settings import SlackSettings
from threadkeep_slack.workspace import identify


async def open_front_desk(
    settings: SlackSettings, maker: BranchMaker, *, vault: Vault | None, shared: SharedState | None
) -> FrontDesk:
    """Open the one workspace whose token is set, or all that have installed the app.

    Args:
        settings: How the app is connected.
        maker: Makes the branches.
        vault: Where installations are kept; None if there is no store.
        shared: What the processes of the bot share; None if this one is alone.

    Raises:
        PlatformAuthError: Slack refuses the token.
        PlatformUnavailableError: Slack is not reached.
        ConfigError: There is no store for installations, or they cannot be opened.
        StoreError: They cannot be read.
    """
    if settings.bot_token is None and settings.oauth is not None:
        return await open_many(settings, settings.oauth, maker, vault=vault, shared=shared)
    client = maker.client(None)
    workspace = await identify(client)
    branch = maker.make(client, workspace)
    return FrontDesk(
        name=workspace.team,
        branches=OneBranch(branch),
        client=client,
        inlet=branch.intake,
        workspace=workspace,
    )
