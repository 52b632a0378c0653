"""Opening the control room of a workspace."""

from collections.abc import Callable

from threadkeep.chat.adapter import SharedState
from threadkeep_slack.agent_view.desk import AgentRooms
from threadkeep_slack.agent_view.opening import Installation
from threadkeep_slack.controls.answer_urls import AnswerUrls
from threadkeep_slack.controls.last_places import LastPlaces
from threadkeep_slack.controls.places import ControlPlaces
from threadkeep_slack.controls.room import ControlRoom
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.controls.whispers import Whispers
from threadkeep_slack.inbound.controls import Controls
from threadkeep_slack.inbound.hand_over import HandOver

OpenControls = Callable[[HandOver, Controls], ControlRoom]
"""Opens the control room, given the way to the sink and what takes stops."""


def controls_of(
    installation: Installation,
    rooms: AgentRooms,
    *,
    urls: AnswerUrls,
    whispers: Whispers,
    shared: SharedState | None,
    prefix: str | None,
) -> OpenControls:
    """Give what opens the control room of a workspace.

    Args:
        installation: The workspace.
        rooms: Its agent features.
        urls: Keeps where commands may be answered.
        whispers: Tells people what others do not see.
        shared: What the processes of the bot share; None if this one is alone.
        prefix: The one slash command of the app; None where each command of the bot has its own.
    """

    def open_room(hand_over: HandOver, stops: Controls) -> ControlRoom:
        tools = ControlTools(
            client=installation.client,
            hand_over=hand_over,
            workspace=installation.workspace,
            directory=installation.directory,
            places=ControlPlaces(rooms.directs.is_threaded),
            last_places=LastPlaces(installation.workspace.team, shared=shared, errands=rooms.errands),
            urls=urls,
            whispers=whispers,
            errands=rooms.errands,
        )
        return ControlRoom(tools, stops, prefix=prefix)

    return open_room
