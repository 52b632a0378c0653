"""The workspaces that have installed the app: found for each event, kept as long as nothing changed."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import ConfigError, PlatformAuthError, PlatformUnavailableError, StoreError, ThreadkeepError
from threadkeep_slack.branches import Branch, BranchMaker
from threadkeep_slack.installs.installation import Installation, Tokens
from threadkeep_slack.installs.installations import Installations
from threadkeep_slack.installs.rotation import Rotation
from threadkeep_slack.limits import BRANCHES_OPEN, INSTALLS_HEARTBEAT, RENEWAL_RETRY_SECONDS
from threadkeep_slack.transport.port import end_tasks

_log = structlog.get_logger(__name__)


class NotInstalledError(PlatformAuthError):
    """The app is not installed in a workspace, or not any more."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    branch: Branch
    installation: Installation
    is_stale: bool = False
    renew_after: float = field(default=0.0)


class InstalledBranches:
    """A branch for each installation that is in use, with a token that works.

    What is known of an installation holds until some process says that installations changed, which is looked for every
    ``INSTALLS_HEARTBEAT``; then it is read again when it is next needed. So an event costs no call, neither of the
    store nor of Slack.

    Args:
        installations: Where they are kept.
        maker: Makes branches.
        rotation: Renews tokens.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        installations: Installations,
        maker: BranchMaker,
        rotation: Rotation,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._installations: Final = installations
        self._maker: Final = maker
        self._rotation: Final = rotation
        self._clock: Final = clock
        self._entries: Final[OrderedDict[str, _Entry]] = OrderedDict()
        self._organisations: Final[dict[str, str]] = {}
        self._locks: Final[WeakValueDictionary[str, asyncio.Lock]] = WeakValueDictionary()
        self._version: str | None = None
        self._count = 0
        self._watcher: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read what there is, and begin to watch it.

        Raises:
            ConfigError: No key opens the installations.
            StoreError: They cannot be read.
        """
        resealed = await self._installations.reseal()
        if resealed:
            _log.info("slack_installs_sealed_again", count=resealed)
        self._version = await self._installations.version()
        ids = await self._installations.ids()
        self._count = len(ids)
        if ids:
            # A wrong key is said now, not at the first event.
            await self._installations.get(ids[0])
        self._watcher = asyncio.create_task(self._watch(), name="slack-installs")

    @property
    def description(self) -> str:
        """Say in how many workspaces the app is installed, as far as this process knows."""
        return f"app in {self._count} {'workspace' if self._count == 1 else 'workspaces'} by OAuth"

    def ready(self, team: str) -> Branch | None:
        """Give the branch of a workspace if it is known, and its token works."""
        entry = self._known(team)
        if entry is None or entry.installation.is_expired(self._clock()):
            return None
        return entry.branch

    def known(self, team: str) -> Branch | None:
        """Give the branch of a workspace if it is known, whether its token works or not: events need none."""
        entry = self._known(team)
        return None if entry is None else entry.branch

    async def find(self, team: str, *, needs_token: bool = True) -> Branch:
        """Give the branch of a workspace.

        Args:
            team: The workspace, or the organisation.
            needs_token: Whether the token must work.

        Raises:
            PlatformAuthError: The app is not installed there any more, or must be installed again.
            PlatformUnavailableError: The installation cannot be read, or Slack is not reached to renew the token.
        """
        branch = self.ready(team) if needs_token else self.known(team)
        if branch is not None:
            return branch
        try:
            return (await self._entry(team, needs_token=needs_token)).branch
        except StoreError as error:
            raise PlatformUnavailableError(f"the installation of {team} cannot be read: {error}") from error
        except ConfigError as error:
            raise PlatformAuthError(str(error)) from error

    async def learn(self, team: str, organisation: str) -> None:
        """Note that an organisation's installation serves a workspace, for whoever answers in it later."""
        if self._organisations.get(team) != organisation:
            await self._installations.learn(team, organisation)
            self._organisations[team] = organisation

    def probe(self, tokens: Tokens) -> AsyncWebClient:
        """Give a client to try tokens with."""
        return self._maker.client(tokens.token.get_secret_value())

    def refresh(self) -> None:
        """Read every installation again when it is next needed."""
        for entry in self._entries.values():
            entry.is_stale = True

    async def aclose(self) -> None:
        """Stop watching, let renewals end, close the branches."""
        if self._watcher is not None:
            await end_tasks(self._watcher)
            self._watcher = None
        await self._rotation.aclose()
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            await entry.branch.aclose()

    def _known(self, team: str) -> _Entry | None:
        entry = self._entries.get(team)
        if entry is None:
            organisation = self._organisations.get(team)
            entry = None if organisation is None else self._entries.get(organisation)
        return None if entry is None or entry.is_stale else entry

    async def _entry(self, team: str, *, needs_token: bool) -> _Entry:
        async with self._lock(team):
            entry = self._known(team) or await self._read(team)
        # Events, which need no token, do not wait for this.
        if needs_token and entry.installation.is_expired(self._clock()):
            entry = await self._renew(entry)
        return entry

    async def _read(self, team: str) -> _Entry:
        held = await self._installations.get(team)
        if held is None:
            organisation = self._organisations.get(team) or await self._installations.organisation_of(team)
            if organisation is not None:
                self._organisations[team] = organisation
                held = await self._installations.get(organisation)
        if held is None:
            await self._drop(team)
            raise NotInstalledError(f"the app is not installed in the Slack workspace {team}, or not any more")
        return await self._take(held.installation)

    async def _take(self, installation: Installation) -> _Entry:
        """Hold what was read; a branch that is in use goes on with the new token."""
        token = installation.tokens.token.get_secret_value()
        old = self._entries.get(installation.id)
        if old is not None and old.installation.workspace == installation.workspace:
            old.branch.client.token = token
            old.installation, old.is_stale = installation, False
            return old
        branch = self._maker.make(self._maker.client(token), installation.workspace)
        entry = self._entries[installation.id] = _Entry(branch=branch, installation=installation)
        gone = [] if old is None else [old]
        while len(self._entries) > BRANCHES_OPEN:
            gone.append(self._entries.popitem(last=False)[1])
        for other in gone:
            await other.branch.aclose()
        return entry

    async def _renew(self, entry: _Entry) -> _Entry:
        installation_id = entry.installation.id
        held = await self._rotation.renewed(installation_id)
        if held is None:
            await self._drop(installation_id)
            raise NotInstalledError(f"the app is not installed in the Slack workspace {installation_id} any more")
        return await self._take(held.installation)

    async def _drop(self, installation_id: str) -> None:
        entry = self._entries.pop(installation_id, None)
        if entry is not None:
            await entry.branch.aclose()

    def _lock(self, team: str) -> asyncio.Lock:
        lock = self._locks.get(team)
        if lock is None:
            lock = self._locks[team] = asyncio.Lock()
        return lock

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(INSTALLS_HEARTBEAT)
            try:
                version = await self._installations.version()
                if version != self._version:
                    self._version = version
                    self.refresh()
                    self._count = len(await self._installations.ids())
            except ThreadkeepError as error:
                _log.warning("slack_installs_unknown", reason=str(error))
            await self._renew_due()

    async def _renew_due(self) -> None:
        now = self._clock()
        due = [entry for entry in self._entries.values() if entry.installation.is_due(now) and entry.renew_after <= now]
        for entry in due:
            entry.renew_after = now + RENEWAL_RETRY_SECONDS
            try:
                await self._renew(entry)
            except ThreadkeepError as error:
                _log.warning("slack_token_renewal_failed", team=entry.installation.id, reason=str(error))
