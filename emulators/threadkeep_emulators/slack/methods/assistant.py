"""assistant.threads.* and agents.sessions.*: what people see while the app works."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError, invalid_arguments
from threadkeep_emulators.slack.records import AgentSession, Channel
from threadkeep_emulators.slack.wire import Payload

SESSION_STATUSES = frozenset({"processing", "active", "suspended", "closed"})
MAX_TITLE = 200
MAX_PROMPTS = 4
MAX_LOADING_MESSAGES = 10


def set_thread_status(call: Request) -> Payload:
    """Show a status line in a thread (https://docs.slack.dev/reference/methods/assistant.threads.setStatus)."""
    channel = call.joined_channel("channel_id")
    thread_ts = _thread(call, channel)
    status = call.args.text("status")
    if status is None:
        raise invalid_arguments("missing required field: status")
    loading = call.args.structure("loading_messages", error="invalid_arguments") or []
    if not isinstance(loading, list) or len(loading) > MAX_LOADING_MESSAGES:
        raise invalid_arguments(f"no more than {MAX_LOADING_MESSAGES} items allowed: loading_messages")
    if any(name in call.args for name in ("icon_emoji", "icon_url", "username")):
        call.require_scope("chat:write.customize")
    shown = call.team.assistant_thread(channel.id, thread_ts)
    shown.status, shown.loading_messages = status, [str(line) for line in loading]
    shown.status_set_at = call.world.clock()
    call.world.changes.ring()
    return {}


def set_thread_title(call: Request) -> Payload:
    """Name a thread (https://docs.slack.dev/reference/methods/assistant.threads.setTitle)."""
    if not call.world.app.is_agent:
        raise SlackError("not_agent_app")
    channel = _direct_channel(call)
    thread_ts = _thread(call, channel)
    call.team.assistant_thread(channel.id, thread_ts).title = call.args.required("title")
    call.world.changes.ring()
    return {}


def set_suggested_prompts(call: Request) -> Payload:
    """Offer prompts (https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts).

    Without a thread only apps with the agent view may. What others are answered the page does not say; it was seen
    (openclaw/openclaw#136510).
    """
    app = call.world.app
    if not app.is_agent or ("thread_ts" not in call.args and not app.has_agent_view):
        raise SlackError("not_agent_app")
    channel = _direct_channel(call)
    thread_ts = _thread(call, channel) if "thread_ts" in call.args else ""
    prompts = call.args.structure("prompts", error="invalid_arguments")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MAX_PROMPTS:
        raise invalid_arguments(f"must hold 1 to {MAX_PROMPTS} items: prompts")
    if not all(isinstance(prompt, dict) and {"title", "message"} <= prompt.keys() for prompt in prompts):
        raise invalid_arguments("missing required field: title or message of a prompt")
    call.team.assistant_thread(channel.id, thread_ts).prompts = prompts
    call.world.changes.ring()
    return {}


def set_session_status(call: Request) -> Payload:
    """Set an agent session's status (https://docs.slack.dev/reference/methods/agents.sessions.setStatus)."""
    channel = call.joined_channel("channel_id")
    _check_agent(call)
    status = call.args.required("status")
    if status not in SESSION_STATUSES:
        raise invalid_arguments(f"must be one of {sorted(SESSION_STATUSES)}: status")
    title = call.args.text("title")
    if title is not None and len(title) > MAX_TITLE:
        raise invalid_arguments(f"must be at most {MAX_TITLE} characters: title")
    key = (channel.id, _thread(call, channel))
    initiator = call.args.text("initiator_user_id")
    if initiator is not None and initiator not in channel.members:
        raise SlackError("user_not_in_channel")
    created = AgentSession(status=status, title=title, initiator=initiator)
    session = call.team.sessions.setdefault(key, created)
    session.status = status
    call.world.changes.ring()
    answer: Payload = {"status": status, "agent_status": status, "title": session.title}
    if "agent_session_stopped" not in call.world.app.events:
        warning = "missing_agent_session_stopped_event_subscription"
        answer |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return answer


def rename_session(call: Request) -> Payload:
    """Rename an agent session (https://docs.slack.dev/reference/methods/agents.sessions.rename)."""
    channel = call.joined_channel("channel_id")
    _check_agent(call)
    title = call.args.required("title")
    if len(title) > MAX_TITLE:
        raise invalid_arguments(f"must be at most {MAX_TITLE} characters: title")
    session = call.team.sessions.get((channel.id, _thread(call, channel)))
    if session is None:
        raise SlackError("not_authorized")
    session.title = title
    call.world.changes.ring()
    return {"title": title}


def _check_agent(call: Request) -> None:
    if not call.world.app.is_agent:
        raise SlackError("not_authorized")


def _direct_channel(call: Request) -> Channel:
    channel = call.joined_channel("channel_id")
    if channel.kind != "im":
        raise SlackError("method_not_supported_for_channel_type")
    return channel


def _thread(call: Request, channel: Channel) -> str:
    thread_ts = call.args.required("thread_ts")
    root = channel.messages.get(thread_ts)
    if root is None or root.is_reply:
        raise SlackError("invalid_thread_ts")
    return thread_ts


METHODS = (
    Method(name="assistant.threads.setStatus", perform=set_thread_status, scopes=("chat:write", "assistant:write")),
    Method(name="assistant.threads.setTitle", perform=set_thread_title, scopes=("assistant:write",), tier=4),
    Method(
        name="assistant.threads.setSuggestedPrompts",
        perform=set_suggested_prompts,
        scopes=("assistant:write",),
        tier=4,
    ),
    Method(name="agents.sessions.setStatus", perform=set_session_status, scopes=("chat:write",), tier=3),
    Method(name="agents.sessions.rename", perform=rename_session, scopes=("chat:write",), tier=3),
)
