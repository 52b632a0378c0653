"""What Slack sends of its agent features, checked at the door."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from threadkeep_slack.inbound.payloads import Envelope, Id, Payload, Timestamp

_MOST_ENTITIES: Final = 10


class Entity(Payload):
    """Something that somebody looks at: ``slack#/types/channel_id`` and its like, with an id or the parts of one."""

    type: str = Field(max_length=128)
    value: str | Mapping[str, object]


def _known_entities(value: object) -> list[object]:
    """Leave out what has not the form of an entity: Slack adds new ones."""
    found = value if isinstance(value, list) else []
    return [entity for entity in found[:_MOST_ENTITIES] if _is_entity(entity)]


def _is_entity(entity: object) -> bool:
    return (
        isinstance(entity, dict)
        and isinstance(entity.get("type"), str)
        and len(entity["type"]) <= 128
        and isinstance(entity.get("value"), str | dict)
    )


class AppContext(Payload):
    """What somebody looks at, the most relevant first (https://docs.slack.dev/reference/events/app_context_changed)."""

    entities: Annotated[tuple[Entity, ...], BeforeValidator(_known_entities)] = ()


def _known_context(value: object) -> object:
    return value if isinstance(value, Mapping) else None


LooseContext = Annotated[AppContext | None, BeforeValidator(_known_context)]
"""A context that may be missing or of another form: the event that holds it is not refused for it."""


class HomeOpened(Payload):
    """An ``app_home_opened``: somebody opened the Home tab, or the tab of their messages with the bot.

    https://docs.slack.dev/reference/events/app_home_opened/
    """

    type: Literal["app_home_opened"]
    user: Id
    channel: Id | None = None
    tab: str = "home"
    event_ts: Timestamp | None = None
    context: LooseContext = None


class ContextChanged(Payload):
    """An ``app_context_changed``; only apps with the agent view get it.

    Slack's reference page shows it without user and time; then the authorization names the user.
    """

    type: Literal["app_context_changed"]
    user: Id | None = None
    event_ts: Timestamp | None = None
    context: LooseContext = None


class _AssistantContext(Payload):
    channel_id: Id | None = None


def _known_mapping(value: object) -> object:
    return value if isinstance(value, Mapping) else {}


class _AssistantThread(Payload):
    user_id: Id
    channel_id: Id
    thread_ts: Timestamp
    context: Annotated[_AssistantContext, BeforeValidator(_known_mapping)] = _AssistantContext()


class AssistantEvent(Payload):
    """A thread of the former assistant view was opened, or its user looks at another channel.

    https://docs.slack.dev/reference/events/assistant_thread_started/
    """

    type: Literal["assistant_thread_started", "assistant_thread_context_changed"]
    assistant_thread: _AssistantThread


class HomeOpenedEnvelope(Envelope):
    """The outer payload of an opened tab."""

    event: HomeOpened


class ContextEnvelope(Envelope):
    """The outer payload of a changed context."""

    event: ContextChanged
    event_time: int = 0

    @property
    def user(self) -> str | None:
        """Give who looks, if that can be told."""
        return self.event.user or next((found.user_id for found in self.authorizations if not found.is_bot), None)


class AssistantEnvelope(Envelope):
    """The outer payload of an event of the former assistant view."""

    event: AssistantEvent
