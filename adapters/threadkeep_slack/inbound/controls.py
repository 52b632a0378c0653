"""The way of a press, a reaction or a command to the sink."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import StopRequested
from threadkeep_slack.inbound.control_payloads import (
    ButtonPress,
    ReactionEnvelope,
    SessionStoppedEnvelope,
)
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.hand_over import Arrival, Findings, HandOver
from threadkeep_slack.inbound.reading import read, read_envelope
from threadkeep_slack.inbound.stops import is_stop_sign, stop_by_press, stop_by_reaction, stop_by_slack
from threadkeep_slack.inbound.turns import LAST, rank_of
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)


class Controls:
    """Hands to the sink what people ask of a run in progress.

    Args:
        hand_over: The way to the sink.
        workspace: The bot's installation.
        directory: What people and conversations are called.
        is_threaded: Tells whether a direct message of this time begins a thread; none does if not given.
        on_idle: Told of a thread in which Slack's stop button was pressed although nothing runs.
    """

    def __init__(
        self,
        hand_over: HandOver,
        *,
        workspace: Workspace,
        directory: Directory,
        is_threaded: Callable[[str], bool] = lambda _: False,
        on_idle: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._hand_over: Final = hand_over
        self._workspace: Final = workspace
        self._directory: Final = directory
        self._is_threaded: Final = is_threaded
        self._on_idle: Final = on_idle

    async def on_reaction(self, body: Mapping[str, object]) -> None:
        """Take a ``reaction_added`` event.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        event = body.get("event")
        if not isinstance(event, dict) or not is_stop_sign(str(event.get("reaction"))):
            return
        found = read_envelope(ReactionEnvelope, body, self._workspace)
        if found is None:
            return
        envelope, team = found
        reaction = envelope.event
        arrival = Arrival(
            channel=reaction.item.channel,
            rank=rank_of(reaction.event_ts),
            people=(reaction.user,),
            kind=self._directory.kind_of(reaction.item.channel),
            item=reaction.item.ts,
        )

        def write(findings: Findings) -> StopRequested | None:
            stop = stop_by_reaction(
                reaction,
                findings,
                team=team,
                workspace=self._workspace,
                is_agent_view=self._is_threaded(reaction.item.ts),
            )
            if stop is None:
                _log.warning("slack_stop_without_a_place", event_id=envelope.event_id)
            return stop

        await self._hand_over.put(arrival, write)

    async def on_session_stopped(self, body: Mapping[str, object]) -> None:
        """Take an ``agent_session_stopped`` event.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        found = read_envelope(SessionStoppedEnvelope, body, self._workspace)
        if found is None:
            return
        envelope, team = found
        stopped = envelope.event
        arrival = Arrival(
            channel=stopped.channel,
            rank=rank_of(stopped.event_ts) if stopped.event_ts else LAST,
            people=(stopped.user,),
            kind=self._directory.kind_of(stopped.channel),
        )
        acceptance = await self._hand_over.put(
            arrival, lambda findings: stop_by_slack(envelope, findings, team=team, workspace=self._workspace)
        )
        if acceptance is Acceptance.IGNORED and stopped.thread_ts is not None:
            self._on_idle(stopped.channel, stopped.thread_ts)

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take the press of a stop button.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        press = read(ButtonPress, body)
        if press is None:
            return
        team = self._workspace.team_pressed_in(*press.team_named(self._workspace.enterprise))
        if team is None:
            return
        arrival = Arrival(
            channel=press.container.channel_id,
            rank=rank_of(press.actions[0].action_ts),
            people=(press.user.id,),
            kind=self._directory.kind_of(press.container.channel_id),
        )
        await self._hand_over.put(
            arrival,
            lambda findings: stop_by_press(
                press,
                findings,
                team=team,
                workspace=self._workspace,
                is_agent_view=self._is_threaded(press.container.message_ts),
            ),
        )
