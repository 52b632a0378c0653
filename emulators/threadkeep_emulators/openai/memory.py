"""The responses that the server keeps, so that a later request can go on from one."""

from collections import OrderedDict
from collections.abc import Sequence

from .errors import ApiError
from .payloads import JsonObject


class StoredResponses:
    """Keep the items of the newest responses by id; beyond the limit the oldest one is forgotten."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[str, tuple[JsonObject, ...]] = OrderedDict()

    def keep(self, response_id: str, items: Sequence[JsonObject]) -> None:
        """Keep all input and output items of a response."""
        self._items[response_id] = tuple(items)
        if len(self._items) > self._limit:
            self._items.popitem(last=False)

    def items(self, response_id: object) -> tuple[JsonObject, ...]:
        """Give the items of a kept response; none for a request that continues nothing.

        Raises:
            ApiError: No response of that id is kept.
        """
        if response_id is None:
            return ()
        if not isinstance(response_id, str) or response_id not in self._items:
            raise ApiError(
                f"Previous response with id '{response_id}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return self._items[response_id]
