"""One workspace in which the app is installed: its client, its names, its pace, and the way of its events."""

from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import SharedState, Sink
from threadkeep.chat.home import HomeDesk
from threadkeep_slack.agent_view.desk import AgentDesk, AgentRooms
from threadkeep_slack.agent_view.opening import Installation, open_rooms
from threadkeep_slack.agent_view.titles import Titles
from threadkeep_slack.controls.answer_urls import AnswerUrls
from threadkeep_slack.controls.opening import controls_of
from threadkeep_slack.controls.private_replies import PrivateReplies
from threadkeep_slack.controls.whispers import Whispers
from threadkeep_slack.home.notes import WorkspaceNotes
from threadkeep_slack.inbound.bots import Hearing
from threadkeep_slack.inbound.catch_up import History
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.hand_over import HandOver
from threadkeep_slack.inbound.intake import Intake
from threadkeep_slack.inbound.overlap import Overlap
from threadkeep_slack.inbound.participants import Participants
from threadkeep_slack.inbound.said_before import Recollection
from threadkeep_slack.replies.opening import ReplyDesk
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.rights import RightsDesk
from threadkeep_slack.settings import SlackSettings
from threadkeep_slack.talk import AllowedMentions
from threadkeep_slack.web_api import new_client
from threadkeep_slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """All that belongs to one installation of the app. Nothing in it is shared with another one.

    Attributes:
        client: Calls Slack with the token of this installation; the token changes in place when it is renewed.
        workspace: Who the bot is there.
        directory: What people and conversations are called there.
        history: Reads what was missed there.
        recollection: Reads what was said there before the bot was called.
        participants: Who spoke there, if the model may mention them.
        pacing: How often Slack lets replies change there.
        replies: Opens the replies there.
        private: Opens those that one person alone may see.
        whispers: Tells people what others do not see.
        rights: Asks what people may do there.
        rooms: What it needs for Slack's agent features.
        titles: Names the conversations there.
        intake: Takes its events; None where the process takes none.
    """

    client: AsyncWebClient
    workspace: Workspace
    directory: Directory
    history: History
    recollection: Recollection
    participants: Participants | None
    pacing: Pacing
    replies: ReplyDesk
    private: PrivateReplies
    whispers: Whispers
    rights: RightsDesk
    rooms: AgentRooms
    titles: Titles
    intake: Intake | None

    async def aclose(self) -> None:
        """End what runs for it."""
        await self.rooms.errands.aclose()
        await self.directory.aclose()
        await self.pacing.aclose()


class BranchMaker:
    """Makes branches, all on one HTTP session.

    Args:
        settings: How the app is connected.
        session: The session of all calls.
        sink: Takes the events; None where the process takes none.
        shared: What the processes of the bot share; None if this one is alone.
        notes: How the bot is set up in workspaces; kept as long as the process lives if not given.
        home: Where a person's page is asked for; None if there is no store.

    Attributes:
        overlap: How many sockets events come over.
    """

    def __init__(
        self,
        settings: SlackSettings,
        session: aiohttp.ClientSession,
        sink: Sink | None,
        shared: SharedState | None = None,
        *,
        notes: WorkspaceNotes | None = None,
        home: HomeDesk | None = None,
    ) -> None:
        self._shared: Final = shared
        self._notes: Final = notes or WorkspaceNotes(None, None)
        self._home: Final = home
        self._settings: Final = settings
        self._session: Final = session
        self._sink: Final = sink
        self.overlap: Final = Overlap()

    @property
    def takes_events(self) -> bool:
        """Whether this process takes events."""
        return self._sink is not None

    def client(self, token: str | None) -> AsyncWebClient:
        """Build a client with a token of a workspace, or without one for calls that need none."""
        return new_client(self._settings, self._session, token=token)

    def make(self, client: AsyncWebClient, workspace: Workspace) -> Branch:
        """Build the branch of a workspace around its client."""
        directory = Directory(client)
        pacing = Pacing(self._shared, workspace=workspace.team)
        hearing = Hearing(self._settings.allowed_bots)
        may_mention = self._settings.allowed_mentions is AllowedMentions.PARTICIPANTS
        participants = Participants() if may_mention else None
        of = Installation(client=client, workspace=workspace, directory=directory, pacing=pacing)
        rooms, titles = open_rooms(of, self._settings, shared=self._shared, notes=self._notes, home=self._home)
        desk = AgentDesk(rooms)
        urls, whispers = AnswerUrls(self._shared), Whispers(client)
        return Branch(
            private=PrivateReplies(whispers, urls),
            whispers=whispers,
            rights=RightsDesk(client, workspace),
            client=client,
            workspace=workspace,
            directory=directory,
            history=History(
                client,
                workspace=workspace,
                directory=directory,
                is_threaded=rooms.directs.is_threaded,
                answer_when=desk.answer_when,
                hearing=hearing,
            ),
            recollection=Recollection(client, workspace=workspace, directory=directory),
            participants=participants,
            pacing=pacing,
            replies=ReplyDesk(
                client,
                pacing=pacing,
                bot_user=workspace.bot_user,
                streams=self._settings.streams,
                statuses=rooms.statuses,
                homes=directory.homes,
            ),
            rooms=rooms,
            titles=titles,
            intake=None
            if self._sink is None
            else Intake(
                self._hand_over(self._sink, directory),
                workspace=workspace,
                directory=directory,
                desk=desk,
                open_controls=controls_of(
                    of, rooms, urls=urls, whispers=whispers, shared=self._shared, prefix=self._settings.command
                ),
                hearing=hearing,
                participants=participants,
            ),
        )

    def _hand_over(self, sink: Sink, directory: Directory) -> HandOver:
        return HandOver(sink, directory, overlap=self.overlap)


class Branches(Protocol):
    """Finds the branch of a workspace."""

    @property
    def description(self) -> str:
        """Say for the operator where the app is installed."""
        ...

    def ready(self, team: str) -> Branch | None:
        """Give the branch under which a workspace's conversations are kept, if it can be told without waiting."""
        ...

    async def find(self, team: str) -> Branch:
        """Give the branch under which a workspace's conversations are kept, with a token that works.

        Raises:
            PlatformAuthError: The app is not installed there any more, or must be installed again.
            PlatformUnavailableError: The installation cannot be read, or Slack is not reached to renew the token.
        """
        ...

    async def aclose(self) -> None:
        """Close all branches."""
        ...


class OneBranch:
    """The installation whose token was given: every place is in it."""

    def __init__(self, branch: Branch) -> None:
        self.branch: Final = branch

    @property
    def description(self) -> str:
        """Name workspace and bot."""
        workspace = self.branch.workspace
        return f"workspace {workspace.team_name} as @{workspace.bot_name}"

    def ready(self, team: str) -> Branch | None:  # noqa: ARG002 - the port asks for it
        """Give the branch."""
        return self.branch

    async def find(self, team: str) -> Branch:  # noqa: ARG002 - the port asks for it
        """Give the branch."""
        return self.branch

    async def aclose(self) -> None:
        """Close the branch."""
        await self.branch.aclose()
