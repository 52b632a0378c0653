"""What a message says to the bot: words to be answered, or that it should stop."""

from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import Addressing, MessageReceived, StopRequested
from threadkeep_slack.inbound.events import place_of, to_event
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.workspace import Workspace

_STOP_WORDS: Final = frozenset({"/stop", "!stop"})


def hear(
    message: SlackMessage,
    *,
    kind: str,
    team: str,
    addressing: Addressing,
    workspace: Workspace,
    names: Mapping[str, str],
    is_agent_view: bool,
) -> MessageReceived | StopRequested:
    """Put what a person said into the core's vocabulary.

    Args:
        message: The message; it has a user.
        kind: The kind of its conversation.
        team: The workspace under which it is kept.
        addressing: To whom it is said.
        workspace: The bot's installation.
        names: Names of people by id, as far as known.
        is_agent_view: Whether direct messages are threads.
    """
    place = place_of(message, kind, team=team, is_agent_view=is_agent_view)
    event = to_event(message, place=place, addressing=addressing, workspace=workspace, names=names)
    if event.text in _STOP_WORDS:
        return StopRequested(key=event.key, place=event.place, user=event.user, speaker=event.speaker)
    return event
