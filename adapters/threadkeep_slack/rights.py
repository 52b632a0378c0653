"""What a person may do in a workspace: administer it, own it, be in its user groups.

https://docs.slack.dev/reference/objects/user-object/ and https://docs.slack.dev/reference/methods/usergroups.list/
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.rights import Rights
from threadkeep.errors import PlatformAuthError
from threadkeep_slack.limits import GROUP_TEAMS, MEMBERS_TTL
from threadkeep_slack.web_api import platform_errors
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

_POSTS: Final = {"is_admin": "admin", "is_owner": "owner", "is_primary_owner": "primary_owner"}
_NO_MEMBER: Final = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Who is in which user group of a workspace, and until when that is believed."""

    members: Mapping[str, frozenset[str]]
    until: float


class RightsDesk:
    """Asks Slack what people may do. Who administers a workspace is asked each time.

    Who is in its user groups is believed for a minute: Slack lets an app ask for that some twenty times a minute.

    Args:
        client: Calls Slack.
        workspace: Whose people count; those of other organisations have no rights, wherever they are invited.
        clock: Gives the seconds of a clock that is never set back.
    """

    def __init__(
        self, client: AsyncWebClient, workspace: Workspace, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._groups: dict[str, _Groups] = {}
        self._turn = asyncio.Lock()

    async def of(self, user: str, team: str) -> Rights:
        """Give the rights of a person: the ids of their user groups, and ``admin``, ``owner``, ``member`` and such.

        Args:
            user: Who.
            team: In which workspace.

        Raises:
            PlatformError: Slack does not tell.
        """
        with platform_errors("users.info"):
            response = await self._client.users_info(user=user)
        found = response.get("user")
        person: Fields = found if isinstance(found, dict) else {}
        if not belongs_to(person, self._workspace):
            return Rights()
        posts = {name for field, name in _POSTS.items() if person.get(field) is True}
        guest = any(person.get(field) is True for field in _NO_MEMBER)
        groups = await self._groups_of(team)
        return Rights(
            roles=frozenset(group for group, members in groups.items() if user in members),
            permissions=frozenset(posts if guest else {*posts, "member"}),
        )

    async def _groups_of(self, team: str) -> Mapping[str, frozenset[str]]:
        async with self._turn:
            known = self._groups.get(team)
            if known is None or known.until <= self._clock():
                known = _Groups(members=await self._asked(team), until=self._clock() + MEMBERS_TTL)
                self._groups.pop(team, None)
                self._groups[team] = known
                if len(self._groups) > GROUP_TEAMS:
                    del self._groups[next(iter(self._groups))]
        return known.members

    async def _asked(self, team: str) -> Mapping[str, frozenset[str]]:
        # With the token of an organisation Slack wants to know in which workspace.
        where = team if self._workspace.is_org_wide else None
        try:
            with platform_errors("usergroups.list"):
                response = await self._client.usergroups_list(include_users=True, team_id=where)
        except PlatformAuthError as error:
            _log.info("slack_groups_not_told", team=team, reason=str(error))
            return {}
        groups = response.get("usergroups")
        return dict(
            _members(group) for group in (groups if isinstance(groups, list) else []) if isinstance(group, dict)
        )


def belongs_to(person: Fields, own: Workspace) -> bool:
    """Tell whether somebody belongs to the organisation: an administrator of another one has no say in ours.

    Args:
        person: A user, as Slack describes them.
        own: The bot's installation.
    """
    enterprise = person.get("enterprise_user")
    home = enterprise.get("enterprise_id") if isinstance(enterprise, dict) else None
    return person.get("team_id") in (own.team, own.enterprise) or (home is not None and home == own.enterprise)


def _members(group: Fields) -> tuple[str, frozenset[str]]:
    users = group.get("users")
    return str(group.get("id") or ""), frozenset(str(user) for user in (users if isinstance(users, list) else []))
