"""Opening the app for all workspaces that have installed it."""

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import ConfigError
from threadkeep.sealing import SealedVault
from threadkeep.vault import Vault
from threadkeep_slack.branches import BranchMaker
from threadkeep_slack.installs.front_desk import FrontDesk
from threadkeep_slack.installs.installations import Installations
from threadkeep_slack.installs.installed import InstalledBranches
from threadkeep_slack.installs.needs import scopes_for
from threadkeep_slack.installs.oauth import InstallPages
from threadkeep_slack.installs.oauth_settings import OAuthSettings
from threadkeep_slack.installs.reception import Reception
from threadkeep_slack.installs.rotation import Rotation
from threadkeep_slack.installs.states import InstallStates
from threadkeep_slack.settings import SlackSettings


async def open_many(
    settings: SlackSettings,
    oauth: OAuthSettings,
    maker: BranchMaker,
    *,
    vault: Vault | None,
    shared: SharedState | None,
) -> FrontDesk:
    """Read where the app is installed, and get ready for its events and for further installs.

    Args:
        settings: How the app is connected.
        oauth: The app's credentials.
        maker: Makes the branches.
        vault: Where installations are kept.
        shared: What the processes of the bot share.

    Raises:
        ConfigError: There is no store, or no key opens the installations.
        StoreError: They cannot be read.
    """
    if vault is None or shared is None:
        raise ConfigError(
            "SLACK_CLIENT_ID is set, but there is no store in which installations could be kept: run the bot with "
            "`threadkeep run` or as Bot(agent=..., adapters=[...], store=...), or set SLACK_BOT_TOKEN for one workspace"
        )
    installations = Installations(SealedVault(vault, oauth.secret_keys), shared, oauth.client_id)
    client = maker.client(None)
    rotation = Rotation(installations, shared, client, oauth)
    branches = InstalledBranches(installations, maker, rotation)
    await branches.open()
    reception = Reception(branches, installations)
    pages = InstallPages(
        oauth,
        scopes=[need.scope for need in scopes_for()],
        maker=maker,
        installations=installations,
        states=InstallStates(oauth.secret_keys.derived("threadkeep slack install state"), shared),
        on_installed=branches.refresh,
        api_url=settings.api_url,
    )
    return FrontDesk(
        name=oauth.client_id,
        branches=branches,
        client=client,
        inlet=reception if maker.takes_events else None,
        on_removed=reception.on_removed,
        pages=pages,
    )
