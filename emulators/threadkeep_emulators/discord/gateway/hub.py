"""All gateway sessions of the application, and the way of an event to each of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aiohttp import web

from threadkeep_emulators.discord.changes import Bell
from threadkeep_emulators.discord.flags import Intent
from threadkeep_emulators.discord.ids import Clock, IdSource, Snowflake
from threadkeep_emulators.discord.model import Payload
from threadkeep_emulators.discord.permissions import can_see
from threadkeep_emulators.discord.render import application_payload, member_payload, user_payload
from threadkeep_emulators.discord.world import World
from threadkeep_emulators.faults import Fault, Faults

from .connection import Connection
from .events import Event, guild_available
from .handshake import CloseError, read_intents, read_shard
from .session import Session
from .starts import SessionStarts, StartRules
from .wire import Wire

_CHUNK = 1000
_STRIKES_DELIVERY = frozenset({"duplicate", "delay", "drop_before", "drop_after"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRules:
    """Be how the gateway treats its clients.

    Attributes:
        enabled: The privileged intents that are enabled for the application.
        heartbeat_interval: Seconds between heartbeats.
        resume_window: Seconds for which a lost session can be resumed.
        starts: How often sessions may be begun.
    """

    enabled: Intent
    heartbeat_interval: float
    resume_window: float
    starts: StartRules = field(default_factory=StartRules)


class Gateway:
    """Keep the sessions, and dispatch what happens to those that asked for it."""

    def __init__(
        self,
        world: World,
        *,
        ids: IdSource,
        clock: Clock,
        bell: Bell,
        faults: Faults,
        rules: GatewayRules,
    ) -> None:
        self._world = world
        self._ids = ids
        self._clock = clock
        self._bell = bell
        self._faults = faults
        self._enabled = rules.enabled
        self._interval = rules.heartbeat_interval
        self._resume_window = rules.resume_window
        self.starts = SessionStarts(rules=rules.starts, clock=clock)
        self.url = ""
        self.is_accepting = True
        self.identifies = 0
        self.resumes = 0
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []

    def publish(self, event: Event) -> None:
        """Dispatch an event to every session that wants it, if the bot can see the place."""
        bot = self._world.application.bot
        if event.channel is not None and not can_see(self._world, bot, event.channel):
            return
        if not event.is_for_guests and not self._is_member(event):
            return
        fault = self._take_fault(event.name)
        copies = 2 if fault is not None and fault.kind == "duplicate" else 1
        for session in self.sessions.values():
            if session.wants(event):
                payload = event.render(session.intents)
                for _ in range(copies):
                    session.deliver(event.name, payload, fault)

    def publish_all(self, events: Iterable[Event]) -> None:
        """Dispatch events one after the other."""
        for event in events:
            self.publish(event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Accept a client's WebSocket and speak with it until it ends."""
        if not self.is_accepting:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(
            self,
            socket,
            Wire(socket, request.transport, request.query),
            token=self._world.application.token,
            clock=self._clock,
            heartbeat_interval=self._interval,
        )
        self.connections.append(connection)
        self._bell.ring()
        await connection.run(request.query)
        return socket

    def identify(self, data: Payload) -> Session | None:
        """Open a session: READY with the guilds still unavailable, then each guild.

        Gives None where another session has begun too short a time ago.

        Raises:
            CloseError: What is asked for is refused, or too much for one shard.
        """
        intents = read_intents(data, self._enabled)
        session = Session(id=self._ids.session(), intents=intents, shard=read_shard(data))
        events = [guild_available(self._world, guild) for guild in self._world.guilds.values()]
        mine = [event for event in events if session.is_home_of(event) and self._is_member(event)]
        if len(mine) > self.starts.rules.guilds_per_shard:
            raise CloseError(4011, "Sharding required.")
        if not self.starts.left:
            self._reset_token()
            raise CloseError(4004, "Authentication failed.")
        if not self.starts.may_begin(session.shard[0]):
            return None
        self.identifies += 1
        self.sessions[session.id] = session
        mine = [event for event in mine if session.wants(event)]
        session.deliver("READY", self._ready(session, mine))
        for event in mine:
            session.deliver(event.name, event.render(intents))
        self._bell.ring()
        return session

    def resume(self, session_id: str, sequence: int) -> Session | None:
        """Give a session that was lost not too long ago.

        Raises:
            CloseError: 4007 when the client names a dispatch that it cannot have got.
        """
        session = self.sessions.get(session_id)
        if session is None or self._is_too_late(session) or not session.reaches_back_to(sequence):
            self.sessions.pop(session_id, None)
            return None
        if sequence > session.sequence:
            raise CloseError(4007, "Invalid seq.")
        for connection in self.connections:
            if connection.session is session:
                connection.wire.cut()
                connection.session = None
        self.resumes += 1
        self._bell.ring()
        return session

    def cut_all(self) -> None:
        """Cut every connection, as at the end."""
        for connection in self.connections:
            connection.wire.cut()

    def detach(self, connection: Connection, *, is_over: bool) -> None:
        """Note that a connection is gone, and its session too if the client ended it."""
        if connection in self.connections:
            self.connections.remove(connection)
        session = connection.session
        if session is not None:
            session.detached_at = self._clock()
            if is_over:
                self.sessions.pop(session.id, None)
        self._bell.ring()

    def request_members(self, session: Session, data: Payload) -> None:
        """Send the asked-for members of a guild in chunks.

        https://discord.com/developers/docs/events/gateway-events#request-guild-members
        """
        guild = self._world.guilds.get(Snowflake(int(data.get("guild_id") or 0)))
        if guild is None:
            return
        wanted = {str(one) for one in data.get("user_ids") or ()}
        query = data.get("query")
        is_all = query == "" and not data.get("limit")
        if is_all and Intent.GUILD_MEMBERS not in session.intents:
            raise CloseError(4014, "Disallowed intent(s).")
        found = [
            member
            for member in guild.members.values()
            if str(member.user.id) in wanted or (query is not None and member.user.name.startswith(query))
        ][: int(data.get("limit") or 0) or None]
        chunks = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)] or [[]]
        missing = wanted - {str(member.user.id) for member in found}
        for index, chunk in enumerate(chunks):
            payload: Payload = {
                "guild_id": str(guild.id),
                "members": [member_payload(member) for member in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": sorted(missing),
            }
            if "nonce" in data:
                payload["nonce"] = data["nonce"]
            session.deliver("GUILD_MEMBERS_CHUNK", payload)

    def _ready(self, session: Session, guilds: list[Event]) -> Payload:
        application = self._world.application
        flags = application_payload(application, self._enabled)["flags"]
        return {
            "v": 10,
            "user": user_payload(application.bot),
            "guilds": [{"id": str(event.guild_id), "unavailable": True} for event in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(application.id), "flags": flags},
            "private_channels": [],
            "session_type": "normal",
        }

    def _is_member(self, event: Event) -> bool:
        guild = None if event.guild_id is None else self._world.guilds.get(event.guild_id)
        return guild is None or self._world.application.bot.id in guild.members

    def _reset_token(self) -> None:
        """End every session and make the token worthless, as Discord does to who begins too many sessions in a day."""
        self._world.application = replace(self._world.application, token=self._ids.token())
        self.sessions.clear()
        for connection in self.connections:
            if connection.session is not None:
                connection.wire.cut()

    def _is_too_late(self, session: Session) -> bool:
        gone_since = session.detached_at
        return gone_since is not None and self._clock() - gone_since > self._resume_window

    def _take_fault(self, name: str) -> Fault | None:
        # A fault for all calls must not be spent on events: only one that names the event counts here.
        for fault in self._faults.pending:
            if fault.match == name and fault.kind in _STRIKES_DELIVERY:
                return self._faults.take(name)
        return None
