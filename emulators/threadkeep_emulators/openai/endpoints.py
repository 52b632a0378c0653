"""The routes of the API, each with the page that documents it."""

from collections.abc import Mapping

from aiohttp import web

from .answers import Answer
from .chat_checks import check_chat
from .chat_wire import ChatWriter
from .conversation import ModelRequest, input_items, read_chat, read_response
from .delivery import AnswerWriter, Delivery
from .errors import ApiError, unknown_model
from .exchange import Exchange, Handler, Performer
from .log import RequestRecord
from .model_rules import check_chat_model, check_response_model
from .payloads import JsonObject
from .response_checks import check_item_order, check_response
from .response_wire import ResponseWriter
from .service import Service
from .tokens import measure


class Endpoints:
    """Answer the requests of one emulator."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, app: web.Application) -> None:
        """Add the routes; faults know them as ``chat.completions``, ``responses`` and ``models``."""
        chat = self._exchange("chat.completions", self._chat, self._perform_chat)
        responses = self._exchange("responses", self._responses, self._perform_response)
        models = self._exchange("models", self._list_models, self._service.authorize)
        model = self._exchange("models", self._show_model, self._service.authorize)
        unknown = self._exchange("unknown", self._unknown, self._service.authorize)
        app.router.add_post("/v1/chat/completions", chat.answer)
        app.router.add_post("/v1/responses", responses.answer)
        app.router.add_get("/v1/models", models.answer)
        app.router.add_get("/v1/models/{model}", model.answer)
        app.router.add_route("*", "/{path:.*}", unknown.answer)

    def _exchange(self, name: str, handle: Handler, perform: Performer) -> Exchange:
        return Exchange(self._service, name, handle=handle, perform=perform)

    async def _chat(self, request: web.Request, record: RequestRecord) -> web.StreamResponse:
        """Answer ``POST /v1/chat/completions``.

        https://platform.openai.com/docs/api-reference/chat/create
        """
        asked, answer = self._perform_chat(record)
        service = self._service
        writer = ChatWriter(
            request=asked,
            answer=answer,
            usage=measure(asked, answer, service.cache),
            ids=service.ids,
            created=int(service.clock()),
        )
        return await self._deliver(request, asked, answer, writer)

    async def _responses(self, request: web.Request, record: RequestRecord) -> web.StreamResponse:
        """Answer ``POST /v1/responses``.

        https://platform.openai.com/docs/api-reference/responses/create
        """
        asked, answer, items = self._perform_response(record)
        service = self._service
        writer = ResponseWriter(
            request=asked,
            answer=answer,
            usage=measure(asked, answer, service.cache),
            ids=service.ids,
            created=int(service.clock()),
        )
        if asked.body.get("store") is not False:
            # Kept before it is sent: a client may go on from it as soon as it has read the last event.
            service.stored.keep(writer.response_id, items + writer.output())
        return await self._deliver(request, asked, answer, writer)

    async def _list_models(self, _request: web.Request, record: RequestRecord) -> web.StreamResponse:
        """Answer ``GET /v1/models``.

        https://platform.openai.com/docs/api-reference/models/list
        """
        self._service.authorize(record)
        listed = [self._model(model) for model in self._service.models]
        return web.json_response({"object": "list", "data": listed}, headers=self._service.headers())

    async def _show_model(self, request: web.Request, record: RequestRecord) -> web.StreamResponse:
        """Answer ``GET /v1/models/{model}``.

        https://platform.openai.com/docs/api-reference/models/retrieve
        """
        self._service.authorize(record)
        model = request.match_info["model"]
        if model not in self._service.models:
            raise unknown_model(model)
        return web.json_response(self._model(model), headers=self._service.headers())

    async def _unknown(self, request: web.Request, _record: RequestRecord) -> web.StreamResponse:
        raise ApiError(f"Invalid URL ({request.method} {request.path})", status=404)

    def _perform_chat(self, record: RequestRecord) -> tuple[ModelRequest, Answer]:
        self._service.authorize(record)
        body = _body(record)
        model = self._service.known_model(body)
        check_chat(body)
        check_chat_model(body, model)
        asked = read_chat(body, record.headers)
        return asked, self._service.take_answer(asked, record)

    def _perform_response(self, record: RequestRecord) -> tuple[ModelRequest, Answer, list[JsonObject]]:
        self._service.authorize(record)
        body = _body(record)
        model = self._service.known_model(body)
        check_response(body)
        check_response_model(body, model)
        items = [*self._service.stored.items(body.get("previous_response_id")), *input_items(body)]
        check_item_order(items)
        asked = read_response(body, items, record.headers)
        return asked, self._service.take_answer(asked, record), items

    async def _deliver(
        self, request: web.Request, asked: ModelRequest, answer: Answer, writer: AnswerWriter
    ) -> web.StreamResponse:
        service = self._service
        delivery = Delivery(request=request, answer=answer, headers=service.headers(), closing=service.closing)
        if asked.body.get("stream") is True:
            return await delivery.send_stream(writer)
        return await delivery.send_whole(writer)

    def _model(self, model: str) -> Mapping[str, str | int]:
        return {
            "id": model,
            "object": "model",
            "created": int(self._service.clock()),
            "owned_by": "emulator",
        }


def _body(record: RequestRecord) -> JsonObject:
    if not record.has_body:
        raise ApiError(
            "We could not parse the JSON body of your request: the API expects a JSON object."
            " Check for missing quotes, brackets and commas."
        )
    return record.body
