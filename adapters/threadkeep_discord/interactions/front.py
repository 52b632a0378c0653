"""All that an adapter needs for interactions, from its start to its stop."""

import asyncio
from collections.abc import Callable, Sequence

import discord

from threadkeep.chat.adapter import ReplyRequest, SharedState
from threadkeep.chat.commands import Command
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.posting import Poster
from threadkeep.sessions import UserKey
from threadkeep_discord.bodies import MessageBodies
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.interactions.calls import InteractionCalls
from threadkeep_discord.interactions.commands import list_commands
from threadkeep_discord.interactions.desk import InteractionDesk
from threadkeep_discord.interactions.forms import KeepingForms
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.interactions.notes import InteractionNotes
from threadkeep_discord.interactions.poster import DirectPoster, InteractionPoster, tell_directly


class InteractionFront:
    """Keep together what answers interactions.

    Args:
        client: Gives the connected client; raises ``PlatformUnavailableError`` when there is none.
        api_url: The base URL of the API; None for Discord's.
        shared: What the processes of the bot share.
        commands: The bot's commands; None where slash commands are none of ours.
        plain: Makes what posts a reply into its place.
        link_previews: Whether Discord may show previews of links.
    """

    def __init__(
        self,
        client: Callable[[], DiscordClient],
        *,
        api_url: str | None,
        shared: SharedState | None,
        commands: Sequence[Command] | None,
        plain: Callable[[ReplyRequest], Poster],
        link_previews: bool,
    ) -> None:
        self._client = client
        self._commands = commands
        self._plain = plain
        self._link_previews = link_previews
        self._calls = InteractionCalls(client, api_url=api_url)
        self._notes = InteractionNotes(shared, application_id=client().application_id or 0)
        self._listing: asyncio.Task[None] | None = None
        self.desk = InteractionDesk(self._calls, self._notes, commands)

    def begin_listing(self) -> None:
        """Let Discord list the commands, if they are ours to list."""
        if self._commands is not None:
            listing = list_commands(self._client(), self._commands)
            self._listing = asyncio.create_task(listing, name="threadkeep discord commands")

    def poster(self, request: ReplyRequest) -> Poster:
        """Give what posts a reply: into an interaction, to one person alone, or into the place."""
        asked = Asked.parse(request.place.reply_to)
        is_for_one = request.is_private and request.place.kind is not PlaceKind.DIRECT
        beyond = self._plain(request)
        if is_for_one:
            beyond = DirectPoster(request, client=self._client, make=self._plain)
        if asked is not None and asked.is_deferred:
            bodies = MessageBodies(self._allowed, has_previews=self._link_previews)
            beyond = InteractionPoster(
                request, asked, calls=self._calls, notes=self._notes, beyond=beyond, bodies=bodies
            )
        return KeepingForms(beyond, self._notes)

    async def whisper(self, place: Place, user: UserKey, text: str) -> None:
        """Show a text to one person only: under what they pressed, else in direct messages.

        Raises:
            PlatformError: It could not be shown.
        """
        if not await self.desk.whisper(int(place.session.channel), int(user.user), text):
            await tell_directly(self._client(), user, text)

    async def aclose(self) -> None:
        """Finish what is on its way, for some seconds at most."""
        if self._listing is not None:
            self._listing.cancel()
            await asyncio.wait({self._listing})
        await self.desk.aclose()
        await self._calls.aclose()

    def _allowed(self) -> discord.AllowedMentions:
        return self._client().allowed_mentions or discord.AllowedMentions.none()
