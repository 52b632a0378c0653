"""Clicks and slash commands on their way to the app."""

from dataclasses import dataclass

from .blocks import find_clickable
from .delivery import Delivery
from .records import Channel, Message, Team, User
from .response_urls import ResponseUrls
from .wire import Payload
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Hold one click or command and its delivery.

    Attributes:
        response_url: Where the app may answer.
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

    def click(self, team: Team, *, user: User, message: Message, button: str, is_ephemeral: bool) -> Interaction:
        """Press a button of a message.

        Args:
            team: The workspace.
            user: Who presses.
            message: The message that holds the button.
            button: The button's ``action_id``, text or value.
            is_ephemeral: Whether only this user sees the message.

        Raises:
            LookupError: If the message has no such button.
        """
        channel = team.channels[message.channel]
        url = self._response_urls.issue(team=team, channel=channel, user=user.id, source=message)
        trigger = self._issue_trigger()
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
            "actions": [self._action(message, button)],
        }
        if message.is_reply:
            payload["container"]["thread_ts"] = message.thread_ts
        if not is_ephemeral:
            payload["message"] = self._world.render(team, message)
        delivery = self._world.courier.send("interactive", payload)
        return Interaction(delivery=delivery, response_url=url, trigger_id=trigger)

    def command(self, team: Team, *, user: User, channel: Channel, command: str, text: str) -> Interaction:
        """Send a slash command."""
        url = self._response_urls.issue(team=team, channel=channel, user=user.id)
        trigger = self._issue_trigger()
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
        delivery = self._world.courier.send("slash_commands", payload, accepts_response=True)
        return Interaction(delivery=delivery, response_url=url, trigger_id=trigger)

    def show_ack(self, interaction: Interaction) -> None:
        """Show what the app said in its acknowledgement of a command."""
        response = interaction.delivery.response
        if response and (response.get("text") or response.get("blocks")):
            self._response_urls.apply_ack(interaction.response_url, response)

    def _frame(self, team: Team, user: User, trigger: str) -> Payload:
        return {
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
            "api_app_id": self._world.app.id,
            "token": self._world.app.verification_token,
            "trigger_id": trigger,
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, message: Message, button: str) -> Payload:
        known: list[str] = []
        for block, element in find_clickable(message.blocks):
            for choice in _choices(element):
                names = [str(choice[key]) for key in ("action_id", "text", "value") if key in choice]
                known.extend(names)
                if button in names:
                    return _act(block, element, choice, self._world.clock())
        raise LookupError(f"no button {button!r} in the message {message.ts}; there are {sorted(set(known))}")

    def _issue_trigger(self) -> str:
        trigger = f"{self._world.ids.entity('')}.{self._world.ids.entity('')}"
        self._world.triggers[trigger] = self._world.clock()
        return trigger


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
