"""Organisations of Enterprise Grid, in which an app is installed once for all workspaces.

https://docs.slack.dev/enterprise/organization-ready-apps/
"""

from .records import Organisation, Team


def unite(organisation: Organisation, teams: list[Team]) -> None:
    """Put workspaces into an organisation: people have one id in all of it, and the app has one bot and one token.

    Args:
        organisation: The organisation.
        teams: Its workspaces, before anybody has done anything in them.
    """
    first = teams[0]
    organisation.members.extend(teams)
    for team in teams:
        team.organisation = organisation
        team.users, team.bots, team.bot = first.users, first.bots, first.bot
        # What is shown to a person follows them: no argument of these calls names a workspace.
        team.homes, team.modals, team.view_stacks = first.homes, first.modals, first.view_stacks
    share_grant(first)


def share_grant(team: Team) -> None:
    """Give what was granted in one workspace to all of its organisation."""
    for member in team.siblings:
        member.bot_token, member.scopes = team.bot_token, team.scopes
        member.refresh_token, member.token_expiries = team.refresh_token, team.token_expiries
        member.is_token_revoked = team.is_token_revoked


def meant_by(teams: list[Team], values: dict[str, object]) -> Team | None:
    """Give the workspace in which a call acts: that of the channel or file it names, or the one it names itself."""
    named = {value for value in values.values() if isinstance(value, str)}
    for team in teams:
        if team.id in named or named & (team.channels.keys() | team.files.keys() | team.uploads.keys()):
            return team
    return teams[0] if teams else None
