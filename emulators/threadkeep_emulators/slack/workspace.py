"""One workspace, as a test or a demo sets it up."""

import re

from .grants import revoke
from .interactions import Interactions
from .organisations import unite
from .people import OtherBot, Person
from .places import Conversation
from .records import Bot, Channel, Organisation, StoredFile, Team, User
from .world import World


class Workspace:
    """Hold a workspace with the app installed: make people and channels here."""

    def __init__(self, world: World, team: Team, interactions: Interactions) -> None:
        self._world = world
        self._team = team
        self._interactions = interactions
        self._people: dict[str, Person] = {}
        self._channels: dict[str, Conversation] = {}

    @property
    def team(self) -> Team:
        """Give the record behind the workspace, for switches such as ``scopes`` and ``edit_window``."""
        return self._team

    @property
    def id(self) -> str:
        """Give the team id."""
        return self._team.id

    @property
    def bot_token(self) -> str:
        """Give the app's bot token (xoxb-...) in this workspace."""
        return self._team.bot_token

    @property
    def bot(self) -> OtherBot:
        """Give the app's own bot, for its mention and its ids."""
        return OtherBot(self._world, self._team, self._team.bot)

    @property
    def people(self) -> list[Person]:
        """Give everybody made so far."""
        return list(self._people.values())

    @property
    def conversations(self) -> list[Conversation]:
        """Give all channels and direct conversations."""
        return [Conversation(self._world, self._team, channel) for channel in self._team.channels.values()]

    def user(self, name: str) -> Person:
        """Give the person of that name, who enters the workspace at the first call."""
        if name not in self._people:
            known = self._colleague(name)
            user = known or User(
                id=self._world.ids.entity("U"),
                name=_handle(name),
                display_name=name,
                email=f"{_handle(name)}@{self._team.domain}.example",
            )
            self._team.users[user.id] = user
            self._people[name] = Person(self._world, self._team, user, self._interactions)
        return self._people[name]

    def _colleague(self, name: str) -> User | None:
        """Find who is known in another workspace of the organisation."""
        people = () if self._team.organisation is None else self._team.users.values()
        return next((user for user in people if user.display_name == name and not user.is_bot), None)

    def stranger(self, name: str, *, team_id: str) -> Person:
        """Add somebody of another organisation, whom channels shared over Slack Connect bring in.

        users.info does not know them; their messages bring their profile along.

        Args:
            name: The name.
            team_id: The workspace where they are at home.
        """
        user = User(id=self._world.ids.entity("U"), name=_handle(name), display_name=name)
        self._team.strangers[user.id] = (user, team_id)
        return Person(self._world, self._team, user, self._interactions)

    def usergroup(self, handle: str, *members: Person) -> str:
        """Add a group of users, and give what people type to mention it.

        Args:
            handle: What stands behind the ``@``.
            members: Who is in it.
        """
        group = self._world.ids.entity("S")
        self._team.usergroups[group] = handle
        self._team.group_members[group] = [member.id for member in members]
        return f"<!subteam^{group}>"

    def channel(
        self, name: str, *, is_private: bool = False, has_bot: bool = True, channel_id: str | None = None
    ) -> Conversation:
        """Give the channel of that name, which is made at the first call.

        Args:
            name: The name without ``#``.
            is_private: Whether only members see it.
            has_bot: Whether the app is a member from the start.
            channel_id: An id of the caller's choice, to let ids of two workspaces collide.
        """
        if name not in self._channels:
            channel = Channel(
                id=channel_id or self._world.ids.entity("C"),
                name=name,
                kind="group" if is_private else "channel",
                creator=self._team.bot_user,
                created=int(self._world.clock()),
                members=[self._team.bot_user] if has_bot else [],
            )
            self._team.channels[channel.id] = channel
            self._channels[name] = Conversation(self._world, self._team, channel)
        return self._channels[name]

    def group(self, *people: Person) -> Conversation:
        """Give the group conversation of some people and the app."""
        members = {person.id for person in people} | {self._team.bot_user}
        if len(members) < 3:
            raise ValueError("a group conversation needs two people besides the app; use `person.direct` for one")
        channel, _ = self._world.open_direct(self._team, members)
        return Conversation(self._world, self._team, channel)

    def conversation(self, channel_id: str) -> Conversation:
        """Give a conversation by its id.

        Raises:
            KeyError: If there is none.
        """
        return Conversation(self._world, self._team, self._team.channels[channel_id])

    def other_bot(self, name: str) -> OtherBot:
        """Add another app's bot to the workspace."""
        user = User(id=self._world.ids.entity("U"), name=_handle(name), display_name=name, is_bot=True)
        bot = Bot(id=self._world.ids.entity("B"), app_id=self._world.ids.entity("A"), user_id=user.id, name=name)
        self._team.users[user.id] = user
        self._team.bots[bot.id] = bot
        return OtherBot(self._world, self._team, bot)

    def file(self, name: str, content: bytes, *, mimetype: str, owner: Person) -> StoredFile:
        """Upload a file, to be shared with a message."""
        file = StoredFile(
            id=self._world.ids.entity("F"),
            name=name,
            mimetype=mimetype,
            content=content,
            user=owner.id,
            created=int(self._world.clock()),
        )
        self._team.files[file.id] = file
        return file

    def unites(self, name: str, *others: "Workspace") -> Organisation:
        """Make an organisation of this workspace and others, for all of which the app is installed at once."""
        organisation = Organisation(id=self._world.ids.entity("E"), name=name)
        unite(organisation, [self._team, *(other.team for other in others)])
        return organisation

    def revoke_token(self) -> None:
        """Revoke the bot token, as an administrator who removes the app does."""
        revoke(self._world, self._team, is_uninstall=True)


def install(world: World, name: str, *, team_id: str | None, bot_name: str) -> Team:
    """Make a workspace and install the app in it."""
    ids = world.ids
    user = User(id=ids.entity("U"), name=_handle(bot_name), display_name=bot_name, is_bot=True)
    bot = Bot(id=ids.entity("B"), app_id=world.app.id, user_id=user.id, name=bot_name)
    team = Team(
        id=team_id or ids.entity("T"),
        name=name,
        domain=_handle(name),
        bot=bot,
        bot_token=ids.token("xoxb"),
        scopes=set(world.app.scopes),
        users={user.id: user},
        bots={bot.id: bot},
    )
    world.teams[team.id] = team
    return team


def _handle(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "someone"
