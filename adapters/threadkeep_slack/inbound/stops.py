"""The ways to ask for a stop other than saying so: a reaction, Slack's stop button, ours, a slash command.

Pure functions from Slack's payloads to the core's events.
"""

from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import Place, StopRequested
from threadkeep.sessions import MessageKey
from threadkeep_slack.inbound.control_payloads import ButtonPress, Reaction, SessionStoppedEnvelope, SlashCommand
from threadkeep_slack.inbound.events import PLATFORM, is_threaded, place_in, user_key
from threadkeep_slack.inbound.hand_over import Findings
from threadkeep_slack.workspace import Workspace

STOP_COMMAND: Final = "/stop"
"""The slash command, as the app's settings must spell it."""

_STOP_SIGNS: Final = frozenset({"octagonal_sign", "stop_sign"})


def is_stop_sign(reaction: str) -> bool:
    """Tell whether a reaction is a stop sign, in either of the names that it goes by."""
    return reaction in _STOP_SIGNS


def stop_by_reaction(
    reaction: Reaction, findings: Findings, *, team: str, workspace: Workspace, is_agent_view: bool
) -> StopRequested | None:
    """Give the stop that a reaction asks for; None if it is not known where its message stands."""
    if findings.thread is None:
        return None
    item = reaction.item
    thread = findings.thread or None
    if thread is None and is_threaded(findings.kind, is_agent_view=is_agent_view):
        thread = item.ts
    place = place_in(item.channel, thread, findings.kind, team=team, reply_to=item.ts)
    revision = f"stop:{reaction.user}:{reaction.event_ts}"
    return _stop(place, reaction.user, item.ts, revision, workspace=workspace, names=findings.names)


def stop_by_slack(
    envelope: SessionStoppedEnvelope, findings: Findings, *, team: str, workspace: Workspace
) -> StopRequested:
    """Give the stop that Slack's own button asks for."""
    stopped = envelope.event
    place = place_in(stopped.channel, stopped.thread_ts, findings.kind, team=team, reply_to=stopped.thread_ts)
    revision = f"stop:{stopped.user}:{stopped.event_ts or envelope.event_id}"
    message = stopped.thread_ts or "session"
    return _stop(place, stopped.user, message, revision, workspace=workspace, names=findings.names)


def stop_by_press(
    press: ButtonPress, findings: Findings, *, team: str, workspace: Workspace, is_agent_view: bool
) -> StopRequested:
    """Give the stop that our button asks for."""
    box = press.container
    thread = press.thread_ts
    if thread is None and is_threaded(findings.kind, is_agent_view=is_agent_view):
        thread = box.message_ts
    place = place_in(box.channel_id, thread, findings.kind, team=team, reply_to=box.message_ts)
    revision = f"stop:{press.user.id}:{press.actions[0].action_ts}"
    return _stop(place, press.user.id, box.message_ts, revision, workspace=workspace, names=findings.names)


def stop_by_command(
    command: SlashCommand, place: Place, names: Mapping[str, str], *, workspace: Workspace
) -> StopRequested:
    """Give the stop that a slash command asks for.

    Args:
        command: The command.
        place: The conversation that it means.
        names: Names of people by id, as far as known.
        workspace: The bot's installation.
    """
    revision = f"stop:{command.user_id}:{command.trigger_id}"
    return _stop(place, command.user_id, "command", revision, workspace=workspace, names=names)


def _stop(
    place: Place, user: str, message: str, revision: str, *, workspace: Workspace, names: Mapping[str, str]
) -> StopRequested:
    session = place.session
    return StopRequested(
        key=MessageKey(
            platform=PLATFORM,
            workspace=session.workspace,
            channel=session.channel,
            message=message,
            revision=revision,
        ),
        place=place,
        user=user_key(user, workspace),
        speaker=names.get(user) or user,
    )
