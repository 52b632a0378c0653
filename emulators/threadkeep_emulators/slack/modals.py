"""Filling in a modal and sending it to the app."""

from collections.abc import Mapping

from .delivery import Delivery
from .records import Team, User
from .wire import Payload
from .world import World


class Modals:
    """Let people fill in the modals that the app has opened for them.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload/
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def top(self, team: Team, user: User) -> Payload | None:
        """Give the modal that a user sees; None if none is open."""
        stack = team.view_stacks.get(user.id, [])
        return stack[-1] if stack else None

    async def submit(self, team: Team, user: User, values: Mapping[str, str], frame: Payload) -> Delivery:
        """Fill in the top modal and press its submit button; what the app answers is done.

        Args:
            team: The workspace.
            user: Who.
            values: What is filled in: the text or the option, by the label, ``block_id`` or ``action_id``.
            frame: What stands in every interactive payload.

        Raises:
            LookupError: No modal is open, or it has no such field.
            ValueError: A field that must be filled in is not: Slack would not send it.
        """
        view = self.top(team, user)
        if view is None:
            raise LookupError(f"no modal is open for {user.display_name}")
        view = view | {"state": {"values": _state(view, values)}}
        payload = frame | {"type": "view_submission", "view": view, "response_urls": []}
        delivery = self._world.courier.send("interactive", payload, accepts_response=True)
        await self._world.changes.until(
            lambda: delivery if delivery.is_acked or delivery.is_given_up else None,
            within=60.0,
            describe=delivery.describe,
        )
        if delivery.is_acked:
            self._follow(team, user, delivery.response or {})
        return delivery

    def close(self, team: Team, user: User, frame: Payload) -> Delivery | None:
        """Close the top modal; the app is told if it asked for that."""
        view = team.view_stacks[user.id].pop()
        self._world.changes.ring()
        if not view["notify_on_close"]:
            return None
        return self._world.courier.send(
            "interactive", frame | {"type": "view_closed", "view": view, "is_cleared": False}
        )

    def _follow(self, team: Team, user: User, response: Payload) -> None:
        stack = team.view_stacks[user.id]
        match response.get("response_action"):
            case None:
                stack.pop()
            case "clear":
                stack.clear()
            case "errors":
                stack[-1]["errors"] = response.get("errors", {})
            case "update":
                stack[-1] = stack[-1] | response["view"]
            case action:
                raise LookupError(f"the emulator does not know the response_action {action}")
        self._world.changes.ring()


def _state(view: Payload, values: Mapping[str, str]) -> Payload:
    left = dict(values)
    state: Payload = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        names = (block["label"]["text"], block["block_id"], element.get("action_id", ""))
        given = next((left.pop(name) for name in names if name in left), element.get("initial_value"))
        given = given or element.get("initial_option", {}).get("value")
        if not given and not block.get("optional"):
            raise ValueError(f"{block['label']['text']!r} must be filled in")
        state[block["block_id"]] = {element.get("action_id", ""): _value(element, given or None)}
    if left:
        raise LookupError(f"the modal has no field {sorted(left)}")
    return state


def _value(element: Payload, given: str | None) -> Payload:
    if element["type"] == "conversations_select":
        return {"type": element["type"], "selected_conversation": given}
    if element["type"] != "static_select":
        return {"type": element["type"], "value": given}
    chosen = next((option for option in element["options"] if given in (option["value"], option["text"]["text"])), None)
    return {"type": element["type"], "selected_option": chosen}
