"""chat.startStream, chat.appendStream, chat.stopStream."""

from threadkeep_emulators.slack.blocks import MAX_BLOCKS, check_blocks
from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError, invalid_arguments
from threadkeep_emulators.slack.records import AgentSession, Channel, Message, Stream, StreamMode
from threadkeep_emulators.slack.wire import Payload

from .assistant import SESSION_STATUSES
from .chat import dress, thread_root, writable_channel
from .content import MAX_TEXT, check_markdown, read_metadata

_TASK_STATES = frozenset({"pending", "in_progress", "complete", "error"})
_TASK_DISPLAY_MODES = frozenset({"timeline", "plan", "dense"})


def start_stream(call: Request) -> Payload:
    """Begin a streamed reply (https://docs.slack.dev/reference/methods/chat.startStream)."""
    channel = writable_channel(call)
    call.args.required("thread_ts")
    thread_ts = thread_root(call, channel)
    _check_recipient(call, channel)
    display = call.args.text("task_display_mode") or "timeline"
    if display not in _TASK_DISPLAY_MODES:
        raise invalid_arguments("unknown task_display_mode")
    stream = Stream(started_at=call.world.clock(), task_display_mode=display)
    message = Message(
        channel=channel.id,
        ts="",
        text="",
        user=call.team.bot_user,
        bot_id=call.team.bot.id,
        app_id=call.world.app.id,
        thread_ts=thread_ts,
        stream=stream,
    )
    dress(call, message)
    _write(call, message, stream)
    posted = call.world.post(call.team, channel, message)
    return {"channel": channel.id, "ts": posted.ts}


def append_stream(call: Request) -> Payload:
    """Add to a streamed reply (https://docs.slack.dev/reference/methods/chat.appendStream)."""
    channel, message, stream = _streaming(call)
    if stream.state == "stopped_by_user":
        raise SlackError("stopped_by_user")
    if "markdown_text" not in call.args and "chunks" not in call.args:
        raise SlackError("markdown_text_or_chunks_required")
    _write(call, message, stream)
    call.world.changes.ring()
    return {"channel": channel.id, "ts": message.ts}


def stop_stream(call: Request) -> Payload:
    """Finish a streamed reply (https://docs.slack.dev/reference/methods/chat.stopStream)."""
    channel, message, stream = _streaming(call)
    raw_blocks = call.args.structure("blocks", error="invalid_blocks_format")
    blocks = [] if raw_blocks is None else check_blocks(raw_blocks, too_many="msg_blocks_too_many")
    metadata = read_metadata(call.args)
    status = call.args.text("session_status")
    if status is not None and status not in SESSION_STATUSES:
        raise invalid_arguments("unknown session_status")
    if stream.state == "in_progress":
        _write(call, message, stream)

    def finish(target: Message) -> None:
        target.blocks = [*target.blocks, *blocks]
        target.metadata = metadata or target.metadata
        stream.state = "completed"
        _settle(stream)

    call.world.edit(call.team, message, finish)
    session = call.team.sessions.get((channel.id, message.thread_ts or message.ts))
    if session is not None or status is not None:
        _set_session(call, channel, message, status or "active")
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": call.world.render(call.team, message),
    }


def _set_session(call: Request, channel: Channel, message: Message, status: str) -> None:
    key = (channel.id, message.thread_ts or message.ts)
    call.team.sessions.setdefault(key, AgentSession(status=status)).status = status
    call.world.changes.ring()


def _check_recipient(call: Request, channel: Channel) -> None:
    if channel.kind == "im":
        return
    if "recipient_team_id" not in call.args:
        raise SlackError("missing_recipient_team_id")
    if "recipient_user_id" not in call.args:
        raise SlackError("missing_recipient_user_id")
    user = call.args.text("recipient_user_id") or ""
    # Who comes from another organisation is streamed to under its workspace (timescale/tiger-agents-for-work#231).
    home = call.team.id if user in call.team.users else call.team.strangers.get(user, (None, None))[1]
    if home is None or call.args.text("recipient_team_id") != home:
        raise SlackError("user_not_found" if home is None else "team_not_found")


def _streaming(call: Request) -> tuple[Channel, Message, Stream]:
    channel = call.joined_channel()
    message = call.message(channel)
    if message.bot_id != call.team.bot.id:
        raise SlackError("message_not_owned_by_app")
    stream = message.stream
    if stream is None or stream.state == "completed":
        raise SlackError("message_not_in_streaming_state")
    if call.world.clock() - stream.started_at > call.world.limits.stream_lifetime:
        stream.state = "completed"
        _settle(stream)
        call.world.changes.ring()
        raise SlackError("message_not_in_streaming_state")
    return channel, message, stream


def _write(call: Request, message: Message, stream: Stream) -> None:
    markdown = call.args.text("markdown_text")
    chunks = call.args.structure("chunks", error="invalid_chunks")
    if markdown is not None and chunks:
        raise SlackError("cannot_provide_both_markdown_text_and_chunks")
    if markdown is None and not chunks:
        return
    mode: StreamMode = "chunks" if chunks else "markdown_text"
    if stream.mode not in {None, mode}:
        raise SlackError("streaming_mode_mismatch")
    if markdown is not None:
        check_markdown(markdown)
        _check_length(message.text + markdown)
        message.text += markdown
    else:
        _write_chunks(chunks, message, stream)
    stream.mode = mode


def _write_chunks(chunks: object, message: Message, stream: Stream) -> None:
    """Apply the chunks, all or none."""
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise SlackError("invalid_chunks")
    texts: list[str] = []
    blocks: list[Payload] = []
    for chunk in chunks:
        _check_chunk(chunk)
        if chunk["type"] == "markdown_text":
            texts.append(chunk["text"])
        elif chunk["type"] == "blocks":
            blocks.extend(check_blocks(chunk["blocks"], too_many="msg_blocks_too_many"))
    check_markdown("".join(texts))
    tasks = stream.tasks.keys() | {chunk["id"] for chunk in chunks if chunk["type"] == "task_update"}
    # A card is a block of the message too: apps were seen to be refused beyond this.
    if len(message.blocks) + len(blocks) + len(tasks) > MAX_BLOCKS:
        raise SlackError("msg_blocks_too_many")
    _check_length(message.text + "".join(texts))
    message.text += "".join(texts)
    message.blocks = [*message.blocks, *blocks]
    for chunk in chunks:
        if chunk["type"] == "task_update":
            stream.tasks[chunk["id"]] = _merged(stream.tasks.get(chunk["id"], {}), chunk)
        elif chunk["type"] == "plan_update":
            stream.plan_title = chunk["title"]


def _merged(card: Payload, update: Payload) -> Payload:
    """Change a card: title and status are replaced, the rest is added to what stands there.

    So it was seen; the pages do not say it (openclaw/openclaw#125168).
    """
    added = {name: card.get(name, "") + update[name] for name in ("details", "output") if update.get(name)}
    sources = [*card.get("sources", []), *update.get("sources", [])]
    return card | update | added | ({"sources": sources} if sources else {})


def _settle(stream: Stream) -> None:
    """Show what was left open as failed, as Slack does when a stream ends (vercel/chat#911)."""
    for card in stream.tasks.values():
        if card["status"] in {"pending", "in_progress"}:
            card["status"] = "error"


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")


def _is_card(chunk: Payload) -> bool:
    sources = chunk.get("sources", [])
    return (
        isinstance(chunk.get("id"), str)
        and isinstance(chunk.get("title"), str)
        and chunk.get("status") in _TASK_STATES
        and all(isinstance(chunk.get(name, ""), str) for name in ("details", "output"))
        and isinstance(sources, list)
        and all(isinstance(source, dict) and _is_source(source) for source in sources)
    )


def _is_source(source: Payload) -> bool:
    return source.get("type") == "url" and isinstance(source.get("url"), str) and isinstance(source.get("text"), str)


def _check_chunk(chunk: Payload) -> None:
    kind = chunk.get("type")
    is_good = {
        "markdown_text": isinstance(chunk.get("text"), str),
        "plan_update": isinstance(chunk.get("title"), str),
        "blocks": isinstance(chunk.get("blocks"), list),
        "task_update": _is_card(chunk),
    }
    if not isinstance(kind, str) or not is_good.get(kind, False):
        raise SlackError("invalid_chunks")


METHODS = (
    Method(name="chat.startStream", perform=start_stream, scopes=("chat:write",), tier=2),
    Method(name="chat.appendStream", perform=append_stream, scopes=("chat:write",), tier=4),
    Method(name="chat.stopStream", perform=stop_stream, scopes=("chat:write",), tier=2),
)
