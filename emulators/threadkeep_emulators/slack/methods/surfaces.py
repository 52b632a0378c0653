"""files.info and the smallest useful part of views.*."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError, invalid_arguments
from threadkeep_emulators.slack.rendering import render_file
from threadkeep_emulators.slack.wire import Payload


def get_file(call: Request) -> Payload:
    """Describe a file (https://docs.slack.dev/reference/methods/files.info)."""
    file = call.team.files.get(call.args.required("file"))
    is_seen = file is not None and any(call.team.bot_user in call.team.channels[name].members for name in file.channels)
    if file is None or not is_seen:
        raise SlackError("file_not_found")
    return {"file": render_file(call.team, file, call.world.base_url)}


def publish_home(call: Request) -> Payload:
    """Set a user's App Home (https://docs.slack.dev/reference/methods/views.publish)."""
    user = call.user("user_id")
    view = _view(call, "home")
    call.team.homes[user.id] = view
    call.world.changes.ring()
    return {"view": view}


def open_modal(call: Request) -> Payload:
    """Open a modal on a click or command (https://docs.slack.dev/reference/methods/views.open)."""
    trigger = call.args.required("trigger_id")
    view = _view(call, "modal")
    issued_at = call.world.triggers.pop(trigger, None)
    if issued_at is None:
        raise SlackError("invalid_trigger_id")
    if call.world.clock() - issued_at > call.world.limits.trigger_lifetime:
        raise SlackError("expired_trigger_id")
    call.team.modals.append(view)
    call.world.changes.ring()
    return {"view": view}


def _view(call: Request, kind: str) -> Payload:
    view = call.args.structure("view", error="invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != kind or not isinstance(view.get("blocks"), list):
        raise invalid_arguments(f"must be a {kind} with blocks: view")
    if kind == "modal" and not isinstance(view.get("title"), dict):
        raise invalid_arguments("missing required field: title of view")
    return view | {"id": call.world.ids.entity("V"), "team_id": call.team.id, "bot_id": call.team.bot.id}


METHODS = (
    Method(name="files.info", perform=get_file, scopes=("files:read",), tier=4),
    Method(name="views.publish", perform=publish_home, tier=4),
    Method(name="views.open", perform=open_modal, tier=4),
)
