"""What people have open in Slack while they talk to the bot."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from pydantic import ValidationError

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_slack.agent_view.payloads import AppContext, Entity
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.limits import LOOKING_READ_SECONDS, LOOKING_SECONDS, PEOPLE_REMEMBERED

_log = structlog.get_logger(__name__)

_PREFIX: Final = "slack#/types/"
_THINGS: Final = {"canvas_id": "a canvas", "list_id": "a list", "file_id": "a file"}


class Looking:
    """Remembers for a while what each person of a workspace looks at, for all processes.

    Args:
        directory: What conversations are called.
        shared: Where it is noted; None if this process is alone.
        team: The workspace.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        directory: Directory,
        shared: SharedState | None,
        *,
        team: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory: Final = directory
        self._shared: Final = shared
        self._team: Final = team
        self._clock: Final = clock
        self._seen: dict[str, tuple[float, AppContext]] = {}

    def remember(self, user: str, context: AppContext) -> None:
        """Note what somebody looks at, in this process, and begin to look its names up."""
        self._seen.pop(user, None)
        self._seen[user] = (self._clock() + LOOKING_SECONDS, context)
        while len(self._seen) > PEOPLE_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._directory.people.begin(_channels_in(context))

    async def tell(self, user: str, context: AppContext) -> None:
        """Note it for the other processes."""
        if self._shared is None:
            return
        try:
            await self._shared.remember(self._name(user), context.model_dump_json(), seconds=LOOKING_SECONDS)
        except StoreError as error:
            _log.info("slack_context_not_noted", reason=str(error))

    async def learn(self, user: str) -> None:
        """Read what another process has noted of somebody, within a moment or not at all."""
        if self._shared is None:
            return
        try:
            async with asyncio.timeout(LOOKING_READ_SECONDS):
                noted = await self._shared.recall(self._name(user))
        except (StoreError, TimeoutError) as error:
            _log.info("slack_context_not_read", error=type(error).__name__)
            return
        if noted:
            try:
                self.remember(user, AppContext.model_validate_json(noted))
            except ValidationError:
                _log.info("slack_context_not_understood")

    def words(self, user: str) -> str:
        """Say what somebody looks at; empty if that is nothing, or not known."""
        until, context = self._seen.get(user, (0.0, AppContext()))
        if until <= self._clock():
            return ""
        return ", ".join(dict.fromkeys(self._word(entity) for entity in context.entities if self._word(entity)))

    def _word(self, entity: Entity) -> str:
        kind, value = entity.type.removeprefix(_PREFIX), entity.value
        match kind, value:
            case "channel_id", str():
                return self._channel(value)
            case "message_context", Mapping():
                return f"a message in {self._channel(str(value.get('channel_id') or ''))}"
            case _, str() if kind in _THINGS:
                return f"{_THINGS[kind]} ({_plain(value)})"
        return ""

    def _channel(self, channel: str) -> str:
        name = self._directory.people.known(channel)
        if channel.startswith("D"):
            return "a direct message"
        return f"channel ({_plain(channel)})" if name in (None, channel) else f"channel #{name} ({_plain(channel)})"

    def _name(self, user: str) -> str:
        return f"slack looking {self._team} {user}"


def context_of(value: object) -> AppContext | None:
    """Read the ``app_context`` of a message; None where there is none."""
    if not isinstance(value, Mapping):
        return None
    try:
        return AppContext.model_validate(dict(value))
    except ValidationError:
        return None


def channel_context(channel: str | None) -> AppContext:
    """Give the context of somebody who looks at a channel, or at nothing."""
    entities = [] if channel is None else [{"type": f"{_PREFIX}channel_id", "value": channel}]
    return AppContext.model_validate({"entities": entities})


def _channels_in(context: AppContext) -> Sequence[str]:
    found: list[str] = []
    for entity in context.entities:
        value = entity.value.get("channel_id") if isinstance(entity.value, Mapping) else entity.value
        if isinstance(value, str) and value[:1] in {"C", "G"} and len(value) <= 64 and value.isalnum():
            found.append(value)
    return found


def _plain(value: str) -> str:
    return "".join(char for char in value[:64] if char.isalnum() or char in "_-")
