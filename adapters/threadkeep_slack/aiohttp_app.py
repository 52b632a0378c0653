"""Slack's requests in an aiohttp application of yours.

In one of its own, under any path::

    app = web.Application()
    app.add_subapp("/bots/", slack_app(adapter, bot))   # https://your.host/bots/slack/events
    web.run_app(app)
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from aiohttp import web

from threadkeep_slack.adapter import SlackAdapter
from threadkeep_slack.limits import REQUEST_BYTES
from threadkeep_slack.transport.http_events import read_body, to_response
from threadkeep_slack.transport.requests import PATH, TOO_SLOW


def slack_app(
    adapter: SlackAdapter, bot: AbstractAsyncContextManager[object] | None = None, *, path: str = PATH
) -> web.Application:
    """Build an application that takes Slack's requests: events, what is pressed and filled in, slash commands.

    Args:
        adapter: The adapter; it is mounted here.
        bot: The bot with this adapter, started and stopped with the application; None if you do that yourself.
        path: Where it is served.

    Raises:
        ConfigError: SLACK_SIGNING_SECRET is missing.
        PlatformError: The adapter is started already.
    """
    adapter.mount()
    app = web.Application(client_max_size=REQUEST_BYTES)

    async def handle(request: web.Request) -> web.Response:
        body = await read_body(request)
        if body is None:
            return to_response(TOO_SLOW)
        return to_response(await adapter.answer_request(body, headers=request.headers, query=request.query_string))

    app.router.add_post(path, handle)
    if bot is not None:
        running = bot

        async def run(_: web.Application) -> AsyncIterator[None]:
            async with running:
                yield

        app.cleanup_ctx.append(run)
    return app
