"""The emulator itself: a local Discord on a loopback port."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from threadkeep_emulators.faults import Faults

from .cdn import TEMPLATE, Cdn, expire_links
from .changes import Bell
from .desk import Desk
from .flags import EVERYONE_PERMISSIONS, NO_INTENTS, Intent
from .gateway.control import GatewayControl
from .gateway.events import guild_joined
from .gateway.hub import Gateway, GatewayRules
from .gateway.starts import StartRules
from .guests import group_channel
from .ids import Clock, IdSource, Snowflake
from .interactions import Interactions
from .menus import CHAT_INPUT
from .model import Application, GuildState, Member, PingRecord, Role, User
from .people import Person
from .places import Channel
from .posting import Posting
from .realm import Realm
from .rest.limits import RateLimits
from .rest.log import CallLog
from .rest.server import PREFIX, RestApi
from .servers import Guild
from .threads import Threads
from .webhooks import Webhook
from .world import World

_REGISTERED_AT = 1_735_689_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Be what an emulator is told at its start.

    Attributes:
        privileged_intents: What is enabled for the application; a session may ask for no other.
        enforce_rate_limits: Whether calls beyond the limits are refused with 429.
        heartbeat_interval: Seconds between heartbeats, as HELLO asks for them.
        resume_window: Seconds for which a lost session can be resumed.
        interaction_deadline: Seconds for the first answer to an interaction.
        session_starts: How often gateway sessions may be begun, and how large a shard may be.
    """

    privileged_intents: Intent = NO_INTENTS
    enforce_rate_limits: bool = False
    heartbeat_interval: float = 41.25
    resume_window: float = 180.0
    interaction_deadline: float = 3.0
    session_starts: StartRules = field(default_factory=StartRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Be the application's bot, as its developer knows it."""

    user: User
    token: str
    application_id: Snowflake

    @property
    def id(self) -> Snowflake:
        """Give the bot's user id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """Give the text that mentions the bot."""
        return self.user.mention


class DiscordEmulator:
    """Serve Discord's HTTP API, gateway and file host on a loopback port.

    Use it as an async context manager; build guilds and people before or after clients connect.
    """

    def __init__(
        self,
        *,
        clock: Clock = time.time,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        settings: Settings | None = None,
        bot_name: str = "keeper",
    ) -> None:
        settings = settings or Settings()
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.faults = Faults()
        self.calls = CallLog()
        ids = IdSource(clock=clock, seed=seed)
        bell = Bell()
        # An application is older than all that happens, and the same whenever an emulator of this seed is started.
        world = World(application=_application(IdSource(clock=lambda: _REGISTERED_AT, seed=seed), bot_name))
        gateway = Gateway(
            world,
            ids=ids,
            clock=clock,
            bell=bell,
            faults=self.faults,
            rules=GatewayRules(
                enabled=settings.privileged_intents,
                heartbeat_interval=settings.heartbeat_interval,
                resume_window=settings.resume_window,
                starts=settings.session_starts,
            ),
        )
        self._realm = Realm(
            world=world,
            ids=ids,
            clock=clock,
            bell=bell,
            gateway=gateway,
            faults=self.faults,
            enabled_intents=settings.privileged_intents,
        )
        posting = Posting(self._realm)
        self._desk = Desk(
            realm=self._realm,
            posting=posting,
            threads=Threads(self._realm, posting),
            interactions=Interactions(self._realm, posting, deadline=settings.interaction_deadline),
        )
        self._limits = RateLimits(clock=clock, is_enforced=settings.enforce_rate_limits)
        self.gateway = GatewayControl(gateway, bell)
        world.users[world.application.bot.id] = world.application.bot
        world.users[world.application.owner.id] = world.application.owner

    async def __aenter__(self) -> Self:
        app = RestApi(self._desk, limits=self._limits, log=self.calls).application()
        app.router.add_get("/gateway", self._realm.gateway.serve)
        app.router.add_get(TEMPLATE, Cdn(self._realm).serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        self._realm.base_url = f"http://{self._host}:{self._port}"
        self._realm.gateway.url = self.gateway_url
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.gateway.is_accepting = False
        self._realm.gateway.cut_all()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Give the address of the whole emulator."""
        return self._realm.base_url

    @property
    def api_url(self) -> str:
        """Give the address that stands for https://discord.com/api/v10."""
        return f"{self._realm.base_url}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Give the address that stands for wss://gateway.discord.gg."""
        return f"ws://{self._host}:{self._port}/gateway"

    @property
    def bot(self) -> Bot:
        """Give the bot with its token."""
        application = self._realm.application
        return Bot(user=application.bot, token=application.token, application_id=application.id)

    @property
    def pings(self) -> tuple[PingRecord, ...]:
        """Give who was notified by which message, oldest first; messages that pinged nobody are not in it."""
        return tuple(self._realm.world.pings)

    @property
    def commands(self) -> tuple[str, ...]:
        """Give the names of the slash commands that are registered everywhere."""
        known = self._realm.world.commands.get(None, ())
        return tuple(str(command["name"]) for command in known if command["type"] == CHAT_INPUT)

    def guild(self, name: str, *, members: Iterable[Person] | None = None, has_bot: bool = True) -> Guild:
        """Make a guild.

        Args:
            name: The guild's name.
            members: Who is in it; everyone there is if left out.
            has_bot: Whether the bot is in it too. Where it is not, people can still bring it along.
        """
        realm = self._realm
        now = realm.clock()
        guild_id = realm.ids.snowflake()
        everyone = Role(id=guild_id, name="@everyone", permissions=EVERYONE_PERMISSIONS, position=0)
        owner = realm.application.owner
        people = realm.world.users.values() if members is None else (person.user for person in members)
        joined = {user.id: user for user in (owner, realm.bot, *people) if has_bot or user != realm.bot}
        state = GuildState(
            id=guild_id,
            name=name,
            owner_id=owner.id,
            created_at=now,
            roles={guild_id: everyone},
            members={user_id: Member(user=user, joined_at=now) for user_id, user in joined.items()},
        )
        realm.world.guilds[guild_id] = state
        realm.tell(guild_joined(realm.world, state))
        return Guild(realm, state)

    def user(
        self,
        name: str,
        *,
        nick: str | None = None,
        guilds: Iterable[Guild] | None = None,
        is_bot: bool = False,
    ) -> Person:
        """Make an account.

        Args:
            name: The display name; the user name is the same in lower case.
            nick: The name that it goes by in its guilds.
            guilds: Which guilds it joins; all there are if left out.
            is_bot: Whether it is another application's bot.
        """
        realm = self._realm
        user = User(
            id=realm.ids.snowflake(),
            name=name.lower().replace(" ", "_"),
            display_name=name,
            is_bot=is_bot,
        )
        realm.world.users[user.id] = user
        person = Person(self._desk, user)
        everywhere = [Guild(realm, state) for state in realm.world.guilds.values()]
        for guild in everywhere if guilds is None else guilds:
            guild.join(person, nick=nick)
        return person

    def group(self, name: str, *, members: Iterable[Person]) -> Channel:
        """Make a group message between people; they can bring the bot along, which never is in it."""
        realm = self._realm
        state = group_channel(realm.ids.snowflake(), name, [person.user for person in members])
        realm.world.add_channel(state)
        return Channel(realm, state)

    def webhook(self, channel: Channel, name: str) -> Webhook:
        """Make a webhook that posts into a channel."""
        return Webhook(self._desk, channel, name)

    def expire_links(self) -> None:
        """Let the addresses of all files expire now, which they otherwise do after a day."""
        expire_links(self._realm)

    def channel(self, channel_id: int) -> Channel:
        """Give a channel, thread or direct message by its id.

        Raises:
            ApiError: 10003, Unknown Channel.
        """
        return Channel(self._realm, self._realm.world.channel(Snowflake(channel_id)))


def _application(ids: IdSource, bot_name: str) -> Application:
    owner = User(id=ids.snowflake(), name="owner", display_name="Owner")
    bot = User(id=ids.snowflake(), name=bot_name, is_bot=True)
    return Application(
        # The first bots had an id of their own; today it is the application's.
        id=bot.id,
        name=bot_name,
        bot=bot,
        owner=owner,
        token=f"{ids.token(24)}.{ids.token(6)}.{ids.token(38)}",
        verify_key=ids.session() + ids.session(),
    )
