"""The smallest useful part of views.*."""

from threadkeep_emulators.slack.blocks import MAX_BLOCKS, check_blocks
from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import invalid_arguments
from threadkeep_emulators.slack.wire import Payload

MAX_VIEW_BLOCKS = 100


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
    if len(view["blocks"]) > MAX_VIEW_BLOCKS:
        raise invalid_arguments(f"no more than {MAX_VIEW_BLOCKS} items allowed: blocks of view")
    for start in range(0, len(view["blocks"]), MAX_BLOCKS):
        check_blocks(view["blocks"][start : start + MAX_BLOCKS])
    return view | {"id": call.world.ids.entity("V"), "team_id": call.team.id, "bot_id": call.team.bot.id}


METHODS = (Method(name="views.publish", perform=publish_home, tier=4),)
