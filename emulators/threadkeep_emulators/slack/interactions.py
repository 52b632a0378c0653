"""Clicks, shortcuts, slash commands and modals on their way to the app."""

from collections.abc import Mapping
from dataclasses import dataclass

from .blocks import find_clickable
from .delivery import Delivery
from .modals import Modals
from .records import Channel, Message, Team, User
from .response_urls import ResponseUrls
from .wire import Payload
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Hold one click, shortcut or command and its delivery.

    Attributes:
        response_url: Where the app may answer; empty for what belongs to no conversation.
        trigger_id: What lets the app open a modal.
    """

    delivery: Delivery
    response_url: str
    trigger_id: str


class Interactions:
    """Build the payloads of clicks and commands and send them.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/ and
    https://docs.slack.dev/interactivity/implementing-slash-commands/
    """

    def __init__(self, world: World, response_urls: ResponseUrls) -> None:
        self._world = world
        self._response_urls = response_urls
        self._modals = Modals(world)

    def click(
        self,
        team: Team,
        *,
        user: User,
        message: Message,
        button: str,
        is_ephemeral: bool,
        option: str | None = None,
    ) -> Interaction:
        """Press a button of a message, or choose an option of a select.

        Args:
            team: The workspace.
            user: Who presses.
            message: The message that holds it.
            button: The ``action_id``, text or value of the button; the ``action_id`` or placeholder of the select.
            is_ephemeral: Whether only this user sees the message.
            option: The text or value of the option.

        Raises:
            LookupError: If the message has no such button or option.
        """
        channel = team.channels[message.channel]
        url = self._response_urls.issue(team=team, channel=channel, user=user.id, source=message)
        trigger = self._world.triggers.issue(user.id)
        payload = self._frame(team, user, trigger) | {
            "type": "block_actions",
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
                "is_ephemeral": is_ephemeral,
            },
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "state": {"values": {}},
            "response_url": url,
            "actions": [self._action(message, button) if option is None else self._choice(message, button, option)],
        }
        if message.is_reply:
            payload["container"]["thread_ts"] = message.thread_ts
        if not is_ephemeral:
            payload["message"] = self._world.render(team, message)
        delivery = self._world.courier.send("interactive", payload)
        return Interaction(delivery=delivery, response_url=url, trigger_id=trigger)

    def press_home(self, team: Team, *, user: User, button: str) -> Interaction:
        """Press a button of the Home tab that the app has published for somebody.

        Raises:
            LookupError: If there is none.
        """
        view = team.homes.get(user.id)
        if view is None:
            raise LookupError(f"the app has no Home tab for {user.display_name}")
        trigger = self._world.triggers.issue(user.id)
        payload = self._frame(team, user, trigger) | {
            "type": "block_actions",
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [self._find_action(view["blocks"], button, f"the Home tab of {user.display_name}")],
        }
        delivery = self._world.courier.send("interactive", payload)
        return Interaction(delivery=delivery, response_url="", trigger_id=trigger)

    def command(self, team: Team, *, user: User, channel: Channel, command: str, text: str) -> Interaction:
        """Send a slash command."""
        url = self._response_urls.issue(team=team, channel=channel, user=user.id)
        trigger = self._world.triggers.issue(user.id)
        payload: Payload = {
            "token": self._world.app.verification_token,
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.kind == "im" else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._world.app.id,
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": trigger,
        }
        if team.organisation is not None:
            whole = team.organisation
            payload |= {"enterprise_id": whole.id, "enterprise_name": whole.name, "is_enterprise_install": "true"}
        delivery = self._world.courier.send("slash_commands", payload, accepts_response=True)
        return Interaction(delivery=delivery, response_url=url, trigger_id=trigger)

    def shortcut(self, team: Team, *, user: User, callback_id: str, message: Message | None = None) -> Interaction:
        """Use a shortcut of the app: a global one, or that of a message.

        https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload/
        """
        trigger, url = self._world.triggers.issue(user.id), ""
        payload = self._frame(team, user, trigger) | {
            "type": "shortcut",
            "callback_id": callback_id,
            "action_ts": f"{self._world.clock():.6f}",
        }
        if message is not None:
            channel = team.channels[message.channel]
            url = self._response_urls.issue(team=team, channel=channel, user=user.id)
            payload |= {
                "type": "message_action",
                "channel": {"id": channel.id, "name": channel.name or "directmessage"},
                "message_ts": message.ts,
                "message": self._world.render(team, message),
                "response_url": url,
            }
        delivery = self._world.courier.send("interactive", payload)
        return Interaction(delivery=delivery, response_url=url, trigger_id=trigger)

    def modal(self, team: Team, user: User) -> Payload | None:
        """Give the modal that a user sees; None if none is open."""
        return self._modals.top(team, user)

    async def submit(self, team: Team, *, user: User, values: Mapping[str, str]) -> Interaction:
        """Fill in and send the modal that a user sees; see ``Modals.submit``."""
        trigger = self._world.triggers.issue(user.id)
        delivery = await self._modals.submit(team, user, values, self._frame(team, user, trigger))
        return Interaction(delivery=delivery, response_url="", trigger_id=trigger)

    def close(self, team: Team, user: User) -> Delivery | None:
        """Close the modal that a user sees; give what the app is told of it."""
        return self._modals.close(team, user, self._frame(team, user, self._world.triggers.issue(user.id)))

    def show_ack(self, interaction: Interaction) -> None:
        """Show what the app said in its acknowledgement of a command."""
        response = interaction.delivery.response
        if response and (response.get("text") or response.get("blocks")):
            self._response_urls.apply_ack(interaction.response_url, response)

    def _frame(self, team: Team, user: User, trigger: str) -> Payload:
        whole = team.organisation
        return {
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
            "api_app_id": self._world.app.id,
            "token": self._world.app.verification_token,
            "trigger_id": trigger,
            "team": {"id": team.id, "domain": team.domain} if whole is None else None,
            "enterprise": None if whole is None else {"id": whole.id, "name": whole.name},
            "is_enterprise_install": whole is not None,
        }

    def _action(self, message: Message, button: str) -> Payload:
        return self._find_action(message.blocks, button, f"the message {message.ts}")

    def _find_action(self, blocks: list[Payload], button: str, where: str) -> Payload:
        known: list[str] = []
        for block, element in find_clickable(blocks):
            for choice in _choices(element):
                names = [str(choice[key]) for key in ("action_id", "text", "value") if key in choice]
                known.extend(names)
                if button in names:
                    return _act(block, element, choice, self._world.clock())
        raise LookupError(f"no button {button!r} in {where}; there are {sorted(set(known))}")

    def _choice(self, message: Message, select: str, option: str) -> Payload:
        for block, element in find_clickable(message.blocks):
            placeholder = element.get("placeholder", {}).get("text")
            if element["type"] != "static_select" or select not in (element["action_id"], placeholder):
                continue
            for known in element["options"]:
                if option in (known["value"], known["text"]["text"]):
                    return {
                        "type": "static_select",
                        "action_id": element["action_id"],
                        "block_id": block.get("block_id", "b1"),
                        "selected_option": known,
                        "placeholder": element.get("placeholder"),
                        "action_ts": f"{self._world.clock():.6f}",
                    }
        raise LookupError(f"no option {option!r} of a select {select!r} in the message {message.ts}")


def _choices(element: Payload) -> list[Payload]:
    """Give what can be pressed in an element: itself, or the two halves of a pair of feedback buttons."""
    if element.get("type") == "feedback_buttons":
        halves = [element.get("positive_button", {}), element.get("negative_button", {})]
    else:
        halves = [element]
    return [
        {
            "action_id": element["action_id"],
            "text": half.get("text", {}).get("text", ""),
            "value": half.get("value", ""),
        }
        for half in halves
    ]


def _act(block: Payload, element: Payload, choice: Payload, now: float) -> Payload:
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block.get("block_id", "b1"),
        "text": element.get("text", {"type": "plain_text", "text": choice["text"]}),
        "value": choice["value"],
        "action_ts": f"{now:.6f}",
    }
