"""What the app is granted by workspaces: codes, tokens that live or expire, and their end.

https://docs.slack.dev/authentication/installing-with-oauth/ and
https://docs.slack.dev/authentication/using-token-rotation/
"""

from .organisations import share_grant
from .problems import SlackError
from .records import IssuedCode, Team
from .wire import Payload
from .world import World

CODE_LIFETIME = 600.0


class Grants:
    """Issue codes, and exchange codes and refresh tokens for tokens."""

    def __init__(self, world: World) -> None:
        self._world = world

    def allow(self, team: Team, *, user: str, scopes: tuple[str, ...], redirect_uri: str | None) -> str:
        """Note that somebody allowed the app in a workspace, and give the code for it."""
        code = f"{self._world.ids.secret()}.{self._world.ids.secret()}"
        self._world.codes[code] = IssuedCode(
            team=team.id, user=user, scopes=scopes, redirect_uri=redirect_uri, issued_at=self._world.clock()
        )
        return code

    def redeem(self, code: str, *, redirect_uri: str | None) -> Payload:
        """Install the app, and give its tokens.

        Raises:
            SlackError: ``invalid_code``, ``code_already_used`` or ``bad_redirect_uri``.
        """
        issued = self._world.codes.get(code)
        if issued is None or self._world.clock() > issued.issued_at + CODE_LIFETIME:
            raise SlackError("invalid_code")
        if issued.is_used:
            raise SlackError("code_already_used")
        if issued.redirect_uri != redirect_uri:
            raise SlackError("bad_redirect_uri")
        issued.is_used = True
        team = self._world.teams[issued.team]
        team.scopes = set(issued.scopes)
        self._install(team)
        share_grant(team)
        return self._describe(team) | {"authed_user": {"id": issued.user}}

    def refresh(self, refresh_token: str) -> Payload:
        """Give new tokens for a refresh token, which is used up by it.

        Raises:
            SlackError: ``invalid_refresh_token``.
        """
        for team in self._world.teams.values():
            if team.refresh_token is not None and team.refresh_token == refresh_token and not team.is_token_revoked:
                self._issue_rotating(team)
                share_grant(team)
                return self._describe(team)
        raise SlackError("invalid_refresh_token")

    def exchange(self, team: Team) -> Payload:
        """Give tokens that expire for one that does not.

        Raises:
            SlackError: ``token_rotation_not_enabled`` or ``token_already_exchanged``.
        """
        if not self._world.app.is_token_rotated:
            raise SlackError("token_rotation_not_enabled")
        if team.refresh_token is not None:
            raise SlackError("token_already_exchanged")
        self._issue_rotating(team)
        return self._describe(team)

    def _install(self, team: Team) -> None:
        was_revoked, team.is_token_revoked = team.is_token_revoked, False
        if self._world.app.is_token_rotated:
            team.token_expiries.clear()
            self._issue_rotating(team)
        elif was_revoked or team.refresh_token is not None:
            # An installation that stands keeps its token.
            team.token_expiries.clear()
            team.refresh_token = None
            team.bot_token = self._world.ids.token("xoxb")

    def _issue_rotating(self, team: Team) -> None:
        app, ids = self._world.app, self._world.ids
        team.bot_token = ids.token("xoxe.xoxb-1")
        team.refresh_token = ids.token("xoxe-1")
        # The token that went before works until its own time is over.
        team.token_expiries[team.bot_token] = self._world.clock() + app.token_lifetime

    def _describe(self, team: Team) -> Payload:
        answer: Payload = {
            "access_token": team.bot_token,
            "token_type": "bot",
            "scope": ",".join(sorted(team.scopes)),
            "bot_user_id": team.bot_user,
            "app_id": self._world.app.id,
        }
        organisation = team.organisation
        if organisation is None:
            answer |= {"team": {"id": team.id, "name": team.name}, "enterprise": None, "is_enterprise_install": False}
        else:
            whole = {"id": organisation.id, "name": organisation.name}
            answer |= {"team": None, "enterprise": whole, "is_enterprise_install": True}
        if team.refresh_token is not None:
            answer |= {"refresh_token": team.refresh_token, "expires_in": int(self._world.app.token_lifetime)}
        return answer


def revoke(world: World, team: Team, *, is_uninstall: bool) -> None:
    """End what a workspace granted, and tell the app.

    https://docs.slack.dev/reference/events/tokens_revoked/ and
    https://docs.slack.dev/reference/events/app_uninstalled/
    """
    team.is_token_revoked = True
    team.refresh_token = None
    share_grant(team)
    world.publish(team, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [team.bot_user]}})
    if is_uninstall:
        world.publish(team, {"type": "app_uninstalled"})
