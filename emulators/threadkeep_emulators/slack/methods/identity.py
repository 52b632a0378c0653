"""auth.test, api.test, apps.connections.open, and who is who: users.*, bots.info, team.info."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.rendering import render_bot, render_user
from threadkeep_emulators.slack.wire import Payload

from .paging import cut_page


def test_auth(call: Request) -> Payload:
    """Tell whom a token belongs to (https://docs.slack.dev/reference/methods/auth.test)."""
    organisation = call.team.organisation
    whole = call.team if organisation is None else organisation
    named = {} if organisation is None else {"enterprise_id": organisation.id}
    return named | {
        "url": f"https://{call.team.domain}.slack.com/",
        "team": whole.name,
        "user": call.team.users[call.team.bot_user].name,
        "team_id": whole.id,
        "user_id": call.team.bot_user,
        "bot_id": call.team.bot.id,
        "is_enterprise_install": organisation is not None,
    }


def test_api(call: Request) -> Payload:
    """Echo the arguments, or fail as told (https://docs.slack.dev/reference/methods/api.test)."""
    error = call.args.text("error")
    if error:
        raise SlackError(error, args=call.args.values)
    return {"args": call.args.values}


def open_connection(call: Request) -> Payload:
    """Give the address of a socket (https://docs.slack.dev/reference/methods/apps.connections.open)."""
    return {"url": call.issue_socket()}


def get_user(call: Request) -> Payload:
    """Describe a user (https://docs.slack.dev/reference/methods/users.info)."""
    user = call.user()
    return {"user": render_user(call.team, user, has_email="users:read.email" in call.team.scopes)}


def list_users(call: Request) -> Payload:
    """List the users (https://docs.slack.dev/reference/methods/users.list)."""
    page, more = cut_page(call, list(call.team.users.values()), default=1_000)
    has_email = "users:read.email" in call.team.scopes
    members = [render_user(call.team, user, has_email=has_email) for user in page]
    return {"members": members, "cache_ts": int(call.world.clock())} | more


def get_bot(call: Request) -> Payload:
    """Describe a bot (https://docs.slack.dev/reference/methods/bots.info)."""
    bot = call.team.bots.get(call.args.text("bot") or call.team.bot.id)
    if bot is None:
        raise SlackError("bot_not_found")
    return {"bot": render_bot(call.team, bot)}


def get_team(call: Request) -> Payload:
    """Describe the workspace (https://docs.slack.dev/reference/methods/team.info)."""
    named = call.args.text("team")
    if named is not None and named != call.team.id:
        raise SlackError("team_not_found")
    return {"team": {"id": call.team.id, "name": call.team.name, "domain": call.team.domain}}


def list_usergroups(call: Request) -> Payload:
    """List the groups of users (https://docs.slack.dev/reference/methods/usergroups.list)."""
    if call.team.organisation is not None and "team_id" not in call.args:
        raise SlackError("missing_argument")
    groups: list[Payload] = [
        {"id": group, "team_id": call.team.id, "is_usergroup": True, "name": handle.title(), "handle": handle}
        for group, handle in call.team.usergroups.items()
    ]
    if call.args.flag("include_users"):
        for shown in groups:
            shown["users"] = list(call.team.group_members[shown["id"]])
    return {"usergroups": groups}


METHODS = (
    Method(name="auth.test", perform=test_auth),
    Method(name="api.test", perform=test_api, tier=4, token="none"),
    Method(
        name="apps.connections.open",
        perform=open_connection,
        scopes=("connections:write",),
        tier=3,
        token="app",
    ),
    Method(name="users.info", perform=get_user, scopes=("users:read",), tier=4),
    Method(name="users.list", perform=list_users, scopes=("users:read",), tier=2),
    Method(name="bots.info", perform=get_bot, scopes=("users:read",), tier=3),
    Method(name="usergroups.list", perform=list_usergroups, scopes=("usergroups:read",), tier=2),
    Method(name="team.info", perform=get_team, scopes=("team:read",), tier=3),
)
