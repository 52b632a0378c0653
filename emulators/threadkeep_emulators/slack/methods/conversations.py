"""conversations.*."""

from collections.abc import Iterable

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.records import ChannelKind, Message
from threadkeep_emulators.slack.rendering import render_channel
from threadkeep_emulators.slack.wire import Payload

from .paging import cut_page

MAX_GROUP = 8
_PREFIX: dict[ChannelKind, str] = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
_KIND_OF_TYPE: dict[str, ChannelKind] = {
    "public_channel": "channel",
    "private_channel": "group",
    "im": "im",
    "mpim": "mpim",
}


def get_info(call: Request) -> Payload:
    """Describe a conversation (https://docs.slack.dev/reference/methods/conversations.info)."""
    channel = call.channel()
    call.require_scope(f"{_PREFIX[channel.kind]}:read")
    return {"channel": render_channel(call.team, channel)}


def list_channels(call: Request) -> Payload:
    """List the conversations (https://docs.slack.dev/reference/methods/conversations.list)."""
    types = (call.args.text("types") or "public_channel").split(",")
    if not set(types) <= _KIND_OF_TYPE.keys():
        raise SlackError("invalid_types")
    kinds = {_KIND_OF_TYPE[name] for name in types}
    for kind in sorted(kinds):
        call.require_scope(f"{_PREFIX[kind]}:read")
    is_exclusive = call.args.flag("exclude_archived")
    seen = [
        channel
        for channel in call.team.channels.values()
        if channel.kind in kinds
        and (channel.is_public or call.team.bot_user in channel.members)
        and not (is_exclusive and channel.is_archived)
    ]
    page, more = cut_page(call, seen, default=100)
    return {"channels": [render_channel(call.team, channel) for channel in page]} | more


def get_history(call: Request) -> Payload:
    """Give the newest messages first (https://docs.slack.dev/reference/methods/conversations.history)."""
    channel = call.joined_channel()
    call.require_scope(f"{_PREFIX[channel.kind]}:history")
    found = _between(call, reversed(list(channel.top_level())))
    page, more = cut_page(call, found, default=100)
    return _messages(call, page, more)


def get_replies(call: Request) -> Payload:
    """Give a thread, its root first (https://docs.slack.dev/reference/methods/conversations.replies)."""
    channel = call.joined_channel()
    call.require_scope(f"{_PREFIX[channel.kind]}:history")
    named = channel.messages.get(call.args.text("ts") or "")
    root = channel.messages.get(named.thread_ts or named.ts) if named is not None else None
    if root is None:
        raise SlackError("thread_not_found")
    replies = _between(call, channel.replies(root.ts))
    # Every page begins with the root, in addition to the replies that the limit counts.
    rest, more = cut_page(call, replies, default=1_000)
    return _messages(call, [root, *rest], more)


def open_conversation(call: Request) -> Payload:
    """Open a direct or group conversation (https://docs.slack.dev/reference/methods/conversations.open)."""
    if "channel" in call.args:
        channel, was_there = call.channel(), True
    else:
        users = [user for user in (call.args.text("users") or "").split(",") if user]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > MAX_GROUP:
            raise SlackError("too_many_users")
        if not set(users) <= call.team.users.keys():
            raise SlackError("user_not_found")
        call.require_scope("im:write" if len(users) == 1 else "mpim:write")
        channel, was_there = call.world.open_direct(call.team, {*users, call.team.bot_user})
    is_full = call.args.flag("return_im")
    shape = render_channel(call.team, channel) if is_full else {"id": channel.id}
    return {"no_op": was_there, "already_open": was_there, "channel": shape}


def list_members(call: Request) -> Payload:
    """List who is in a conversation (https://docs.slack.dev/reference/methods/conversations.members)."""
    channel = call.channel()
    call.require_scope(f"{_PREFIX[channel.kind]}:read")
    page, more = cut_page(call, channel.members, default=100)
    return {"members": page} | more


def join_channel(call: Request) -> Payload:
    """Join a public channel (https://docs.slack.dev/reference/methods/conversations.join)."""
    channel = call.channel()
    if not channel.is_public:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    was_there = call.team.bot_user in channel.members
    if not was_there:
        call.world.join(call.team, channel, call.team.bot_user)
    warning = {"warning": "already_in_channel"} if was_there else {}
    return {"channel": render_channel(call.team, channel)} | warning


def _messages(call: Request, messages: list[Message], more: Payload) -> Payload:
    has_metadata = call.args.flag("include_all_metadata")
    shapes = [call.world.render(call.team, message, has_metadata=has_metadata) for message in messages]
    answer: Payload = {"messages": shapes, "has_more": bool(more["response_metadata"]["next_cursor"])}
    return answer | (more if answer["has_more"] else {})


def _between(call: Request, messages: Iterable[Message]) -> list[Message]:
    oldest = _bound(call, "oldest", "0")
    latest = _bound(call, "latest", "99999999999")
    is_inclusive = call.args.flag("inclusive")
    return [
        message
        for message in messages
        if oldest < _order(message.ts) < latest or (is_inclusive and _order(message.ts) in {oldest, latest})
    ]


def _bound(call: Request, name: str, default: str) -> tuple[int, int]:
    try:
        return _order(call.args.text(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _order(ts: str) -> tuple[int, int]:
    """Give a timestamp in a form that compares exactly, which floating point does not."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction.ljust(6, "0")[:6] or "0")


def _scopes(suffix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}:{suffix}" for prefix in _PREFIX.values())


METHODS = (
    Method(name="conversations.info", perform=get_info, scopes=_scopes("read"), tier=3),
    Method(name="conversations.list", perform=list_channels, scopes=_scopes("read"), tier=2),
    Method(name="conversations.history", perform=get_history, scopes=_scopes("history"), tier=3),
    Method(name="conversations.replies", perform=get_replies, scopes=_scopes("history"), tier=3),
    Method(name="conversations.open", perform=open_conversation, scopes=_scopes("write"), tier=3),
    Method(name="conversations.members", perform=list_members, scopes=_scopes("read"), tier=4),
    Method(name="conversations.join", perform=join_channel, scopes=("channels:join",), tier=3),
)
