"""The way of a request through the API: fault, token, rate limit, handler, log."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from threadkeep_emulators.discord.desk import Desk
from threadkeep_emulators.discord.errors import ApiError, not_found, unauthorized
from threadkeep_emulators.discord.model import Payload
from threadkeep_emulators.faults import Fault

from .limits import RateLimits, Verdict
from .log import Call, CallLog
from .request import ApiAnswer, ApiRequest, Body, read_body
from .routes import ROUTES, Route

PREFIX = "/api/v10"
_MOST_BODY = 25 * 1024 * 1024
# Clients take an answer without this header for a block page of the firewall in front.
_EVERYWHERE = {"Via": "1.1 google"}


class RestApi:
    """Answer the HTTP API's requests."""

    def __init__(self, desk: Desk, *, limits: RateLimits, log: CallLog) -> None:
        self._desk = desk
        self._limits = limits
        self._log = log

    def application(self) -> web.Application:
        """Build the web application with all routes under the API's prefix."""
        app = web.Application(client_max_size=_MOST_BODY)
        for route in ROUTES:
            app.router.add_route(route.method, PREFIX + route.template, self._answerer(route))
        app.router.add_route("*", "/api/{rest:.*}", self._unknown)
        return app

    def _answerer(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return answer

    async def _unknown(self, request: web.Request) -> web.Response:
        answer = _refusal(not_found())
        self._note(f"{request.method} {request.path}", request, Body(), answer)
        return _response(answer)

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        try:
            body = await read_body(request)
        except ApiError as refusal:
            return _response(_refusal(refusal))
        fault = self._desk.realm.faults.take(route.name)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "drop_before":
            return self._cut(route, request, body)
        is_refused = fault is not None and fault.kind == "status"
        answer = _faulty(fault) if fault and is_refused else self._answer(route, request, body)
        if fault is not None and fault.kind == "drop_after":
            return self._cut(route, request, body)
        self._note(route.name, request, body, answer)
        return _response(answer)

    def _answer(self, route: Route, request: web.Request, body: Body) -> ApiAnswer:
        path = dict(request.match_info)
        verdict = self._limits.take(route, path)
        if verdict.retry_after is not None:
            return _too_many(verdict, verdict.retry_after)
        try:
            if not route.is_open:
                self._check_token(request)
            call = ApiRequest(desk=self._desk, route=route.name, path=path, query=request.query, body=body)
            answer = route.handler(call)
        except ApiError as refusal:
            answer = _refusal(refusal)
        return ApiAnswer(status=answer.status, body=answer.body, headers=verdict.headers)

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self._desk.realm.application.token}":
            raise unauthorized()

    def _cut(self, route: Route, request: web.Request, body: Body) -> web.Response:
        self._note(route.name, request, body, None)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _note(self, route: str, request: web.Request, body: Body, answer: ApiAnswer | None) -> None:
        call = Call(
            route=route,
            path=request.path_qs.removeprefix(PREFIX),
            body=body.data,
            status=None if answer is None else answer.status,
            answer=None if answer is None else answer.body,
            at=self._desk.realm.clock(),
        )
        self._log.add(call)
        self._desk.realm.bell.ring()


def _response(answer: ApiAnswer) -> web.Response:
    headers = {**_EVERYWHERE, **(answer.headers or {})}
    if answer.status == 204:
        return web.Response(status=204, headers=headers)
    # Bytes keep the content type free of a charset, as Discord sends it; discord.py compares it whole.
    data = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(status=answer.status, body=data, headers=headers, content_type="application/json")


def _refusal(refusal: ApiError) -> ApiAnswer:
    return ApiAnswer(status=refusal.status, body=refusal.body)


def _too_many(verdict: Verdict, retry_after: float) -> ApiAnswer:
    told: Payload = {"message": verdict.message}
    if verdict.code is not None:
        told["code"] = verdict.code
    return _limited(retry_after, verdict.scope, verdict.headers, told)


def _limited(retry_after: float, scope: str, headers: Mapping[str, str], told: Payload | None = None) -> ApiAnswer:
    body: Payload = {
        "message": "You are being rate limited.",
        "retry_after": round(retry_after, 3),
        "global": scope == "global",
        **(told or {}),
    }
    more = {"Retry-After": f"{retry_after:.3f}", "X-RateLimit-Scope": scope}
    return ApiAnswer(status=429, body=body, headers={**headers, **more})


def _faulty(fault: Fault) -> ApiAnswer:
    if fault.status == 429 and fault.body is None:
        return _limited(fault.retry_after or 0.0, "user", {})
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:.3f}"}
    default = {"message": f"{fault.status}: the emulator was asked to fail", "code": 0}
    return ApiAnswer(status=fault.status, body=fault.body or default, headers=headers)
