"""The installations of the app, kept in the store's vault for all processes of the bot."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep.sealing import SealedVault, Secret
from threadkeep_slack.installs.installation import Installation
from threadkeep_slack.limits import INSTALLS_NOTE_SECONDS

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An installation as it stands in the vault.

    Attributes:
        installation: The installation.
        secret: By what a change of it is recognised.
    """

    installation: Installation
    secret: Secret


class Installations:
    """Reads and changes installations, and lets the other processes know that something changed.

    All calls raise StoreUnavailableError when the store cannot be reached, and ConfigError when no key opens an entry.

    Args:
        vault: Where they are kept.
        shared: What the processes of the bot share.
        client_id: Names the app.
    """

    def __init__(self, vault: SealedVault, shared: SharedState, client_id: str) -> None:
        self._vault: Final = vault
        self._shared: Final = shared
        self._prefix: Final = f"slack:{client_id}:"
        self._note: Final = f"slack-installs:{client_id}"

    async def get(self, installation_id: str) -> Held | None:
        """Give the installation of a workspace or organisation; None if there is none."""
        secret = await self._vault.get(self._name(installation_id))
        if secret is None:
            return None
        return Held(installation=Installation.from_bytes(secret.value), secret=secret)

    async def keep(self, installation: Installation) -> Held:
        """Keep an installation, new or again, and say so."""
        name = self._name(installation.id)
        secret = await self._vault.put(name, installation.to_bytes())
        await self._announce()
        if secret is None:  # pragma: no cover - nothing was expected
            raise StoreError(f"{name} was not kept")
        return Held(installation=installation, secret=secret)

    async def change(self, held: Held, installation: Installation, *, is_said: bool = True) -> Held | None:
        """Replace an installation, unless somebody else has changed it; then None.

        Args:
            held: As it was read.
            installation: As it shall be.
            is_said: Whether the other processes must know.
        """
        name = self._name(installation.id)
        secret = await self._vault.put(name, installation.to_bytes(), expected=held.secret)
        if secret is None:
            return None
        if is_said:
            await self._announce()
        return Held(installation=installation, secret=secret)

    async def forget(self, held: Held) -> bool:
        """Delete an installation, unless somebody else has changed it."""
        is_gone = await self._vault.delete(self._name(held.installation.id), expected=held.secret)
        await self._announce()
        return is_gone

    async def ids(self) -> tuple[str, ...]:
        """List the workspaces and organisations in which the app is installed."""
        prefix = self._name("")
        return tuple(name.removeprefix(prefix) for name in await self._vault.names(prefix))

    async def organisation_of(self, team: str) -> str | None:
        """Give the organisation whose installation serves a workspace, where that was learned."""
        secret = await self._vault.get(self._member(team))
        return None if secret is None else secret.value.decode()

    async def learn(self, team: str, organisation: str) -> None:
        """Note that a workspace is served by an organisation's installation."""
        await self._vault.put(self._member(team), organisation.encode())

    async def reseal(self) -> int:
        """Seal all with the newest key, and give how many an older one had sealed."""
        return await self._vault.reseal(self._prefix)

    async def version(self) -> str | None:
        """Give a text that is another one whenever an installation was changed."""
        return await self._shared.recall(self._note)

    async def _announce(self) -> None:
        try:
            await self._shared.remember(self._note, uuid4().hex, seconds=INSTALLS_NOTE_SECONDS)
        except StoreError as error:
            # What was changed stands; the others find it at their next look into the vault.
            _log.warning("slack_installs_change_not_announced", reason=str(error))

    def _name(self, installation_id: str) -> str:
        return f"{self._prefix}installation:{installation_id}"

    def _member(self, team: str) -> str:
        return f"{self._prefix}member:{team}"
