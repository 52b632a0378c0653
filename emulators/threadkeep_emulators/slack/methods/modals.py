"""views.open, views.push and views.update: modals, one on top of the other."""

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.views import check_modal, render_modal
from threadkeep_emulators.slack.wire import Payload

MOST_STACKED = 3


def open_modal(call: Request) -> Payload:
    """Open a modal on a click, shortcut or command (https://docs.slack.dev/reference/methods/views.open)."""
    view = _given(call)
    user = call.world.triggers.redeem(call.args.required("trigger_id"))
    shown = _render(call, view)
    call.team.view_stacks[user] = [shown]
    return _show(call, shown)


def push_modal(call: Request) -> Payload:
    """Put a modal on top of the one that is open (https://docs.slack.dev/reference/methods/views.push)."""
    view = _given(call)
    user = call.world.triggers.redeem(call.args.required("trigger_id"))
    stack = call.team.view_stacks.get(user, [])
    if not stack:
        raise SlackError("invalid_arguments")
    if len(stack) >= MOST_STACKED:
        raise SlackError("push_limit_reached")
    shown = _render(call, view) | {"previous_view_id": stack[-1]["id"], "root_view_id": stack[0]["id"]}
    stack.append(shown)
    return _show(call, shown)


def update_modal(call: Request) -> Payload:
    """Change a modal that is open (https://docs.slack.dev/reference/methods/views.update)."""
    view = _given(call)
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments")
    for stack in call.team.view_stacks.values():
        for position, known in enumerate(stack):
            if known["id"] == view_id or (external_id and known.get("external_id") == external_id):
                if call.args.text("hash") not in (None, known["hash"]):
                    raise SlackError("hash_conflict")
                kept = ("id", "root_view_id", "previous_view_id")
                stack[position] = shown = _render(call, view) | {name: known[name] for name in kept}
                return _show(call, shown)
    raise SlackError("not_found")


def _given(call: Request) -> Payload:
    return check_modal(call.args.structure("view", error="invalid_arguments"))


def _render(call: Request, view: Payload) -> Payload:
    external_id = view.get("external_id")
    open_ones = [known for stack in call.team.view_stacks.values() for known in stack]
    if external_id and any(known.get("external_id") == external_id for known in open_ones):
        raise SlackError("duplicate_external_id")
    return render_modal(call.world, call.team, view)


def _show(call: Request, view: Payload) -> Payload:
    call.team.modals.append(view)
    call.world.changes.ring()
    return {"view": view}


METHODS = (
    Method(name="views.open", perform=open_modal, tier=4),
    Method(name="views.push", perform=push_modal, tier=4),
    Method(name="views.update", perform=update_modal, tier=4),
)
