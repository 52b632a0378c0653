"""Whose installation a payload is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """An installation that may see a payload.

    Attributes:
        installation: The workspace's id, or the organisation's where the app is installed for all of it.
        member: The workspace in question, where the installation is an organisation's.
    """

    installation: str
    member: str | None = None


def addressees_of(body: Mapping[str, object]) -> Iterator[Addressee]:
    """Give the installations for which Slack sends a payload, the surest first.

    Events say it in ``authorizations``: their ``team_id`` may be that of a speaker from another workspace, in a channel
    that is shared (https://docs.slack.dev/apis/events-api/#authorizations). Presses and commands name the workspace.
    """
    authorizations = body.get("authorizations")
    context = body.get("context_team_id") or body.get("team_id")
    for seen_by in authorizations if isinstance(authorizations, list) else ():
        if isinstance(seen_by, Mapping):
            is_org_wide = _is(seen_by.get("is_enterprise_install"))
            team = seen_by.get("team_id") or (context if is_org_wide else None)
            yield from _named(team, seen_by.get("enterprise_id"), is_org_wide=is_org_wide)
    team = _team_in(body)
    yield from _named(team, _enterprise_in(body), is_org_wide=_is(body.get("is_enterprise_install")))
    yield from _named(body.get("context_team_id"), None, is_org_wide=False)
    yield from _named(team, None, is_org_wide=False)


def _named(team: object, enterprise: object, *, is_org_wide: bool) -> Iterator[Addressee]:
    if is_org_wide and isinstance(enterprise, str) and enterprise:
        # A form may name the organisation where others name the workspace.
        is_member = isinstance(team, str) and team not in {"", enterprise}
        yield Addressee(installation=enterprise, member=str(team) if is_member else None)
    elif isinstance(team, str) and team:
        yield Addressee(installation=team)


def _team_in(body: Mapping[str, object]) -> object:
    view = body.get("view")
    if isinstance(view, Mapping) and view.get("app_installed_team_id"):
        return view["app_installed_team_id"]
    team = body.get("team")
    if isinstance(team, Mapping):
        return team.get("id")
    if body.get("team_id"):
        return body["team_id"]
    user = body.get("user")
    return user.get("team_id") if isinstance(user, Mapping) else None


def _enterprise_in(body: Mapping[str, object]) -> object:
    enterprise = body.get("enterprise")
    if isinstance(enterprise, Mapping):
        return enterprise.get("id")
    return body.get("enterprise_id")


def _is(flag: object) -> bool:
    # Slash commands come as a form, in which everything is text.
    return flag is True or flag == "true"
