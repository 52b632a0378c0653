"""The way of a press, a choice or a form to the sink."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import ActionPressed, Place
from threadkeep.errors import PlatformError
from threadkeep_slack.controls.actions import action_of, opens_form, read_form_value
from threadkeep_slack.controls.forms import FORM_CALLBACK, Purpose, read_purpose, to_modal
from threadkeep_slack.controls.presses import pressed, submitted
from threadkeep_slack.controls.tidying import without_action
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.inbound.control_payloads import ButtonPress, Submission
from threadkeep_slack.inbound.hand_over import Arrival, Findings
from threadkeep_slack.inbound.turns import LAST, rank_of
from threadkeep_slack.limits import FORM_SECONDS
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_AGAIN: Final = "The form could not be opened. Please press the button again."


class PressDesk:
    """Hands to the sink what people press under replies, and opens the forms that come first.

    Args:
        tools: What it works with.
    """

    def __init__(self, tools: ControlTools) -> None:
        self._tools: Final = tools

    async def on_press(self, press: ButtonPress, team: str) -> None:
        """Take a press, or a choice. What is none of ours is left alone.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        element = press.actions[0]
        action = action_of(element.action_id)
        if action is None:
            _log.info("slack_press_unknown", action_id=element.action_id[:64])
        elif opens_form(element.action_id):
            await self._open_form(press, action, team)
        else:
            await self._hand_over(press, action, team)

    async def on_submission(self, submission: Submission, team: str) -> None:
        """Take a form that was filled in.

        Raises:
            NotHandedOverError: It must not be acknowledged: the form stays open, and its author is told to try again.
        """
        purpose = read_purpose(submission.view.private_metadata)
        if purpose is None:
            _log.warning("slack_form_unknown", view=submission.view.id)
            return
        arrival = self._arrival(purpose.channel, submission.user.id, LAST)

        def write(findings: Findings) -> ActionPressed:
            place = self._tools.places.of(purpose.channel, purpose.message, purpose.thread, findings.kind, team=team)
            return submitted(submission, purpose, place, findings.names, workspace=self._tools.workspace)

        await self._tools.hand_over.put(arrival, write)

    async def _hand_over(self, press: ButtonPress, action: str, team: str) -> None:
        arrival = self._arrival(press.container.channel_id, press.user.id, rank_of(press.actions[0].action_ts))

        def write(findings: Findings) -> ActionPressed:
            place = self._place(press, findings.kind, team)
            return pressed(press, action, place, findings.names, workspace=self._tools.workspace)

        acceptance = await self._tools.hand_over.put(arrival, write)
        if acceptance is Acceptance.IGNORED:
            # Nothing waits for this any more, and nobody shall try again.
            self._tools.errands.begin("tidy", self._tidy(press, action))

    async def _open_form(self, press: ButtonPress, action: str, team: str) -> None:
        element, box = press.actions[0], press.container
        meaning = read_form_value(element.chosen)
        if meaning is None or not press.trigger_id:
            _log.warning("slack_form_unreadable", action=action)
            return
        purpose = Purpose(
            channel=box.channel_id,
            message=box.message_ts,
            thread=press.thread_ts,
            action=action,
            value=meaning.value,
            label=element.label,
        )
        view = to_modal(meaning.form, callback_id=FORM_CALLBACK, purpose=purpose)
        try:
            async with asyncio.timeout(FORM_SECONDS):
                await open_modal(self._tools, press.trigger_id, view)
        except (PlatformError, TimeoutError) as error:
            _log.warning("slack_form_not_opened", reason=str(error) or type(error).__name__)
            kind = self._tools.directory.kind_of(box.channel_id) or "channel"
            place = self._place(press, kind, team)
            self._tools.errands.begin("whisper", self._whisper(place, press.user.id, _AGAIN))

    async def _whisper(self, place: Place, user: str, text: str) -> None:
        await self._tools.whispers.post(place.session, user, text)

    async def _tidy(self, press: ButtonPress, action: str) -> None:
        """Take the buttons of a question away that is decided or out of date."""
        message, box = press.message, press.container
        left = None if message is None or box.is_ephemeral else without_action(message.blocks, action)
        if left is None or message is None:
            return
        with platform_errors("chat.update"):
            await self._tools.client.chat_update(
                channel=box.channel_id, ts=box.message_ts, text=message.text or " ", blocks=left
            )

    def _place(self, press: ButtonPress, kind: str, team: str) -> Place:
        box = press.container
        return self._tools.places.of(box.channel_id, box.message_ts, press.thread_ts, kind, team=team)

    def _arrival(self, channel: str, user: str, rank: Any) -> Arrival:
        return Arrival(channel=channel, rank=rank, people=(user,), kind=self._tools.directory.kind_of(channel))


async def open_modal(tools: ControlTools, trigger: str, view: Mapping[str, object]) -> None:
    """Open a modal for who has just done something.

    https://docs.slack.dev/reference/methods/views.open/

    Args:
        tools: What it is opened with.
        trigger: The ``trigger_id`` of what they did; it works once, for three seconds.
        view: The modal.

    Raises:
        PlatformError: As ``platform_errors`` says.
    """
    with platform_errors("views.open"):
        await tools.client.views_open(trigger_id=trigger, view=dict(view))
