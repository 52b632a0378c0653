"""Where everything arrives that people do instead of writing: presses, forms, shortcuts, commands, reactions."""

from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import Place
from threadkeep_slack.controls.actions import FEEDBACK_ACTION, LINK_ACTION, STOP_ACTION
from threadkeep_slack.controls.commands import SlashCommands
from threadkeep_slack.controls.feedback import FeedbackDesk
from threadkeep_slack.controls.forms import FORM_CALLBACK, error_in
from threadkeep_slack.controls.press_desk import PressDesk
from threadkeep_slack.controls.shortcuts import ASK_ABOUT, ASK_CALLBACK, ASK_NEW, ShortcutDesk
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.inbound.control_payloads import ButtonPress, Shortcut, Submission
from threadkeep_slack.inbound.controls import Controls
from threadkeep_slack.inbound.reading import read
from threadkeep_slack.inbound.stops import is_stop_sign

FORMS: Final = (FORM_CALLBACK, ASK_CALLBACK)
"""The forms that it takes, by their ``callback_id``."""
SHORTCUTS: Final = (ASK_ABOUT, ASK_NEW)
"""The shortcuts."""


def is_form_of_ours(body: Mapping[str, object]) -> bool:
    """Tell whether a payload is a form that the control room takes."""
    view = body.get("view")
    return isinstance(view, Mapping) and view.get("callback_id") in FORMS


class ControlRoom:
    """Takes what people do in one workspace, and returns when it may be acknowledged.

    Args:
        tools: What it works with.
        stops: Takes the ways to stop a run.
        prefix: The one slash command of the app; None where each command of the bot has its own.
    """

    def __init__(self, tools: ControlTools, stops: Controls, *, prefix: str | None = None) -> None:
        self._tools: Final = tools
        self._stops: Final = stops
        self._presses: Final = PressDesk(tools)
        self._shortcuts: Final = ShortcutDesk(tools)
        self._feedback: Final = FeedbackDesk(tools)
        self._commands: Final = SlashCommands(tools, prefix=prefix)

    def remember(self, user: str, place: Place) -> None:
        """Note where somebody has just spoken: that is what their next slash command means."""
        self._tools.last_places.remember(user, place)

    async def on_reaction(self, body: Mapping[str, object]) -> None:
        """Take a reaction that was added or taken back.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        event = body.get("event")
        if not isinstance(event, Mapping):
            return
        if not is_stop_sign(str(event.get("reaction"))):
            await self._feedback.on_reaction(body)
        elif event.get("type") == "reaction_added":
            await self._stops.on_reaction(body)

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take a slash command, and give what to tell who sent it.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        return await self._commands.on_command(body)

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take a press, a choice or a shortcut.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        if body.get("type") in {"shortcut", "message_action"}:
            await self._on_shortcut(body)
        else:
            await self._on_button(body)

    async def on_form(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Take a form that was filled in, and give what it shows then.

        Raises:
            NotHandedOverError: It must not be acknowledged: it stays open, and its author is told to try again.
        """
        submission = read(Submission, body)
        team = None if submission is None else self._tools.team_of(submission)
        if submission is None or team is None:
            return {}
        if submission.view.callback_id == FORM_CALLBACK:
            await self._presses.on_submission(submission, team)
            return {}
        problem = await self._shortcuts.on_submission(submission, team)
        return error_in(submission, problem) if problem else {}

    async def _on_button(self, body: Mapping[str, object]) -> None:
        press = read(ButtonPress, body)
        team = None if press is None else self._tools.team_of(press)
        if press is None or team is None:
            return
        name = press.actions[0].action_id
        if name == STOP_ACTION:
            await self._stops.on_press(body)
        elif name == FEEDBACK_ACTION:
            await self._feedback.on_press(press, team)
        elif not name.startswith(LINK_ACTION):
            await self._presses.on_press(press, team)

    async def _on_shortcut(self, body: Mapping[str, object]) -> None:
        shortcut = read(Shortcut, body)
        team = None if shortcut is None else self._tools.team_of(shortcut)
        if shortcut is not None and team is not None:
            await self._shortcuts.on_shortcut(shortcut, team)
