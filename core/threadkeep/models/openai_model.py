"""What both models on the openai client share: their settings and how a call goes."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, cast

from threadkeep.messages import Message
from threadkeep.models.answering import Assembler, ask
from threadkeep.models.base import Media, ModelEvent, ModelSettings, ToolSpec
from threadkeep.models.media import checked_media, usual_media
from threadkeep.models.output import JsonMode
from threadkeep.models.payloads import JsonObject
from threadkeep.models.server import ModelServer, ServerSettings

_BY_NAME: Final = cast("Collection[Media]", None)
"""Stands for what the model's name tells; no reader of ``OpenAIModel.takes`` ever sees it."""


@dataclass(frozen=True, eq=False)
class OpenAIModel(ABC):
    """A model on one endpoint of a server that speaks OpenAI's protocol.

    Attributes:
        id: The model's name, as its server knows it.
        api_key: The key; None takes ``OPENAI_API_KEY``. A server other than OpenAI's may need none.
        base_url: The server's address; None takes ``OPENAI_BASE_URL``, or OpenAI itself.
        timeout: Seconds to wait for the next bytes of an answer, however long the whole answer takes.
        max_retries: How often a request that brought no answer is sent again.
        extra_body: Fields to add to each request. They win over ours; None removes one of ours.
        organization: OpenAI's id of the organization that pays.
        takes: What besides text the model takes: some of ``image``, ``pdf`` and ``audio``. Where it is not given, the
            model's name tells, and an unknown name takes text alone: a server refuses what its model does not take.
        json_mode: How the server is asked for answers that are data: by ``schema``, or, where it does not know that,
            for any JSON ``object``, or by ``prompt`` alone; then the schema stands in the system message.
    """

    id: str
    api_key: str | None = field(default=None, kw_only=True, repr=False)
    base_url: str | None = field(default=None, kw_only=True)
    timeout: float = field(default=120.0, kw_only=True)
    max_retries: int = field(default=2, kw_only=True)
    extra_body: Mapping[str, object] | None = field(default=None, kw_only=True)
    organization: str | None = field(default=None, kw_only=True)
    takes: Collection[Media] = field(default=_BY_NAME, kw_only=True)
    json_mode: JsonMode = field(default="schema", kw_only=True)
    _server: ModelServer = field(init=False, repr=False)

    path: ClassVar[str]
    """The endpoint's path on the server."""
    carries: ClassVar[frozenset[Media]]
    """What besides text a message may hold on this endpoint."""

    def __post_init__(self) -> None:
        takes = usual_media(self.id) if self.takes is _BY_NAME else checked_media(self.takes)
        object.__setattr__(self, "takes", takes & self.carries)
        settings = ServerSettings(
            api_key=self.api_key,
            base_url=self.base_url,
            organization=self.organization,
            timeout=self.timeout,
            max_retries=self.max_retries,
        )
        object.__setattr__(self, "_server", ModelServer(settings))

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model. Closing the iterator ends the call.

        Raises:
            ConfigError: There is no API key.
            ModelError: There is no usable answer; the subclass says why.
        """
        body = {**self._body(messages, tools, settings), **(self.extra_body or {})}
        body = {name: value for name, value in body.items() if value is not None}
        return ask(self._server, self.path, body, self._assembler())

    async def prepare(self) -> None:
        """Import and make the client, which takes a while.

        Raises:
            ConfigError: There is no API key.
        """
        await self._server.prepare()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._server.aclose()

    @abstractmethod
    def _body(self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings) -> JsonObject:
        """Give the request; fields that are None are left out."""

    @abstractmethod
    def _assembler(self) -> Assembler:
        """Give what puts one answer together."""
