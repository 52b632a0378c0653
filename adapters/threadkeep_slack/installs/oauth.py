"""Installing the app by OAuth: two addresses that browsers open.

https://docs.slack.dev/authentication/installing-with-oauth/
"""

import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import structlog
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformError, PlatformUnavailableError, StoreError
from threadkeep_slack.branches import BranchMaker
from threadkeep_slack.installs.grants import CodeRefusedError, ask_grant
from threadkeep_slack.installs.installation import Installation
from threadkeep_slack.installs.installations import Installations
from threadkeep_slack.installs.oauth_settings import OAuthSettings
from threadkeep_slack.installs.pages import failed_page, installed_page
from threadkeep_slack.installs.states import InstallStates, StateRefusedError
from threadkeep_slack.limits import INSTALL_SECONDS
from threadkeep_slack.workspace import identify

_log = structlog.get_logger(__name__)

INSTALL_PATH: Final = "/slack/install"
"""Where an installation begins."""

REDIRECT_PATH: Final = "/slack/oauth_redirect"
"""Where Slack sends the browser back to."""

_COOKIE: Final = "threadkeep_install"
_LONGEST: Final = 2_048


class InstallPages:
    """Sends browsers to Slack, and keeps what Slack grants when they come back.

    Args:
        oauth: The app's credentials, and the address under which browsers find us.
        scopes: What the app asks for.
        maker: Makes clients.
        installations: Where installations are kept.
        states: What ties the way back to the way there.
        on_installed: Called after each installation.
        api_url: Where Slack's Web API is.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        oauth: OAuthSettings,
        *,
        scopes: Sequence[str],
        maker: BranchMaker,
        installations: Installations,
        states: InstallStates,
        on_installed: Callable[[], None],
        api_url: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._oauth: Final = oauth
        self._scopes: Final = ",".join(scopes)
        self._maker: Final = maker
        self._client: Final[AsyncWebClient] = maker.client(None)
        self._installations: Final = installations
        self._states: Final = states
        self._on_installed: Final = on_installed
        self._authorize_url: Final = urljoin(api_url, "/oauth/v2/authorize")
        self._clock: Final = clock
        self._local_url: Callable[[], str] = lambda: ""

    def add_to(self, router: web.UrlDispatcher, *, url: Callable[[], str]) -> None:
        """Add both addresses to a server."""
        self._local_url = url
        router.add_get(INSTALL_PATH, self.begin)
        router.add_get(REDIRECT_PATH, self.end)

    @property
    def public_url(self) -> str:
        """Give the address of this server as browsers know it."""
        return self._oauth.public_url or self._local_url()

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Send the browser to Slack, where somebody chooses a workspace and allows the app."""
        browser = self._states.browser(request.cookies.get(_COOKIE))
        query = {
            "client_id": self._oauth.client_id,
            "scope": self._scopes,
            "state": self._states.issue(browser),
            "redirect_uri": self._redirect_uri,
        }
        response = web.Response(
            status=302,
            headers={
                "Location": f"{self._authorize_url}?{urlencode(query)}",
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
            },
        )
        base = urlsplit(self.public_url)
        response.set_cookie(
            _COOKIE,
            browser,
            max_age=int(INSTALL_SECONDS),
            path=f"{base.path}/slack",
            secure=base.scheme == "https",
            httponly=True,
            samesite="Lax",
        )
        return response

    async def end(self, request: web.Request) -> web.StreamResponse:
        """Take the browser back with Slack's code, and keep the tokens that it stands for."""
        query = request.query
        try:
            await self._states.redeem(query.get("state", "")[:_LONGEST], request.cookies.get(_COOKIE))
            if query.get("error"):
                _log.info("slack_install_declined", reason=query["error"][:64])
                return self._failed("The app was not allowed.", 403)
            return await self._install(query.get("code", "")[:_LONGEST])
        except StateRefusedError as error:
            _log.warning("slack_install_refused", reason=str(error))
            return self._failed(str(error), 400)
        except CodeRefusedError as error:
            _log.warning("slack_install_refused", reason=str(error))
            return self._failed("Slack's permission was used already, or is too old.", 400)
        except (PlatformUnavailableError, StoreError) as error:
            _log.error("slack_install_failed", reason=str(error))
            return self._failed("Something is out of reach just now. Nothing was installed.", 503)
        except PlatformError as error:
            _log.error("slack_install_failed", reason=str(error))
            return self._failed("Slack did not grant what the app needs; its log says why.", 502)

    @property
    def _redirect_uri(self) -> str:
        return f"{self.public_url}{REDIRECT_PATH}"

    async def _install(self, code: str) -> web.Response:
        grant = await ask_grant(self._client, self._oauth, {"code": code, "redirect_uri": self._redirect_uri})
        now = self._clock()
        # Who the bot is, and where, is asked of Slack with the token itself: nothing of it comes from the browser.
        workspace = await identify(self._maker.client(grant.access_token.get_secret_value()))
        installation = Installation(
            workspace=workspace,
            tokens=grant.tokens(now),
            scopes=grant.scopes,
            installed_at=now,
            installed_by=grant.authed_user.id or "",
            app=grant.app_id,
        )
        await self._installations.keep(installation)
        self._on_installed()
        _log.info("slack_app_installed", team=installation.id, team_name=workspace.team_name)
        return installed_page(workspace.team_name, app=grant.app_id, team=workspace.team)

    def _failed(self, text: str, status: int) -> web.Response:
        return failed_page(text, status=status, again=f"{self.public_url}{INSTALL_PATH}")
