"""The connection of one shard to the gateway: connect, listen, come back after every loss."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from threadkeep.errors import PlatformUnavailableError
from threadkeep_discord.arrivals import ARRIVALS, Arrival, report_skipped
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.refusals import gateway_refusal

_log = structlog.get_logger(__name__)

_FIRST_DELAY = 1.0
_LONGEST_DELAY = 60.0
_CONNECT_SECONDS = 60.0
_OVER = frozenset({4007, 4009})
"""Close codes after which a session cannot be resumed, though discord.py would try."""

NORMAL_CLOSE = 1000
KEEPS_SESSION = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySession:
    """What is needed to go on with a gateway session.

    Attributes:
        session_id: Its id.
        sequence: The number of the last dispatch that needs no repetition.
        gateway: Where it is resumed; None for wherever the gateway is.
    """

    session_id: str
    sequence: int
    gateway: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A share of the servers.

    Attributes:
        number: Which share, from 0.
        count: Of how many.
    """

    number: int
    count: int

    @property
    def id(self) -> int | None:
        """How it is named to the gateway; a bot with one shard names none."""
        return None if self.count == 1 else self.number


class ShardOwner(Protocol):
    """Whoever runs a shard."""

    async def wait_for_turn(self, *, is_new: bool) -> None:
        """Return when the shard may connect, with a new session or an old one."""
        ...

    async def wait_for_room(self) -> None:
        """Return when another arrival can be taken."""
        ...

    def on_arrival(self, arrival: Arrival) -> None:
        """Take what the gateway brings, in its order."""
        ...

    def on_connected(self, *, is_new: bool) -> None:
        """Hear that the gateway has accepted the shard."""
        ...

    def settled(self, sequence: int) -> int:
        """Give the number up to which nothing needs repetition, given the last number that was received."""
        ...


class _ShardSocket(DiscordWebSocket):
    """A connection whose heartbeats confirm only what needs no repetition."""

    settled: Callable[[int], int] = staticmethod(lambda sequence: sequence)

    def hand_over_to(self, parsers: Mapping[str, Callable[[Any], None]], settled: Callable[[int], int]) -> None:
        """Let what arrives be taken by others than discord.py's cache."""
        self._discord_parsers = dict(parsers)
        self.settled = settled

    async def send_heartbeat(self, data: Any) -> None:
        """Send a heartbeat.

        The number in it tells Discord what was received. What is not stored yet counts as not received: it is to be
        repeated to whoever resumes the session.
        """
        sequence = data["d"]
        await super().send_heartbeat(data if sequence is None else {**data, "d": self.settled(sequence)})


class GatewayConnection:
    """Listen to the gateway as one shard, for as long as it takes.

    Args:
        client: The client, logged in.
        shard: Which share of the servers.
        owner: Who takes what arrives.
        session: A session to resume first; None begins a new one.
        is_patient: Whether to repeat a first attempt that fails.
    """

    def __init__(
        self,
        client: DiscordClient,
        shard: Shard,
        owner: ShardOwner,
        *,
        session: GatewaySession | None = None,
        is_patient: bool = False,
    ) -> None:
        self._client = client
        self._shard = shard
        self._owner = owner
        self._session = session
        self._has_connected = is_patient
        self._is_up = False
        self._stuck_at: int | None = None
        self._socket: _ShardSocket | None = None

    @property
    def session(self) -> GatewaySession | None:
        """The session, with the number up to which nothing needs repetition; None before there is one."""
        self._remember()
        session = self._session
        return None if session is None else replace(session, sequence=self._owner.settled(session.sequence))

    @property
    def is_up(self) -> bool:
        """Whether Discord has accepted the connection, and it is open."""
        return self._is_up and self._socket is not None and self._socket.open

    async def listen(self) -> None:
        """Connect and listen until Discord ends it for good.

        Raises:
            PlatformAuthError: Discord refuses the token, or the Message Content Intent.
            PlatformUnavailableError: The first attempt failed.
            PlatformError: It ended the connection for another reason.
        """
        delay = _FIRST_DELAY
        while True:
            is_new = self._session is None
            await self._owner.wait_for_turn(is_new=is_new)
            self._is_up = False
            is_in_order = await self._listen_until_lost()
            if self._is_up:
                delay = _FIRST_DELAY
            # After a loss that is part of the protocol, and after a session that cannot be resumed, there is nothing
            # to wait for.
            if is_in_order and (self._is_up or (self._session is None and not is_new)):
                continue
            await asyncio.sleep(delay)
            delay = min(_LONGEST_DELAY, delay * 2)

    async def aclose(self, code: int) -> None:
        """Close the connection, after ``listen`` was cancelled."""
        self._remember()
        await self._drop_socket(code)

    async def _listen_until_lost(self) -> bool:
        """Connect, listen, and tell whether the connection was lost in order, as far as the protocol goes."""
        try:
            await self._listen_once()
        except ReconnectWebSocket as order:
            self._forget_if(not order.resume or self._close_code in _OVER)
            return True
        except discord.ConnectionClosed as error:
            if error.code == 4014:
                raise gateway_refusal(discord.PrivilegedIntentsRequired(self._shard.id)) from error
            if error.code != NORMAL_CLOSE:
                raise gateway_refusal(error) from error
        except Exception as error:  # noqa: BLE001 - whatever breaks a connection ends this one alone; it is reported
            self._survive(error)
        await self._drop_socket(KEEPS_SESSION)
        return False

    async def _listen_once(self) -> None:
        session = self._session
        self._socket = None
        async with asyncio.timeout(_CONNECT_SECONDS):
            socket = await _ShardSocket.from_client(
                self._client,
                shard_id=self._shard.id,
                session=None if session is None else session.session_id,
                sequence=None if session is None else session.sequence,
                gateway=None if session is None or session.gateway is None else yarl.URL(session.gateway),
                resume=session is not None,
            )
        self._socket = socket
        socket.hand_over_to(self._parsers(socket), self._owner.settled)
        try:
            while True:
                await self._owner.wait_for_room()
                await socket.poll_event()
        finally:
            self._remember()

    def _parsers(self, socket: DiscordWebSocket) -> dict[str, Callable[[Any], None]]:
        parsers = {name: _skipping(name, parse) for name, parse in self._client.cache.parsers.items()}
        parsers |= {name: self._taking(name, socket) for name in ARRIVALS}
        # READY must not be skipped, whatever is in it.
        parsers["READY"] = self._on_ready
        parsers["RESUMED"] = self._on_resumed
        return parsers

    def _taking(self, name: str, socket: DiscordWebSocket) -> Callable[[Any], None]:
        def take(payload: Any) -> None:
            self._owner.on_arrival(Arrival(name=name, payload=payload, sequence=socket.sequence or 0))

        return take

    def _on_ready(self, payload: Any) -> None:
        self._client.cache.parse_ready(payload)
        self._connected(is_new=True)

    def _on_resumed(self, _payload: Any) -> None:
        self._connected(is_new=False)

    def _connected(self, *, is_new: bool) -> None:
        self._is_up = True
        self._has_connected = True
        self._owner.on_connected(is_new=is_new)

    def _survive(self, error: Exception) -> None:
        """Go on after a broken connection, unless it is the first.

        Raises:
            PlatformUnavailableError: It is, and there is nothing else to try.
        """
        session = self._session
        is_network = isinstance(error, OSError | aiohttp.ClientError | discord.DiscordException)
        if not self._has_connected and (session is None or session.gateway is None):
            raise PlatformUnavailableError(f"Discord's gateway cannot be reached ({type(error).__name__})") from error
        if is_network:
            _log.warning("discord_gateway_lost", shard=self._shard.number, reason=type(error).__name__)
            if session is not None and not self._is_up:
                self._session = replace(session, gateway=None)
        else:
            _log.exception("discord_gateway_failed", shard=self._shard.number)
            # A frame that cannot be read comes again after a resume; one that fails twice is given up with its session.
            stuck_at = None if session is None else session.sequence
            self._forget_if(stuck_at is not None and stuck_at == self._stuck_at)
            self._stuck_at = stuck_at

    @property
    def _close_code(self) -> int | None:
        return None if self._socket is None else self._socket.socket.close_code

    def _remember(self) -> None:
        socket = self._socket
        if socket is not None and socket.session_id is not None and socket.sequence is not None:
            self._session = GatewaySession(
                session_id=socket.session_id, sequence=socket.sequence, gateway=str(socket.gateway)
            )

    def _forget_if(self, is_over: bool) -> None:  # noqa: FBT001 - the condition is what the name says
        if is_over:
            self._session = None
            self._socket = None

    async def _drop_socket(self, code: int) -> None:
        # discord.py leaves the socket open when it fails.
        socket, self._socket = self._socket, None
        if socket is not None and socket.open:
            await socket.close(code)


def _skipping(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse_or_skip(payload: Any) -> None:
        # An exception in a parser would end the connection.
        try:
            parse(payload)
        except Exception:  # noqa: BLE001 - whatever one payload breaks must not end the connection; it is reported
            report_skipped(name, payload)

    return parse_or_skip
