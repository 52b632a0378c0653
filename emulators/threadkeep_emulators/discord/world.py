"""Everything that exists on the emulated platform, and how to find it."""

from collections import deque
from dataclasses import dataclass, field

from .errors import unknown_channel, unknown_guild, unknown_member, unknown_message, unknown_user
from .ids import Snowflake
from .model import (
    Application,
    ChannelState,
    GuildState,
    Member,
    Message,
    Payload,
    PingRecord,
    Role,
    User,
)

_MOST_PING_RECORDS = 100_000


@dataclass(slots=True, kw_only=True)
class World:
    """Hold the guilds, channels and people that one application can meet."""

    application: Application
    users: dict[Snowflake, User] = field(default_factory=dict)
    guilds: dict[Snowflake, GuildState] = field(default_factory=dict)
    channels: dict[Snowflake, ChannelState] = field(default_factory=dict)
    commands: dict[Snowflake | None, list[Payload]] = field(default_factory=dict)
    pings: deque[PingRecord] = field(default_factory=lambda: deque(maxlen=_MOST_PING_RECORDS))

    def add_channel(self, channel: ChannelState) -> None:
        """Make a channel findable, in its guild too."""
        self.channels[channel.id] = channel
        if channel.guild_id is not None:
            self.guilds[channel.guild_id].channels[channel.id] = channel

    def remove_channel(self, channel: ChannelState) -> None:
        """Make a channel go away, with what stands in it."""
        del self.channels[channel.id]
        if channel.guild_id is not None:
            del self.guilds[channel.guild_id].channels[channel.id]

    def user(self, user_id: Snowflake) -> User:
        """Give an account.

        Raises:
            ApiError: 10013, Unknown User.
        """
        try:
            return self.users[user_id]
        except KeyError:
            raise unknown_user() from None

    def guild(self, guild_id: Snowflake) -> GuildState:
        """Give a guild.

        Raises:
            ApiError: 10004, Unknown Guild.
        """
        try:
            return self.guilds[guild_id]
        except KeyError:
            raise unknown_guild() from None

    def channel(self, channel_id: Snowflake) -> ChannelState:
        """Give a channel, thread or direct message.

        Raises:
            ApiError: 10003, Unknown Channel.
        """
        try:
            return self.channels[channel_id]
        except KeyError:
            raise unknown_channel() from None

    def message(self, channel_id: Snowflake, message_id: Snowflake) -> Message:
        """Give a message as it stands now.

        Raises:
            ApiError: 10003 or 10008, Unknown Channel or Unknown Message.
        """
        try:
            return self.channel(channel_id).messages[message_id]
        except KeyError:
            raise unknown_message() from None

    def member(self, guild_id: Snowflake, user_id: Snowflake) -> Member:
        """Give somebody's membership.

        Raises:
            ApiError: 10004 or 10007, Unknown Guild or Unknown Member.
        """
        try:
            return self.guild(guild_id).members[user_id]
        except KeyError:
            raise unknown_member() from None

    def guild_of(self, channel: ChannelState) -> GuildState | None:
        """Give the guild that a channel is in, if it is in one."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def direct_message(self, person: User) -> ChannelState | None:
        """Give the direct message between the bot and somebody, once it was opened."""
        for channel in self.channels.values():
            if channel.recipient is not None and channel.recipient.id == person.id:
                return channel
        return None

    def threads_of(self, guild: GuildState) -> list[ChannelState]:
        """Give the threads of a guild that are not archived, oldest first."""
        return [
            channel
            for channel in guild.channels.values()
            if channel.thread is not None and not channel.thread.is_archived
        ]

    def roles_of(self, guild: GuildState, user: User) -> list[Role]:
        """Give the roles of a member, everyone's role first."""
        member = guild.members.get(user.id)
        extra = () if member is None else member.role_ids
        return [guild.roles[guild.id], *(guild.roles[role_id] for role_id in extra)]
