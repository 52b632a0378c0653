"""What the live app lacks of what the bot needs, and where to click."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.desk import Rooms
from threadkeep.chat.findings import Finding, Verdict
from threadkeep.errors import PlatformError, ThreadkeepError
from threadkeep.sealing import SealedVault
from threadkeep_slack.installs.installations import Installations
from threadkeep_slack.installs.needs import events_for, scopes_for
from threadkeep_slack.installs.oauth import INSTALL_PATH, REDIRECT_PATH
from threadkeep_slack.settings import SlackSettings
from threadkeep_slack.transport.requests import PATH
from threadkeep_slack.transport.slots import app_of
from threadkeep_slack.web_api import new_client, new_session, platform_errors

_APPS: Final = "https://api.slack.com/apps"

ClientFor = Callable[[str], AsyncWebClient]
"""Builds a client with a token."""


class Doctor:
    """Looks at an app with the tokens that are set.

    Args:
        settings: How the app is connected.
        rooms: The store, where many workspaces install the app; None if there is none yet.
        commands: The slash commands that the app should have, as far as known.
    """

    def __init__(self, settings: SlackSettings, rooms: Rooms | None = None, *, commands: Sequence[str] = ()) -> None:
        self._settings: Final = settings
        self._rooms: Final = rooms
        self._commands: Final = commands
        app_token = settings.app_token
        app = None if app_token is None else app_of(app_token.get_secret_value())
        self._app: Final = _APPS if app is None else f"{_APPS}/{app}"

    async def examine(self) -> AsyncIterator[Finding]:
        """Look at everything, in the order in which it is set up."""
        async with AsyncExitStack() as opened:
            session = await opened.enter_async_context(new_session())
            client = new_client(self._settings, session)
            if self._settings.bot_token is not None:
                async for finding in self._workspace(client, "the workspace"):
                    yield finding
            else:
                async for finding in self._installs(lambda token: new_client(self._settings, session, token=token)):
                    yield finding
            async for finding in self._way_of_events(client):
                yield finding
        yield self._events()
        if self._commands:
            yield Finding(
                verdict=Verdict.UNSEEN,
                what=f"these slash commands: {', '.join(f'/{name}' for name in self._commands)}",
                remedy=f"{self._app}/slash-commands",
            )

    async def _workspace(self, client: AsyncWebClient, name: str) -> AsyncIterator[Finding]:
        try:
            with platform_errors("auth.test"):
                response = await client.auth_test()
        except PlatformError as error:
            yield Finding(verdict=Verdict.MISSING, what=f"the token of {name} does not work", remedy=str(error))
            return
        team, user = response.get("team") or response.get("team_id"), response.get("user")
        yield Finding(verdict=Verdict.FINE, what=f"the token works: {team}, as @{user}")
        granted = {scope.strip() for scope in str(response.headers.get("x-oauth-scopes") or "").split(",")} - {""}
        for finding in self._scopes(granted):
            yield finding

    def _scopes(self, granted: set[str]) -> Sequence[Finding]:
        needed = scopes_for()
        lacking = [need for need in needed if need.scope not in granted]
        where = f"add it at {self._app}/oauth under Bot Token Scopes, then Install App > Reinstall"
        return [
            Finding(verdict=Verdict.FINE, what=f"{len(needed) - len(lacking)} of {len(needed)} scopes are granted"),
            *(
                Finding(
                    verdict=Verdict.MISSING if need.is_required else Verdict.WANTING,
                    what=f"scope {need.scope}: without it {need.without}",
                    remedy=where,
                )
                for need in lacking
            ),
        ]

    async def _way_of_events(self, client: AsyncWebClient) -> AsyncIterator[Finding]:
        settings = self._settings
        if settings.app_token is None:
            yield Finding(verdict=Verdict.FINE, what="events come over HTTP: SLACK_SIGNING_SECRET is set")
            yield Finding(
                verdict=Verdict.UNSEEN,
                what="Socket Mode must be off, and the Request URLs must be the bot's public address",
                remedy=f"{self._app}/event-subscriptions and {self._app}/interactive-messages: https://your.host{PATH}",
            )
            return
        try:
            with platform_errors("apps.connections.open"):
                await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
        except PlatformError as error:
            yield Finding(
                verdict=Verdict.MISSING,
                what=f"Socket Mode cannot be opened: {error}",
                remedy=f"turn it on at {self._app}/socket-mode; make the token, with connections:write, at "
                f"{self._app}/general",
            )
        else:
            yield Finding(verdict=Verdict.FINE, what="Socket Mode can be opened: SLACK_APP_TOKEN works")

    async def _installs(self, client_for: ClientFor) -> AsyncIterator[Finding]:
        oauth = self._settings.oauth
        if oauth is None or self._rooms is None:
            yield Finding(verdict=Verdict.UNSEEN, what="there is no store yet: no workspace has installed the app")
            return
        vault = SealedVault(self._rooms.vault, oauth.secret_keys)
        installations = Installations(vault, self._rooms.shared, oauth.client_id)
        address = oauth.public_url or "the bot's address"
        yield Finding(
            verdict=Verdict.FINE if oauth.public_url else Verdict.WANTING,
            what=f"workspaces install the app at {address}{INSTALL_PATH}",
            remedy="" if oauth.public_url else "set SLACK_PUBLIC_URL to the address under which browsers reach the bot",
        )
        yield Finding(
            verdict=Verdict.UNSEEN,
            what=f"the Redirect URLs must hold {address}{REDIRECT_PATH}",
            remedy=f"{self._app}/oauth; turn on Manage Distribution there for workspaces other than your own",
        )
        try:
            ids = await installations.ids()
        except ThreadkeepError as error:
            yield Finding(verdict=Verdict.MISSING, what="the installations cannot be read", remedy=str(error))
            return
        yield Finding(verdict=Verdict.FINE, what=f"{len(ids)} installed")
        for installation_id in ids:
            async for finding in self._installed(installations, installation_id, client_for):
                yield finding

    async def _installed(
        self, installations: Installations, installation_id: str, client_for: ClientFor
    ) -> AsyncIterator[Finding]:
        try:
            held = await installations.get(installation_id)
        except ThreadkeepError as error:
            yield Finding(verdict=Verdict.MISSING, what=f"{installation_id} cannot be read", remedy=str(error))
            return
        if held is None:
            return
        installation = held.installation
        token = installation.tokens.token.get_secret_value()
        async for finding in self._workspace(client_for(token), installation.workspace.team_name):
            yield finding

    def _events(self) -> Finding:
        events = ", ".join(need.event for need in events_for())
        return Finding(
            verdict=Verdict.UNSEEN,
            what=f"these events must be subscribed to, of which no token can tell: {events}",
            remedy=f"{self._app}/event-subscriptions under Subscribe to bot events",
        )
