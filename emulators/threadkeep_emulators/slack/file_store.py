"""Private file downloads (https://docs.slack.dev/reference/objects/file-object/#private_files)."""

from aiohttp import web

from .records import Team
from .world import World

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in to Slack</title></head><body>Sign in</body></html>"


class FileStore:
    """Serve files to the app's token; all others are sent to a sign-in page, as Slack does."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.Response:
        """Serve one file."""
        team_id, _, file_id = request.match_info["key"].partition("-")
        team = self._world.teams.get(team_id)
        file = team.files.get(file_id) if team is not None else None
        if team is None or not _may_read(request, team):
            raise web.HTTPFound("/login")
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.mimetype)

    async def handle_login(self, _request: web.Request) -> web.Response:
        """Serve the sign-in page that a refused download ends at, with status 200."""
        return web.Response(text=_LOGIN_PAGE, content_type="text/html")


def _may_read(request: web.Request, team: Team) -> bool:
    is_ours = request.headers.get("Authorization") == f"Bearer {team.bot_token}"
    return is_ours and not team.is_token_revoked and "files:read" in team.scopes
