"""Interactions as Discord sends them, read at the door.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NotRequired, TypedDict

from threadkeep.chat.events import Place, PlaceKind
from threadkeep.messages import clean_text
from threadkeep.sessions import MessageKey, SessionKey
from threadkeep_discord.places import DIRECT_WORKSPACE, PLATFORM

_THREAD_TYPES: Final = frozenset({10, 11, 12})
_GUILD_INSTALL: Final = "0"
_VIEW_CHANNEL: Final = 1 << 10
_SEND_MESSAGES: Final = 1 << 11
_SEND_IN_THREADS: Final = 1 << 38
_MOST_DEPTH: Final = 4


class Kind(IntEnum):
    """What somebody did."""

    COMMAND = 2
    COMPONENT = 3
    COMPLETION = 4
    FORM = 5


class Context(IntEnum):
    """Where they did it."""

    GUILD = 0
    BOT_DM = 1
    PRIVATE_CHANNEL = 2


class OptionPayload(TypedDict):
    """An option of a command, with what was given for it."""

    name: str
    value: NotRequired[str | int | float | bool]
    focused: NotRequired[bool]


class DataPayload(TypedDict, total=False):
    """The command or the component."""

    name: str
    type: int
    options: Sequence[OptionPayload]
    target_id: str
    resolved: Mapping[str, Mapping[str, Any]]
    custom_id: str
    values: Sequence[str]
    components: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What somebody did with a command or under a message of the bot.

    Attributes:
        id: Its id.
        token: What its answers are sent with, for fifteen minutes. It is a secret.
        kind: What was done.
        data: The command or the component.
        channel_id: Where.
        is_thread: Whether that is a thread.
        guild_id: The server; None outside of servers.
        context: What kind of place it is.
        user_id: Who.
        speaker: The name under which people know them.
        role_ids: Their roles in the server.
        message: The message under which the component stands.
        can_post: Whether the bot may write there by itself: somebody may have brought it along to where it is not.
        is_guest: Whether it is there only because who acts has brought it along.
    """

    id: int
    token: str = field(repr=False)
    kind: Kind
    data: DataPayload
    channel_id: int
    is_thread: bool = False
    guild_id: int | None = None
    context: Context = Context.GUILD
    user_id: int
    speaker: str
    role_ids: tuple[str, ...] = ()
    message: Mapping[str, Any] = field(default_factory=dict)
    can_post: bool = True
    is_guest: bool = False

    def place(self, reply_to: str | None) -> Place:
        """Give the place where it happened."""
        kind = PlaceKind.THREAD if self.is_thread else PlaceKind.CHANNEL
        # Others read along in direct messages in which the bot is a guest.
        kind = PlaceKind.DIRECT if self.guild_id is None and self.context is Context.BOT_DM else kind
        session = SessionKey(platform=PLATFORM, workspace=self._workspace, channel=str(self.channel_id))
        # Who else may read a channel is not told: what is learnt there is not told elsewhere.
        return Place(session=session, kind=kind, reply_to=reply_to, is_confidential=kind is not PlaceKind.DIRECT)

    def key(self, message: str, revision: str | None = None) -> MessageKey:
        """Give the identity of what it tells."""
        return MessageKey(
            platform=PLATFORM,
            workspace=self._workspace,
            channel=str(self.channel_id),
            message=message,
            revision=revision,
        )

    @property
    def _workspace(self) -> str:
        return DIRECT_WORKSPACE if self.guild_id is None else str(self.guild_id)


def read_interaction(payload: Mapping[str, Any]) -> Interaction | None:
    """Read an interaction; None for a kind that the bot asks nobody for."""
    if payload["type"] not in set(Kind):
        return None
    member, guild_id = payload.get("member"), payload.get("guild_id")
    user = payload["user"] if member is None else member["user"]
    name = (member or {}).get("nick") or user.get("global_name") or user["username"]
    channel = payload.get("channel") or {}
    is_thread = channel.get("type") in _THREAD_TYPES
    context = payload.get("context")
    data: DataPayload = payload.get("data", {})
    return Interaction(
        id=int(payload["id"]),
        token=payload["token"],
        kind=Kind(payload["type"]),
        data=data,
        channel_id=int(payload.get("channel_id") or channel["id"]),
        is_thread=is_thread,
        guild_id=None if guild_id is None else int(guild_id),
        context=Context.GUILD if context is None and guild_id is not None else Context(context or Context.BOT_DM),
        user_id=int(user["id"]),
        speaker=" ".join(clean_text(name).split()),
        role_ids=tuple(str(role) for role in (member or {}).get("roles") or ()),
        message=payload.get("message") or {},
        can_post=_can_post(payload, is_thread=is_thread),
        is_guest=_is_guest(payload),
    )


def option_text(data: DataPayload) -> str:
    """Give what was written after a command."""
    return clean_text(" ".join(str(option.get("value", "")) for option in data.get("options") or ())).strip()


def filled_in(data: DataPayload) -> dict[str, str]:
    """Give what was filled into a form, by the names of its fields."""
    return {part["custom_id"]: clean_text(str(part["value"])) for part in _inside(data.get("components") or ())}


def label_of(message: Mapping[str, Any], custom_id: str, value: str | None = None) -> str:
    """Give what people read on a component of a message, or on an option of it; empty if it is not there any more."""
    for row in message.get("components") or ():
        for part in row.get("components") or ():
            if part.get("custom_id") != custom_id:
                continue
            if value is None:
                return clean_text(str(part.get("label") or ""))
            labels = [option.get("label") for option in part.get("options") or () if option.get("value") == value]
            return clean_text(str(labels[0])) if labels else ""
    return ""


def _inside(components: Sequence[Mapping[str, Any]], depth: int = 0) -> list[Mapping[str, Any]]:
    """Give the filled-in fields, which stand in labels or, as they used to, in rows."""
    found: list[Mapping[str, Any]] = []
    for part in components:
        if "value" in part and "custom_id" in part:
            found.append(part)
        inner = [*(part.get("components") or ()), *([part["component"]] if "component" in part else [])]
        if inner and depth < _MOST_DEPTH:
            found += _inside(inner, depth + 1)
    return found


def _is_guest(payload: Mapping[str, Any]) -> bool:
    if payload.get("context") == Context.BOT_DM:
        return False
    return _GUILD_INSTALL not in (payload.get("authorizing_integration_owners") or {_GUILD_INSTALL: ""})


def _can_post(payload: Mapping[str, Any], *, is_thread: bool) -> bool:
    if payload.get("guild_id") is None:
        return payload.get("context") in {None, Context.BOT_DM}
    if _is_guest(payload):
        return False
    needed = _VIEW_CHANNEL | (_SEND_IN_THREADS if is_thread else _SEND_MESSAGES)
    return int(payload.get("app_permissions") or needed) & needed == needed
