"""The page on which somebody allows the app in a workspace (https://slack.com/oauth/v2/authorize)."""

from html import escape
from urllib.parse import urlencode

from aiohttp import web

from .grants import Grants
from .world import World

_HIDDEN = ("client_id", "scope", "state", "redirect_uri")


class ConsentPage:
    """Show who asks for what, and send the browser back with a code or a refusal."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants = Grants(world)

    async def show(self, request: web.Request) -> web.Response:
        """Show the page: a form with every workspace."""
        complaint = self._complaint(dict(request.query))
        if complaint:
            return web.Response(status=400, text=complaint)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(request.query[name])}">'
            for name in _HIDDEN
            if name in request.query
        )
        teams = "".join(
            f'<option value="{team.id}">{escape(team.name if team.organisation is None else team.organisation.name)}'
            "</option>"
            for team in self._world.teams.values()
            if team.siblings[0] is team
        )
        html = (
            f"<!doctype html><title>Allow {escape(self._world.app.name)}?</title>"
            f'<form method="post">{hidden}<select name="team">{teams}</select>'
            '<button name="decision" value="allow">Allow</button>'
            '<button name="decision" value="cancel">Cancel</button></form>'
        )
        return web.Response(text=html, content_type="text/html")

    async def decide(self, request: web.Request) -> web.Response:
        """Take what the person chose."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        complaint = self._complaint(form)
        team = self._world.teams.get(form.get("team", ""))
        if complaint or team is None:
            return web.Response(status=400, text=complaint or "no such workspace")
        app = self._world.app
        target = form.get("redirect_uri") or app.redirect_urls[0]
        if form.get("decision") == "allow":
            person = next((user for user in team.users.values() if not user.is_bot), None)
            query = {
                "code": self._grants.allow(
                    team,
                    user="U0INSTALLER" if person is None else person.id,
                    scopes=tuple(form["scope"].split(",")),
                    redirect_uri=form.get("redirect_uri"),
                )
            }
        else:
            query = {"error": "access_denied"}
        if "state" in form:
            query["state"] = form["state"]
        return web.Response(status=302, headers={"Location": f"{target}?{urlencode(query)}"})

    def _complaint(self, asked: dict[str, str]) -> str:
        app = self._world.app
        if asked.get("client_id") != app.client_id:
            return "invalid_client_id"
        scopes = [scope for scope in asked.get("scope", "").split(",") if scope]
        unknown = sorted(set(scopes) - app.scopes)
        if not scopes or unknown:
            return f"invalid_scope: {','.join(unknown)}"
        redirect_uri = asked.get("redirect_uri")
        if redirect_uri is None:
            return "" if app.redirect_urls else "redirect_uri did not match any configured URIs"
        # Slack takes what begins like a configured address.
        if not any(redirect_uri.startswith(url) for url in app.redirect_urls):
            return "redirect_uri did not match any configured URIs"
        return ""
