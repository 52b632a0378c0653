"""One request from its arrival to its last byte: noted in the log, struck by faults, answered or cut."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from threadkeep_emulators.faults import Fault

from .delivery import ConnectionCutError, error_response
from .errors import ApiError, error_for_status
from .log import RequestRecord
from .payloads import is_object
from .service import Service

Handler: TypeAlias = Callable[[web.Request, RequestRecord], Awaitable[web.StreamResponse]]
Performer: TypeAlias = Callable[[RequestRecord], object]
"""Does all of a route's work except sending the answer."""


class Exchange:
    """Wrap the handler of one route.

    Args:
        service: What the routes share.
        name: The name by which faults know the route.
        handle: Answers a request.
        perform: Does the same without an answer, for a connection that is cut afterwards.
    """

    def __init__(self, service: Service, name: str, *, handle: Handler, perform: Performer) -> None:
        self._service = service
        self._name = name
        self._handle = handle
        self._perform = perform

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request and note what became of it."""
        record = await self._record(request)
        log = self._service.log
        try:
            response = await self._strike_or_handle(request, record)
        except ApiError as error:
            log.close(record, "refused", error.status)
            return error_response(error, self._service.headers())
        except ConnectionCutError as cut:
            log.close(record, "cut", cut.status)
            return _cut(request)
        except (asyncio.CancelledError, ConnectionError):
            log.close(record, "cut" if self._service.closing.is_set() else "client_left", None)
            raise
        log.close(record, "refused" if response.status >= 400 else "answered", response.status)
        return response

    async def _record(self, request: web.Request) -> RequestRecord:
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        record = RequestRecord(
            method=request.method,
            path=request.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body if is_object(body) else {},
            has_body=is_object(body),
            time=self._service.clock(),
        )
        self._service.log.add(record)
        return record

    async def _strike_or_handle(self, request: web.Request, record: RequestRecord) -> web.StreamResponse:
        fault = self._service.faults.take(self._name)
        if fault is None:
            return await self._handle(request, record)
        if fault.kind == "status":
            return self._status(fault)
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return await self._handle(request, record)
        if fault.kind == "duplicate":
            raise ApiError(
                "The emulator delivers no events, so a 'duplicate' fault cannot strike it.",
                status=501,
                kind="emulator_error",
            )
        if fault.kind == "drop_after":
            self._perform(record)
        raise ConnectionCutError(None)

    def _status(self, fault: Fault) -> web.StreamResponse:
        error = error_for_status(fault.status, retry_after=fault.retry_after)
        return error_response(error, self._service.headers(), body=fault.body)


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
