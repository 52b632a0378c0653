"""Private file downloads and the addresses to upload to.

https://docs.slack.dev/reference/objects/file-object/#private_files
"""

from aiohttp import web

from threadkeep_emulators.faults import Faults

from .records import StoredFile, Team
from .world import World

_LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in to Slack</title>"
    '<link href="https://a.slack-edge.com/signin.css" rel="stylesheet"></head><body>Sign in</body></html>'
)


class FileStore:
    """Serve files to the app's token; all others are sent to a sign-in page, as Slack does."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    async def handle(self, request: web.Request) -> web.Response:
        """Serve one file, or the error of a fault for ``files``."""
        fault = self._faults.take("files")
        if fault is not None and fault.kind == "status":
            return web.Response(status=fault.status)
        team_id, _, file_id = request.match_info["key"].partition("-")
        team = self._world.teams.get(team_id)
        file = team.files.get(file_id) if team is not None else None
        if team is None or not _may_read(request, team):
            raise web.HTTPFound(f"/login?redir={request.path}")
        if file is None or file.mode != "hosted":
            raise web.HTTPNotFound
        return self._serve(request, file)

    async def handle_login(self, _request: web.Request) -> web.Response:
        """Serve the sign-in page that a refused download ends at, with status 200."""
        return web.Response(text=_LOGIN_PAGE, content_type="text/html")

    async def handle_upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file, raw or as a form; the address itself is the permission."""
        ticket = request.match_info["ticket"]
        upload = next((team.uploads[ticket] for team in self._world.teams.values() if ticket in team.uploads), None)
        if upload is None:
            raise web.HTTPNotFound
        content = await _uploaded(request)
        if len(content) != upload.length:
            raise web.HTTPBadRequest(text=f"expected {upload.length} bytes, got {len(content)}")
        upload.content = content
        return web.Response(text=f"OK - {len(content)}")

    def _serve(self, request: web.Request, file: StoredFile) -> web.Response:
        self._world.downloads.append(file.id)
        hops = int(request.query.get("hop", "0"))
        if hops < file.hops:
            raise web.HTTPFound(request.rel_url.update_query(hop=hops + 1))
        if file.moved_to is not None:
            raise web.HTTPFound(file.moved_to)
        name = file.name.replace('"', "")
        return web.Response(
            body=file.content,
            content_type=file.mimetype.partition(";")[0],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


async def _uploaded(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    fields = await request.post()
    held = next((value for value in fields.values() if isinstance(value, web.FileField)), None)
    return b"" if held is None else held.file.read()


def _may_read(request: web.Request, team: Team) -> bool:
    is_ours = request.headers.get("Authorization") == f"Bearer {team.bot_token}"
    return is_ours and not team.is_token_revoked and "files:read" in team.scopes
