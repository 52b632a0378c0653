"""The Web API's front door: tokens, scopes, rate limits, faults, answers.

https://docs.slack.dev/apis/web-api/
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from threadkeep_emulators.faults import Fault, Faults

from .arguments import Arguments, read_arguments
from .call import Method, Request, check_scope
from .call_log import CallLog, LoggedCall
from .methods import METHODS
from .organisations import meant_by
from .problems import SlackError
from .rate_limits import RateLimits
from .records import Bot, Team
from .wire import Payload
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold the HTTP answer to one call."""

    body: Payload
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class WebApi:
    """Answer ``/api/<method>`` as Slack would."""

    def __init__(
        self,
        *,
        world: World,
        faults: Faults,
        log: CallLog,
        rate_limits: RateLimits | None,
        issue_socket: Callable[[], str],
    ) -> None:
        self._world = world
        self._faults = faults
        self._log = log
        self._rate_limits = rate_limits
        self._issue_socket = issue_socket
        no_bot = Bot(id="", app_id="", user_id="", name="")
        # App-level tokens belong to no workspace.
        self._nowhere = Team(id="", name="", domain="", bot=no_bot, bot_token="", scopes=set())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        name = request.match_info["method"]
        fault = self._faults.take(name)
        try:
            values, token = await read_arguments(request)
        except SlackError as error:
            return self._finish(name, {}, self._nowhere, _refusal(error))
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind in {"drop_before", "status"}:
            return self._fail(request, name, values, fault)
        team, answer = self._perform(name, values, token)
        if fault is not None and fault.kind == "drop_after":
            self._record(name, values, team, Answer(body=answer.body, status=0), fault=fault.kind)
            return _cut(request)
        return self._finish(name, values, team, answer)

    def _fail(self, request: web.Request, name: str, values: Payload, fault: Fault) -> web.StreamResponse:
        if fault.kind == "drop_before":
            self._record(name, values, self._nowhere, Answer(body={}, status=0), fault=fault.kind)
            return _cut(request)
        code = {429: "ratelimited", 503: "service_unavailable"}.get(fault.status, "internal_error")
        body = fault.body if isinstance(fault.body, dict) else {"ok": False, "error": code}
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        answer = Answer(body=body, status=fault.status, headers=headers)
        return self._finish(name, values, self._nowhere, answer, fault=fault.kind)

    def _perform(self, name: str, values: Payload, token: str | None) -> tuple[Team, Answer]:
        method = METHODS.get(name)
        if method is None:
            return self._nowhere, _refusal(SlackError("unknown_method", req_method=name))
        try:
            team, granted = self._authorise(method, token, values)
        except SlackError as error:
            return self._nowhere, _refusal(error)
        headers = {
            "X-OAuth-Scopes": ",".join(sorted(granted)),
            "X-Accepted-OAuth-Scopes": ",".join(method.scopes),
        }
        try:
            check_scope(granted, method.scopes)
            wait = self._wait(method, team, values)
            if wait is not None:
                headers["Retry-After"] = str(wait)
                return team, Answer(body={"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            request = Request(world=self._world, team=team, args=Arguments(values), issue_socket=self._issue_socket)
            return team, Answer(body={"ok": True} | method.perform(request), headers=headers)
        except SlackError as error:
            return team, _refusal(error, headers)

    def _authorise(self, method: Method, token: str | None, values: Payload) -> tuple[Team, set[str]]:
        if method.token == "none":
            return self._nowhere, set()
        if not token:
            raise SlackError("not_authed")
        app = self._world.app
        if token == app.app_token:
            if method.token != "app":
                raise SlackError("not_allowed_token_type")
            return self._nowhere, app.app_token_scopes
        team = meant_by([team for team in self._world.teams.values() if team.knows(token)], values)
        if team is None:
            raise SlackError("invalid_auth")
        if team.is_token_revoked:
            raise SlackError("token_revoked")
        if self._world.clock() >= team.token_expiries.get(token, float("inf")):
            raise SlackError("token_expired")
        if method.token != "bot":
            raise SlackError("not_allowed_token_type")
        return team, team.scopes

    def _wait(self, method: Method, team: Team, values: Payload) -> int | None:
        if self._rate_limits is None:
            return None
        channel = str(values.get("channel", "")) if method.is_limited_by_channel else None
        return self._rate_limits.take(method=method.name, team=team.id, tier=method.tier, channel=channel)

    def _finish(self, name: str, values: Payload, team: Team, answer: Answer, *, fault: str = "") -> web.StreamResponse:
        self._record(name, values, team, answer, fault=fault)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    def _record(self, name: str, values: Payload, team: Team, answer: Answer, *, fault: str) -> None:
        error = "" if answer.body.get("ok") else str(answer.body.get("error", ""))
        call = LoggedCall(
            method=name,
            args=values,
            result=answer.body,
            team_id=team.id,
            at=self._world.clock(),
            status=answer.status,
            error=error,
            fault=fault,
        )
        self._log.add(call)
        self._world.changes.ring()


def _refusal(error: SlackError, headers: dict[str, str] | None = None) -> Answer:
    return Answer(body={"ok": False, "error": error.code} | error.extra, headers=headers or {})


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
