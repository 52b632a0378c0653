"""What the browser shows at the end of an installation."""

from html import escape
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p>{link}</body>
</html>
"""

# Nothing of another origin, no frame around it, no trace of the code in another site's logs.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, text: str, *, status: int = 200, link: tuple[str, str] | None = None) -> web.Response:
    """Build a page.

    Args:
        title: Its heading.
        text: A sentence or two.
        status: The HTTP status.
        link: An address, and what to click on.
    """
    anchor = "" if link is None else f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>'
    html = _PAGE.format(title=escape(title), text=escape(text), link=anchor)
    return web.Response(text=html, status=status, content_type="text/html", headers=_HEADERS)


def installed_page(team_name: str, *, app: str, team: str) -> web.Response:
    """Build the page of an installation that succeeded."""
    address = f"https://slack.com/app_redirect?{urlencode({'app': app, 'team': team})}"
    text = f"The app is installed in {team_name}. Write to it, or invite it to a channel and mention it."
    return page("Installed", text, link=(address, "Open it in Slack"))


def failed_page(text: str, *, status: int, again: str) -> web.Response:
    """Build the page of an installation that failed."""
    return page("Not installed", text, status=status, link=(again, "Begin again"))
