"""One shard at work: its connection, its intake, and the note of where it is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from threadkeep.chat.adapter import Sink
from threadkeep.errors import PlatformError, PlatformUnavailableError, StoreError
from threadkeep_discord.arrivals import Arrival, ArrivalReader, report_skipped
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.gateway import KEEPS_SESSION, NORMAL_CLOSE, GatewayConnection, GatewaySession, Shard
from threadkeep_discord.intake import Intake
from threadkeep_discord.notes import SessionNotes
from threadkeep_discord.turns import IdentifyTurns

_log = structlog.get_logger(__name__)

_NOTE_SECONDS = 2.0
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSurroundings:
    """What the shards of a process have in common.

    Attributes:
        client: The client, logged in.
        sink: Where events go.
        reader: Translates arrivals.
        notes: Where sessions are noted.
        turns: When sessions may begin.
        may_connect: Returns when this process is sure to hold its shards.
        on_gap: Told when a session begins that does not go on where the one before ended.
    """

    client: DiscordClient
    sink: Sink
    reader: ArrivalReader
    notes: SessionNotes
    turns: IdentifyTurns
    may_connect: Callable[[], Awaitable[object]]
    on_gap: Callable[[], None]


class ShardRunner:
    """Run one shard. Implements ``threadkeep_discord.gateway.ShardOwner``.

    Args:
        shard: Which one.
        surroundings: What it shares with the others.
    """

    def __init__(self, shard: Shard, surroundings: ShardSurroundings) -> None:
        self._shard = shard
        self._around = surroundings
        self._intake = Intake(surroundings.sink, surroundings.reader.read, on_taken=surroundings.reader.taken)
        self._connection: GatewayConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()
        self._failure: PlatformError | None = None
        self._is_waiting = False

    @property
    def is_settled(self) -> bool:
        """Whether the first attempt to connect has come to an end."""
        return self._settled.is_set()

    @property
    def is_up(self) -> bool:
        """Whether the gateway sends what happens."""
        return self._connection is not None and self._connection.is_up

    def start(self, *, is_patient: bool, on_over: Callable[[PlatformError], None]) -> None:
        """Begin to connect.

        Args:
            is_patient: Whether to repeat a first attempt that fails.
            on_over: Told when the shard has ended for good, with the reason.
        """
        self._intake.open()
        self._tasks = {
            asyncio.create_task(self._run(on_over, is_patient=is_patient), name="threadkeep discord gateway"),
            asyncio.create_task(self._keep_note(), name="threadkeep discord session note"),
        }

    async def wait_settled(self, *, timeout: float) -> None:  # noqa: ASYNC109 - told in the error
        """Return when the gateway has accepted the shard, or when it still waits for its turn after that time.

        Raises:
            PlatformUnavailableError: It cannot be reached, or not within ``timeout`` seconds.
            PlatformError: It refuses.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError as error:
            if self._is_waiting:
                return
            raise PlatformUnavailableError(f"Discord's gateway did not answer within {timeout:g} s") from error
        if self._failure is not None:
            raise self._failure
        # A process that is killed soon after it has begun a session leaves it to the next one.
        if self._connection is not None:
            await self._around.notes.remember(self._shard, self._connection.session)

    async def aclose(self, *, grace: float, is_lost: bool = False) -> None:
        """Disconnect, then hand over what had arrived.

        Where processes share notes, the session stays alive: it is gone on with by the next one.

        Args:
            grace: Seconds for what had arrived.
            is_lost: Whether another process runs the shard already: then the session is not ours to note.
        """
        # The listening ends first: discord.py's own answer to a socket that closes under it would overtake the code.
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        keeps_session = self._around.notes.is_kept
        connection = self._connection
        if connection is not None:
            await self._close(connection, KEEPS_SESSION if keeps_session else NORMAL_CLOSE)
        await self._intake.aclose(grace=0.0 if is_lost else grace)
        if connection is not None and not is_lost:
            await self._around.notes.remember(self._shard, connection.session)

    async def wait_for_turn(self, *, is_new: bool) -> None:
        """Return when the shard may connect."""
        self._is_waiting = True
        if is_new:
            await self._around.turns.take(self._shard.number)
        # Waiting may take long enough for another process to take the shard over.
        await self._around.may_connect()
        self._is_waiting = False

    async def wait_for_room(self) -> None:
        """Return when another arrival can be taken."""
        await self._intake.wait_for_room()

    def on_arrival(self, arrival: Arrival) -> None:
        """Take what the gateway brings, in its order."""
        try:
            is_wanted = self._around.reader.is_wanted(arrival)
        except Exception:  # noqa: BLE001 - an arrival in a form that nobody expects is reported and skipped
            report_skipped(arrival.name, arrival.payload)
        else:
            if is_wanted:
                self._intake.put(arrival)

    def on_connected(self, *, is_new: bool) -> None:
        """Note that the gateway has accepted the shard."""
        _log.info("discord_gateway_connected", shard=self._shard.number, is_resumed=not is_new)
        if is_new:
            self._intake.begin_session()
            self._around.on_gap()
        self._settled.set()

    def settled(self, sequence: int) -> int:
        """Give the number up to which the store has everything."""
        return self._intake.settled(sequence)

    async def _run(self, on_over: Callable[[PlatformError], None], *, is_patient: bool) -> None:
        try:
            session = await self._recall()
            self._connection = GatewayConnection(
                self._around.client, self._shard, self, session=session, is_patient=is_patient
            )
            await self._connection.listen()
        except PlatformError as error:
            self._end(error, on_over)
        except Exception as error:  # noqa: BLE001 - a shard must not end in silence, whatever is wrong; it is reported
            _log.exception("discord_gateway_failed", shard=self._shard.number)
            self._end(PlatformError(f"the connection to Discord failed ({type(error).__name__})"), on_over)
        finally:
            self._settled.set()

    def _end(self, failure: PlatformError, on_over: Callable[[PlatformError], None]) -> None:
        self._failure = failure
        if self._settled.is_set():
            _log.error("discord_gateway_ended", shard=self._shard.number, reason=str(failure))
        on_over(failure)

    async def _recall(self) -> GatewaySession | None:
        try:
            return await self._around.notes.recall(self._shard)
        except StoreError as error:
            _log.warning("discord_session_not_recalled", shard=self._shard.number, reason=str(error))
            return None

    async def _keep_note(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_SECONDS)
            if self._connection is not None:
                await self._around.notes.remember(self._shard, self._connection.session)

    async def _close(self, connection: GatewayConnection, code: int) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await connection.aclose(code)
        except TimeoutError:
            _log.warning("discord_close_timed_out", shard=self._shard.number)
