"""The smallest useful part of views.*."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import invalid_arguments
from threadkeep_emulators.slack.wire import Payload


def publish_home(call: Request) -> Payload:
    """Set a user's App Home (https://docs.slack.dev/reference/methods/views.publish)."""
    user = call.user("user_id")
    view = _view(call, "home")
    call.team.homes[user.id] = view
    call.world.changes.ring()
    return {"view": view}


def _view(call: Request, kind: str) -> Payload:
    view = call.args.structure("view", error="invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != kind or not isinstance(view.get("blocks"), list):
        raise invalid_arguments(f"must be a {kind} with blocks: view")
    return view | {"id": call.world.ids.entity("V"), "team_id": call.team.id, "bot_id": call.team.bot.id}


METHODS = (
    Method(name="views.publish", perform=publish_home, tier=4),
)
