"""oauth.v2.access, oauth.v2.exchange, auth.revoke, apps.uninstall."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.grants import Grants, revoke
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.wire import Payload


def grant_access(call: Request) -> Payload:
    """Exchange a code or a refresh token (https://docs.slack.dev/reference/methods/oauth.v2.access)."""
    _check_credentials(call)
    kind = call.args.text("grant_type") or "authorization_code"
    if kind == "refresh_token":
        return Grants(call.world).refresh(call.args.text("refresh_token") or "")
    if kind != "authorization_code":
        raise SlackError("invalid_grant_type")
    code = call.args.text("code")
    if not code:
        raise SlackError("invalid_code")
    return Grants(call.world).redeem(code, redirect_uri=call.args.text("redirect_uri"))


def exchange_token(call: Request) -> Payload:
    """Turn a token into one that expires (https://docs.slack.dev/reference/methods/oauth.v2.exchange)."""
    _check_credentials(call)
    return Grants(call.world).exchange(call.team)


def revoke_token(call: Request) -> Payload:
    """Revoke the token of the call (https://docs.slack.dev/reference/methods/auth.revoke)."""
    if not call.args.flag("test"):
        revoke(call.world, call.team, is_uninstall=False)
        return {"revoked": True}
    return {"revoked": False}


def uninstall(call: Request) -> Payload:
    """Remove the app from the workspace (https://docs.slack.dev/reference/methods/apps.uninstall)."""
    _check_credentials(call)
    revoke(call.world, call.team, is_uninstall=True)
    return {}


def _check_credentials(call: Request) -> None:
    app = call.world.app
    if call.args.text("client_id") != app.client_id:
        raise SlackError("invalid_client_id")
    if call.args.text("client_secret") != app.client_secret:
        raise SlackError("bad_client_secret")


METHODS = (
    Method(name="oauth.v2.access", perform=grant_access, token="none"),
    Method(name="oauth.v2.exchange", perform=exchange_token, tier=3),
    Method(name="auth.revoke", perform=revoke_token, tier=3),
    Method(name="apps.uninstall", perform=uninstall, tier=1),
)
