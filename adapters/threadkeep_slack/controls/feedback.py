"""What people think of answers: by a thumb on them, or by the two buttons under them."""

from collections.abc import Mapping
from typing import Final

import structlog

from threadkeep.chat.events import FeedbackGiven
from threadkeep_slack.controls.presses import Rating, judged_by_press, judged_by_reaction, rating_of
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.inbound.control_payloads import ButtonPress, Reaction, ReactionEnvelope
from threadkeep_slack.inbound.hand_over import Arrival, Findings
from threadkeep_slack.inbound.reading import read_envelope
from threadkeep_slack.inbound.turns import rank_of

_log = structlog.get_logger(__name__)


class FeedbackDesk:
    """Hands to the sink what people think of the bot's answers.

    Args:
        tools: What it works with.
    """

    def __init__(self, tools: ControlTools) -> None:
        self._tools: Final = tools

    async def on_reaction(self, body: Mapping[str, object]) -> None:
        """Take a ``reaction_added`` or ``reaction_removed`` event: a thumb on a message of the bot.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        workspace = self._tools.workspace
        found = read_envelope(ReactionEnvelope, body, workspace)
        if found is None:
            return
        envelope, team = found
        reaction = envelope.event
        rating = rating_of(reaction)
        if rating is None or reaction.item_user != workspace.bot_user or reaction.user == workspace.bot_user:
            return
        item = reaction.item
        arrival = Arrival(
            channel=item.channel,
            rank=rank_of(reaction.event_ts),
            people=(),
            kind=self._tools.directory.kind_of(item.channel),
            item=item.ts,
        )
        await self._tools.hand_over.put(arrival, lambda findings: self._judge(reaction, rating, findings, team))

    async def on_press(self, press: ButtonPress, team: str) -> None:
        """Take the press of a feedback button.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        box = press.container

        def write(findings: Findings) -> FeedbackGiven | None:
            place = self._tools.places.of(box.channel_id, box.message_ts, press.thread_ts, findings.kind, team=team)
            return judged_by_press(press, place, workspace=self._tools.workspace)

        arrival = Arrival(
            channel=box.channel_id,
            rank=rank_of(press.actions[0].action_ts),
            people=(),
            kind=self._tools.directory.kind_of(box.channel_id),
        )
        await self._tools.hand_over.put(arrival, write)

    def _judge(self, reaction: Reaction, rating: Rating, findings: Findings, team: str) -> FeedbackGiven | None:
        if findings.thread is None:
            _log.info("slack_feedback_without_a_place", channel=reaction.item.channel)
            return None
        item = reaction.item
        place = self._tools.places.of(item.channel, item.ts, findings.thread or None, findings.kind, team=team)
        return judged_by_reaction(reaction, rating, place, workspace=self._tools.workspace)
