"""Where events arrive when many workspaces have installed the app: each goes to its own branch, or nowhere."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from threadkeep.errors import PlatformAuthError, PlatformUnavailableError, ThreadkeepError
from threadkeep_slack.inbound.hand_over import NotHandedOverError
from threadkeep_slack.inbound.intake import Intake
from threadkeep_slack.inbound.reading import event_id_of
from threadkeep_slack.installs.installations import Held, Installations
from threadkeep_slack.installs.installed import InstalledBranches, NotInstalledError
from threadkeep_slack.installs.whose import addressees_of
from threadkeep_slack.workspace import identify

_log = structlog.get_logger(__name__)


class Reception:
    """Takes what Slack delivers for all workspaces.

    Args:
        branches: The workspaces.
        installations: Where they are kept.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        branches: InstalledBranches,
        installations: Installations,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._branches: Final = branches
        self._installations: Final = installations
        self._clock: Final = clock

    async def on_event(self, body: Mapping[str, object]) -> None:
        """Take the outer payload of an event.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        intake = await self._intake_of(body)
        if intake is not None:
            await intake.on_event(body)

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take the press of a stop button.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        intake = await self._intake_of(body)
        if intake is not None:
            await intake.on_press(body)

    async def on_interaction(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Take the press of a button in the Home tab, or a form, and give what the form shows then.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        intake = await self._intake_of(body)
        return {} if intake is None else await intake.on_interaction(body)

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take the slash command, and give what to tell who sent it.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        intake = await self._intake_of(body)
        return "" if intake is None else await intake.on_command(body)

    async def on_removed(self, body: Mapping[str, Any]) -> None:
        """Take an ``app_uninstalled`` or ``tokens_revoked`` event: forget the installation if its token is dead.

        Such an event may come late, after the app was installed again: Slack is asked whether the token works.

        Raises:
            NotHandedOverError: It must not be acknowledged: what is to be done cannot be done now.
        """
        try:
            for addressee in addressees_of(body):
                held = await self._installations.get(addressee.installation)
                if held is not None:
                    await self._forget_if_dead(held, body)
                    return
        except ThreadkeepError as error:
            raise NotHandedOverError(f"{type(error).__name__}: {error}") from error

    async def _forget_if_dead(self, held: Held, body: Mapping[str, Any]) -> None:
        installation = held.installation
        event = body.get("event")
        if not _takes_bot(event, installation.workspace.bot_user):
            return
        if await self._is_alive(held, body.get("event_time")):
            _log.info("slack_removal_outdated", team=installation.id, event_id=event_id_of(body))
            return
        if await self._installations.forget(held):
            _log.warning("slack_app_removed", team=installation.id, team_name=installation.workspace.team_name)
        self._branches.refresh()

    async def _is_alive(self, held: Held, event_time: object) -> bool:
        installation = held.installation
        if installation.is_expired(self._clock()):
            # Slack says no more of such a token than that it has expired.
            return isinstance(event_time, int) and event_time < int(installation.installed_at)
        client = self._branches.probe(installation.tokens)
        try:
            await identify(client)
        except PlatformUnavailableError:
            raise
        except PlatformAuthError:
            return False
        return True

    async def _intake_of(self, body: Mapping[str, object]) -> Intake | None:
        try:
            for addressee in addressees_of(body):
                branch = self._branches.known(addressee.installation)
                if branch is None:
                    try:
                        branch = await self._branches.find(addressee.installation, needs_token=False)
                    except NotInstalledError:
                        continue
                if addressee.member is not None and branch.workspace.is_org_wide:
                    await self._branches.learn(addressee.member, addressee.installation)
                return branch.intake
        except ThreadkeepError as error:
            raise NotHandedOverError(f"{type(error).__name__}: {error}") from error
        _log.warning("slack_event_of_no_installation", event_id=event_id_of(body), team=body.get("team_id"))
        return None


def _takes_bot(event: object, bot_user: str) -> bool:
    """Tell whether an event is about the bot, not about somebody who gave the app a token of their own."""
    if not isinstance(event, Mapping):
        return False
    if event.get("type") == "app_uninstalled":
        return True
    tokens = event.get("tokens")
    revoked = tokens.get("bot") if isinstance(tokens, Mapping) else None
    return isinstance(revoked, list) and bot_user in revoked
