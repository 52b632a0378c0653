"""Where messages stand on Discord, as threadkeep's keys and places."""

from dataclasses import dataclass
from typing import Literal

import discord

from threadkeep.chat.events import Place, PlaceKind
from threadkeep.sessions import MessageKey, SessionKey

PLATFORM = "discord"
DIRECT_WORKSPACE = "@me"

ReplyIn = Literal["place", "thread"]
"""Where a question in a channel is answered: by a reply in the channel, or in a thread opened on it."""

MessageChannel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.GroupChannel
    | discord.PartialMessageable
)
"""A channel with messages; partial where nothing but its id is known."""

_CAN_HAVE_THREADS = {discord.ChannelType.text, discord.ChannelType.news}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one message stands.

    Attributes:
        guild_id: The server; None for a direct message.
        channel: The channel or thread.
        message_id: The message.
    """

    guild_id: int | None
    channel: MessageChannel
    message_id: int

    @property
    def workspace(self) -> str:
        """The workspace part of the keys."""
        return DIRECT_WORKSPACE if self.guild_id is None else str(self.guild_id)

    @property
    def kind(self) -> PlaceKind:
        """What kind of place the channel is."""
        if self.guild_id is None:
            return PlaceKind.DIRECT
        return PlaceKind.THREAD if isinstance(self.channel, discord.Thread) else PlaceKind.CHANNEL

    def key(self, revision: str | None = None) -> MessageKey:
        """Give the message's identity, or that of something that happened to it."""
        return MessageKey(
            platform=PLATFORM,
            workspace=self.workspace,
            channel=str(self.channel.id),
            message=str(self.message_id),
            revision=revision,
        )

    def place(self, *, has_own_thread: bool) -> Place:
        """Give where the message is answered.

        Args:
            has_own_thread: Whether a message in a channel is answered in a thread that is opened on it.
        """
        if has_own_thread and self.kind is PlaceKind.CHANNEL and self.channel.type in _CAN_HAVE_THREADS:
            # A thread that is opened on a message has the message's id, so its key is known before it is there:
            # https://discord.com/developers/docs/resources/channel#start-thread-from-message
            thread = SessionKey(platform=PLATFORM, workspace=self.workspace, channel=str(self.message_id))
            reply_to = f"{self.channel.id}/{self.message_id}"
            return Place(
                session=thread, kind=PlaceKind.THREAD, reply_to=reply_to, is_confidential=_is_confidential(self.channel)
            )
        session = SessionKey(platform=PLATFORM, workspace=self.workspace, channel=str(self.channel.id))
        is_confidential = self.kind is not PlaceKind.DIRECT and _is_confidential(self.channel)
        return Place(session=session, kind=self.kind, reply_to=str(self.message_id), is_confidential=is_confidential)


def spot_of(message: discord.Message) -> Spot:
    """Tell where a message stands."""
    return Spot(guild_id=_guild_of(message), channel=message.channel, message_id=message.id)


def _is_confidential(channel: MessageChannel) -> bool:
    """Tell whether not everybody in its server may read a channel; also where that cannot be known."""
    if isinstance(channel, discord.Thread):
        parent = channel.parent
        return channel.is_private() or parent is None or _is_hidden(parent)
    return isinstance(channel, discord.PartialMessageable | discord.GroupChannel | discord.DMChannel) or _is_hidden(
        channel
    )


def _is_hidden(channel: discord.abc.GuildChannel) -> bool:
    return not channel.permissions_for(channel.guild.default_role).view_channel


def _guild_of(message: discord.Message) -> int | None:
    if message.guild is not None:
        return message.guild.id
    # A server that is not known, as during an outage, leaves its id in the channel alone.
    return message.channel.guild_id if isinstance(message.channel, discord.PartialMessageable) else None
