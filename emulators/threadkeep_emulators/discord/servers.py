"""Guilds as a test or demo builds them: with channels, forums, roles and members."""

from collections.abc import Iterable, Sequence

from .flags import NO_PERMISSIONS, ChannelKind, Permission
from .gateway.events import channel_changed, member_added, role_created
from .ids import Snowflake
from .model import ChannelState, GuildState, Member, Overwrite, Role, User
from .people import Person
from .places import Channel
from .realm import Realm


class Guild:
    """Build and change one server."""

    def __init__(self, realm: Realm, state: GuildState) -> None:
        self._realm = realm
        self.state = state

    def __repr__(self) -> str:
        return f"<Guild {self.name} {self.id}>"

    @property
    def id(self) -> Snowflake:
        """Give the guild's id."""
        return self.state.id

    @property
    def name(self) -> str:
        """Give the guild's name."""
        return self.state.name

    def channel(
        self,
        name: str,
        *,
        topic: str | None = None,
        denied: Permission = NO_PERMISSIONS,
        category: Channel | None = None,
    ) -> Channel:
        """Give the text channel of this name, made at its first use.

        Args:
            name: The channel's name.
            topic: Its topic, when it is made.
            denied: What nobody may do in it, the bot included, when it is made.
            category: What it stands under, when it is made.
        """
        return self._channel(name, ChannelKind.TEXT, topic, denied, category)

    def voice(self, name: str) -> Channel:
        """Give the voice channel of this name, made at its first use; people write in it as well."""
        return self._channel(name, ChannelKind.VOICE, None, NO_PERMISSIONS)

    def stage(self, name: str) -> Channel:
        """Give the stage channel of this name, made at its first use; people write in it as well."""
        return self._channel(name, ChannelKind.STAGE, None, NO_PERMISSIONS)

    def announcements(self, name: str) -> Channel:
        """Give the announcement channel of this name, made at its first use."""
        return self._channel(name, ChannelKind.ANNOUNCEMENT, None, NO_PERMISSIONS)

    def category(self, name: str) -> Channel:
        """Give the category of this name, made at its first use; channels stand under it."""
        return self._channel(name, ChannelKind.CATEGORY, None, NO_PERMISSIONS)

    def forum(self, name: str) -> Channel:
        """Give the forum of this name, made at its first use."""
        return self._channel(name, ChannelKind.FORUM, None, NO_PERMISSIONS)

    def media(self, name: str) -> Channel:
        """Give the media channel of this name, made at its first use: a forum for posts with pictures."""
        return self._channel(name, ChannelKind.MEDIA, None, NO_PERMISSIONS)

    def role(
        self,
        name: str,
        *,
        permissions: Permission = NO_PERMISSIONS,
        is_mentionable: bool = False,
        members: Iterable[Person] = (),
    ) -> Role:
        """Make a role and give it to members."""
        role = Role(
            id=self._realm.ids.snowflake(),
            name=name,
            permissions=permissions,
            position=len(self.state.roles),
            is_mentionable=is_mentionable,
        )
        self.state.roles[role.id] = role
        self._realm.tell(role_created(self.state, role))
        for person in members:
            self.give(person.user, role)
        return role

    def give(self, user: User, role: Role) -> None:
        """Give a member a role; the bot is ``discord.bot.user``."""
        before = self.state.members[user.id]
        self.state.members[user.id] = Member(
            user=user,
            joined_at=before.joined_at,
            nick=before.nick,
            role_ids=(*before.role_ids, role.id),
        )

    def join(self, person: Person, *, nick: str | None = None, roles: Sequence[Role] = ()) -> Member:
        """Let somebody in, or change a member's name and roles."""
        member = Member(
            user=person.user,
            joined_at=self._realm.clock(),
            nick=nick,
            role_ids=tuple(role.id for role in roles),
        )
        is_new = person.id not in self.state.members
        self.state.members[person.id] = member
        if is_new:
            self._realm.tell(member_added(self.state, member))
        return member

    def _channel(
        self, name: str, kind: ChannelKind, topic: str | None, denied: Permission, category: Channel | None = None
    ) -> Channel:
        for known in self.state.channels.values():
            if known.name == name and known.kind is kind:
                return Channel(self._realm, known)
        state = ChannelState(
            id=self._realm.ids.snowflake(),
            kind=kind,
            name=name,
            guild_id=self.id,
            parent_id=None if category is None else category.id,
            position=len(self.state.channels),
            topic=topic,
            overwrites={self.id: Overwrite(denied=denied)} if denied else {},
        )
        self._realm.world.add_channel(state)
        self._realm.tell(channel_changed(self._realm.world, state, "CREATE"))
        return Channel(self._realm, state)
