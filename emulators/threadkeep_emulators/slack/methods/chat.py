"""chat.postMessage, chat.update and what belongs to them."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.records import Channel, Message
from threadkeep_emulators.slack.wire import Payload

from .content import Content, read_content, read_metadata

MAX_UPDATE_TEXT = 4_000


def post_message(call: Request) -> Payload:
    """Post a message (https://docs.slack.dev/reference/methods/chat.postMessage)."""
    channel = writable_channel(call)
    content = read_content(call.args)
    if content.is_empty:
        raise SlackError("no_text")
    draft = compose(call, channel, content)
    if draft.thread_ts is not None and call.args.flag("reply_broadcast"):
        draft.subtype = "thread_broadcast"
    message = call.world.post(call.team, channel, draft)
    return {"channel": channel.id, "ts": message.ts, "message": call.world.render(call.team, message)}


def update_message(call: Request) -> Payload:
    """Change a message of the app (https://docs.slack.dev/reference/methods/chat.update)."""
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = call.message(channel)
    if message.bot_id != call.team.bot.id:
        raise SlackError("cant_update_message")
    if message.stream is not None and message.stream.state == "in_progress":
        raise SlackError("streaming_state_conflict")
    window = call.team.edit_window
    if window is not None and call.world.clock() - float(message.ts) > window:
        raise SlackError("edit_window_closed")
    content = read_content(call.args)
    if not content.is_markdown and len(content.text or "") > MAX_UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if content.is_empty:
        raise SlackError("no_text")
    metadata = read_metadata(call.args)
    edited = {"user": call.team.bot_user, "ts": channel.next_ts(call.world.clock())}
    call.world.edit(call.team, message, lambda target: _apply(target, content, metadata=metadata, edited=edited))
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": call.world.render(call.team, message),
    }


def delete_message(call: Request) -> Payload:
    """Delete a message of the app (https://docs.slack.dev/reference/methods/chat.delete)."""
    channel = call.channel()
    message = call.message(channel)
    if message.bot_id != call.team.bot.id:
        raise SlackError("cant_delete_message")
    call.world.delete(call.team, message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Request) -> Payload:
    """Show a message to one user (https://docs.slack.dev/reference/methods/chat.postEphemeral)."""
    channel = writable_channel(call)
    user = call.args.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call.args)
    if content.is_empty:
        raise SlackError("no_text")
    message = call.world.post_ephemeral(call.team, channel, compose(call, channel, content), user)
    return {"message_ts": message.ts}


def get_permalink(call: Request) -> Payload:
    """Give a message's address (https://docs.slack.dev/reference/methods/chat.getPermalink)."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    address = f"https://{call.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


def writable_channel(call: Request) -> Channel:
    """Give the channel that a message goes to: by id, by name, or a user's direct messages.

    Raises:
        SlackError: ``channel_not_found``, ``not_in_channel`` or ``is_archived``.
    """
    target = call.args.required("channel")
    channel = _find_target(call, target)
    is_member = channel is not None and call.team.bot_user in channel.members
    if channel is None or not (channel.is_public or is_member):
        raise SlackError("channel_not_found")
    if not is_member and "chat:write.public" not in call.team.scopes:
        raise SlackError("not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def compose(call: Request, channel: Channel, content: Content) -> Message:
    """Build the app's message from a call's arguments, with the thread checked.

    Raises:
        SlackError: ``thread_not_found``, ``cannot_reply_to_message``, ``missing_scope`` or a metadata error.
    """
    message = Message(
        channel=channel.id,
        ts="",
        text=content.text or "",
        user=call.team.bot_user,
        bot_id=call.team.bot.id,
        app_id=call.world.app.id,
        thread_ts=thread_root(call, channel),
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        metadata=read_metadata(call.args) or None,
    )
    dress(call, message)
    return message


def dress(call: Request, message: Message) -> None:
    """Give a message the name and icon that the call asks for.

    Raises:
        SlackError: ``missing_scope`` without chat:write.customize.
    """
    icons = {key: call.args.text(f"icon_{key}") for key in ("emoji", "url") if f"icon_{key}" in call.args}
    username = call.args.text("username")
    if icons or username:
        call.require_scope("chat:write.customize")
        message.username = username or call.team.bot.name
        message.icons = icons or None
        message.subtype = "bot_message"
        message.user = None


def thread_root(call: Request, channel: Channel) -> str | None:
    """Give the thread that a call names, if it names one that exists.

    Slack's pages only advise against a reply's ts here; the emulator refuses it, since the message would be lost.

    Raises:
        SlackError: ``thread_not_found`` or ``cannot_reply_to_message``.
    """
    thread_ts = call.args.text("thread_ts")
    if not thread_ts:
        return None
    root = channel.messages.get(thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    if root.is_reply or root.subtype == "channel_join":
        raise SlackError("cannot_reply_to_message")
    return thread_ts


def _find_target(call: Request, target: str) -> Channel | None:
    if target in call.team.users and target != call.team.bot_user:
        return call.world.open_direct(call.team, {target, call.team.bot_user})[0]
    if target in call.team.channels:
        return call.team.channels[target]
    name = target.removeprefix("#")
    return next((found for found in call.team.channels.values() if found.name and found.name == name), None)


def _apply(message: Message, content: Content, *, metadata: Payload | None, edited: Payload) -> None:
    if message.stream is not None:
        message.stream.is_overwritten = True
    if content.text is not None:
        message.text = content.text
        message.blocks = []
        message.edited = edited if content.blocks is None else message.edited
    if content.blocks is not None:
        message.blocks = content.blocks
    if content.attachments is not None:
        message.attachments = content.attachments
    if metadata is not None:
        message.metadata = metadata or None


METHODS = (
    Method(name="chat.postMessage", perform=post_message, scopes=("chat:write",), is_limited_by_channel=True),
    Method(name="chat.update", perform=update_message, scopes=("chat:write",), tier=3),
    Method(name="chat.delete", perform=delete_message, scopes=("chat:write",), tier=3),
    Method(name="chat.postEphemeral", perform=post_ephemeral, scopes=("chat:write",), tier=4),
    Method(name="chat.getPermalink", perform=get_permalink),
)
