"""Threads: https://discord.com/developers/docs/resources/channel#start-thread-from-message and below."""

from threadkeep_emulators.discord.errors import thread_archived
from threadkeep_emulators.discord.flags import FORUM_KINDS, ChannelKind
from threadkeep_emulators.discord.forms import read_draft
from threadkeep_emulators.discord.membership import join_thread, leave_thread
from threadkeep_emulators.discord.model import ChannelState
from threadkeep_emulators.discord.permissions import visible_channel
from threadkeep_emulators.discord.render import channel_payload, thread_member_payload
from threadkeep_emulators.discord.render_message import message_payload
from threadkeep_emulators.discord.threads import read_thread_form

from .request import NO_CONTENT, ApiAnswer, ApiRequest


def open_on_message(request: ApiRequest) -> ApiAnswer:
    """Open a thread on a message.

    https://discord.com/developers/docs/resources/channel#start-thread-from-message
    """
    realm = request.realm
    parent = _channel(request)
    message = realm.world.message(parent.id, request.snowflake("message_id"))
    form = read_thread_form(request.form, default=ChannelKind.PUBLIC_THREAD)
    thread = request.desk.threads.open_on(realm.bot, message, form)
    return ApiAnswer(status=201, body=channel_payload(realm.world, thread))


def open_in_channel(request: ApiRequest) -> ApiAnswer:
    """Open a thread that hangs on no message, or a post in a forum.

    https://discord.com/developers/docs/resources/channel#start-thread-without-message
    https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel
    """
    realm = request.realm
    parent = _channel(request)
    if parent.kind not in FORUM_KINDS:
        # The documented default is the private kind.
        form = read_thread_form(request.form, default=ChannelKind.PRIVATE_THREAD)
        thread = request.desk.threads.open_in(realm.bot, parent, form)
        return ApiAnswer(status=201, body=channel_payload(realm.world, thread))
    form = read_thread_form(request.form, default=ChannelKind.PUBLIC_THREAD)
    draft = read_draft(request.form.get("message") or request.form, request.body.uploads)
    thread, message = request.desk.threads.open_post(realm.bot, parent, form, draft)
    rendered = message_payload(realm.world, message, realm.enabled_intents)
    return ApiAnswer(status=201, body=channel_payload(realm.world, thread) | {"message": rendered})


def join(request: ApiRequest) -> ApiAnswer:
    """Join a thread: https://discord.com/developers/docs/resources/channel#join-thread ."""
    join_thread(request.realm, _open_thread(request), request.realm.bot)
    return NO_CONTENT


def leave(request: ApiRequest) -> ApiAnswer:
    """Leave a thread: https://discord.com/developers/docs/resources/channel#leave-thread ."""
    leave_thread(request.realm, _open_thread(request), request.realm.bot)
    return NO_CONTENT


def add_member(request: ApiRequest) -> ApiAnswer:
    """Put somebody into a thread: https://discord.com/developers/docs/resources/channel#add-thread-member ."""
    user = request.realm.world.user(request.snowflake("user_id"))
    join_thread(request.realm, _open_thread(request), user)
    return NO_CONTENT


def list_members(request: ApiRequest) -> ApiAnswer:
    """List who is in a thread.

    https://discord.com/developers/docs/resources/channel#list-thread-members
    """
    channel = _channel(request)
    members = {} if channel.thread is None else channel.thread.members
    users = request.realm.world.users
    return ApiAnswer(
        body=[thread_member_payload(channel, users[user_id], joined_at) for user_id, joined_at in members.items()]
    )


def list_archived(request: ApiRequest) -> ApiAnswer:
    """List the archived public threads of a channel.

    https://discord.com/developers/docs/resources/channel#list-public-archived-threads
    """
    parent = _channel(request)
    world = request.realm.world
    archived = [
        channel
        for channel in world.channels.values()
        if channel.parent_id == parent.id and channel.thread is not None and channel.thread.is_archived
    ]
    threads = [channel_payload(world, channel) for channel in archived]
    return ApiAnswer(body={"threads": threads, "members": [], "has_more": False})


def _channel(request: ApiRequest) -> ChannelState:
    return visible_channel(request.realm.world, request.snowflake("channel_id"))


def _open_thread(request: ApiRequest) -> ChannelState:
    channel = _channel(request)
    if channel.thread is not None and channel.thread.is_archived:
        raise thread_archived()
    return channel
