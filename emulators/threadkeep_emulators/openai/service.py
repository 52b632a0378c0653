"""What the routes of one emulator share: who is let in, which models there are, who answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from threadkeep_emulators.faults import Faults

from .answers import Answer
from .conversation import ModelRequest
from .errors import ApiError, error_for_status, unknown_model
from .ids import IdSource
from .log import RequestLog, RequestRecord
from .memory import StoredResponses
from .offline import OfflineModel
from .payloads import JsonObject
from .scripts import Scripts
from .tokens import PromptCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Hold the state of one emulator.

    Attributes:
        clock: Gives the seconds since the epoch.
        ids: Where ids come from.
        models: The ids of the models that exist.
        api_keys: The keys that are let in.
        offline: Who answers where no script does; None refuses.
        log: Where requests are noted.
        faults: What shall go wrong.
        scripts: What shall be said.
        cache: The beginnings of prompts that were seen.
        stored: The responses that can be continued.
        closing: Set when the emulator closes.
    """

    clock: Callable[[], float]
    ids: IdSource
    models: tuple[str, ...]
    api_keys: frozenset[str]
    offline: OfflineModel | None
    log: RequestLog
    faults: Faults
    scripts: Scripts
    cache: PromptCache
    stored: StoredResponses
    closing: asyncio.Event

    def headers(self) -> dict[str, str]:
        """Give the headers that go with every answer."""
        return {"x-request-id": self.ids.new("req_", length=32), "openai-version": "2020-10-01"}

    def authorize(self, record: RequestRecord) -> None:
        """Refuse a request without a key that is accepted.

        Raises:
            ApiError: The key is missing or wrong.
        """
        scheme, _, key = record.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError("You didn't provide an API key in an Authorization header.", status=401)
        if key not in self.api_keys:
            shown = f"{key[:3]}***{key[-4:]}" if len(key) > 10 else "***"
            raise error_for_status(401, message=f"Incorrect API key provided: {shown}.")

    def known_model(self, body: JsonObject) -> str:
        """Give the model that a body names.

        Raises:
            ApiError: It names none, or one that does not exist.
        """
        model = body.get("model")
        if not isinstance(model, str) or not model:
            raise ApiError("you must provide a model parameter")
        if model not in self.models:
            raise unknown_model(model)
        return model

    def take_answer(self, asked: ModelRequest, record: RequestRecord) -> Answer:
        """Give the scripted answer for a request, or the offline model's, and note whose it is.

        Raises:
            ApiError: No script answers, and the offline model is switched off.
        """
        scripted = self.scripts.take(asked)
        if scripted is not None:
            record.answered_by = "script"
            return scripted
        if self.offline is None:
            raise ApiError(
                f"No scripted answer is left for: {asked.last_user_text!r}", status=501, kind="emulator_error"
            )
        record.answered_by = "offline"
        return self.offline.answer(asked)
