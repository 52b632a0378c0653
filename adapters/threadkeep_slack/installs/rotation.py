"""Renewing tokens that expire, once each, whichever process does it.

A refresh token may be used once (https://docs.slack.dev/authentication/using-token-rotation/). So a renewal needs the
lock of its installation, which all processes share; it begins by marking the installation, which shows that the store
takes writes; and it is not cancelled between Slack's answer and the moment when the new tokens are kept. A process that
is killed just there loses them: the old token works until it expires, Slack is asked again with the old refresh token,
and if it refuses that, the log says where to install the app again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import PlatformAuthError, PlatformUnavailableError, StoreError, StoreUnavailableError
from threadkeep_slack.installs.grants import RefreshRefusedError, ask_grant
from threadkeep_slack.installs.installation import Installation
from threadkeep_slack.installs.installations import Held, Installations
from threadkeep_slack.installs.oauth_settings import OAuthSettings
from threadkeep_slack.limits import RENEWAL_LOCK_SECONDS, RENEWAL_POLL, RENEWAL_SAVE_SECONDS, RENEWAL_WAIT_SECONDS

_log = structlog.get_logger(__name__)


class Rotation:
    """Renews the tokens of installations.

    Args:
        installations: Where they are kept.
        shared: What the processes of the bot share: the lock.
        client: Calls Slack.
        oauth: The app's credentials.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        installations: Installations,
        shared: SharedState,
        client: AsyncWebClient,
        oauth: OAuthSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._installations: Final = installations
        self._shared: Final = shared
        self._client: Final = client
        self._oauth: Final = oauth
        self._clock: Final = clock
        self._running: Final[dict[str, asyncio.Task[Held | None]]] = {}

    async def renewed(self, installation_id: str) -> Held | None:
        """Give an installation with a token that is not about to expire; None if there is no such installation.

        Where another process renews it, the token is given as it is while it works.

        Raises:
            PlatformAuthError: It cannot be renewed: the app must be installed again.
            PlatformUnavailableError: Slack is not reached.
            StoreError: The installation cannot be read or kept.
        """
        running = self._running.get(installation_id)
        if running is None:
            running = asyncio.create_task(self._renew(installation_id), name="slack-token-renewal")
            self._running[installation_id] = running
            running.add_done_callback(lambda _: self._running.pop(installation_id, None))
        return await asyncio.shield(running)

    async def aclose(self) -> None:
        """Let the renewals end that are under way: tokens would be lost."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _renew(self, installation_id: str) -> Held | None:
        lock, owner = f"slack-renewal:{self._oauth.client_id}:{installation_id}", uuid4().hex
        loop = asyncio.get_running_loop()
        until = loop.time() + RENEWAL_WAIT_SECONDS
        while True:
            held = await self._installations.get(installation_id)
            if held is None or not held.installation.is_due(self._clock()):
                return held
            if await self._shared.take_slots(lock, owner=owner, total=1, most=1, seconds=RENEWAL_LOCK_SECONDS):
                try:
                    return await self._exchange(installation_id)
                finally:
                    await self._free(lock, owner)
            if not held.installation.is_expired(self._clock()):
                return held
            if loop.time() >= until:
                raise PlatformUnavailableError(
                    f"another process renews the token of {installation_id}, and does not end"
                )
            await asyncio.sleep(RENEWAL_POLL)

    async def _exchange(self, installation_id: str) -> Held | None:
        """Renew the token; the lock is held. Who had it before may just have done so."""
        held = await self._installations.get(installation_id)
        if held is None or not held.installation.is_due(self._clock()):
            return held
        old = held.installation
        refresh_token = old.tokens.refresh_token
        if refresh_token is None:
            raise self._lost(old)
        if old.renewal_begun_at is not None:
            _log.warning("slack_token_renewal_interrupted", team=old.id, begun_at=old.renewal_begun_at)
        marked = await self._installations.change(held, old.being_renewed(self._clock()), is_said=False)
        if marked is None:
            # It was installed again or removed meanwhile.
            return await self._installations.get(installation_id)
        arguments = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        try:
            grant = await ask_grant(self._client, self._oauth, arguments)
        except RefreshRefusedError as error:
            if old.is_expired(self._clock()):
                raise self._lost(old) from error
            _log.error("slack_token_not_renewed", team=old.id, expires_at=old.tokens.expires_at, reason=str(error))
            return marked
        return await self._save(marked, old.renewed(grant.tokens(self._clock())))

    async def _save(self, marked: Held, renewed: Installation) -> Held | None:
        """Keep new tokens, whatever it takes: there are no others."""
        until = asyncio.get_running_loop().time() + RENEWAL_SAVE_SECONDS
        while True:
            try:
                kept = await self._installations.change(marked, renewed)
            except StoreUnavailableError as error:
                if asyncio.get_running_loop().time() >= until:
                    _log.critical("slack_token_lost", team=renewed.id, reason=str(error))
                    raise
                await asyncio.sleep(RENEWAL_POLL)
                continue
            if kept is not None:
                _log.info("slack_token_renewed", team=renewed.id, expires_at=renewed.tokens.expires_at)
                return kept
            # A write whose answer was lost may be this one: then the new tokens stand there already.
            return await self._installations.get(renewed.id)

    async def _free(self, lock: str, owner: str) -> None:
        try:
            await self._shared.free_slots(lock, owner=owner)
        except StoreError as error:
            _log.info("slack_renewal_lock_left_to_lapse", reason=str(error))

    def _lost(self, installation: Installation) -> PlatformAuthError:
        where = f"{self._oauth.public_url or ''}/slack/install"
        return PlatformAuthError(
            f"the token of the Slack workspace {installation.workspace.team_name} has expired and cannot be renewed: "
            f"install the app there again, at {where}"
        )
