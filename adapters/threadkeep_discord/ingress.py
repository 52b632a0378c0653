"""What a process needs to listen: a client that is logged in, and the shards that fall to it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from threadkeep.chat.adapter import SharedState, Sink
from threadkeep_discord.arrivals import ArrivalReader
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.crew import ShardCrew
from threadkeep_discord.gateway import Shard
from threadkeep_discord.limits import SESSION_STARTS
from threadkeep_discord.notes import SessionNotes
from threadkeep_discord.refusals import calling
from threadkeep_discord.settings import DiscordSettings
from threadkeep_discord.shard import ShardRunner, ShardSurroundings
from threadkeep_discord.slots import ShardSlots
from threadkeep_discord.turns import IdentifyTurns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How many shards a bot has, how many of them may begin a session at a time, how often in a day, and from when."""

    count: int
    concurrency: int
    starts: int = SESSION_STARTS
    closed_for: float = 0.0


async def log_in(client: DiscordClient, token: str) -> None:
    """Check the token and learn who the bot is.

    Raises:
        PlatformAuthError: Discord refuses the token.
        PlatformUnavailableError: It cannot be reached.
        PlatformError: It refuses for another reason.
    """
    async with calling("log in"):
        await client.login(token)


async def gather_crew(
    client: DiscordClient,
    settings: DiscordSettings,
    *,
    sink: Sink,
    shared: SharedState | None,
    reader: ArrivalReader,
    on_gap: Callable[[], None],
) -> ShardCrew:
    """Find out how many shards there are, and make the crew that runs those of this process.

    Args:
        client: The client, logged in.
        settings: How the bot is connected.
        sink: Where events go.
        shared: What the processes of the bot share.
        reader: Translates what arrives.
        on_gap: Told when a session begins that does not go on where the one before ended.

    Raises:
        PlatformError: Discord does not say how many shards there should be.
    """
    plan = await _plan(client, settings)
    client.cache.shard_count = None if plan.count == 1 else plan.count
    application_id = client.application_id or 0
    owner = uuid4().hex
    slots = ShardSlots(shared, application_id=application_id, owner=owner, count=plan.count)
    surroundings = ShardSurroundings(
        client=client,
        sink=sink,
        reader=reader,
        notes=SessionNotes(shared, application_id=application_id, intents=client.intents.value),
        turns=IdentifyTurns(
            shared,
            application_id=application_id,
            owner=owner,
            concurrency=plan.concurrency,
            starts=plan.starts,
            closed_for=plan.closed_for,
        ),
        may_connect=slots.wait_sure,
        on_gap=on_gap,
    )

    def make(shard: Shard) -> ShardRunner:
        return ShardRunner(shard, surroundings)

    return ShardCrew(slots, make=make, count=plan.count, most=settings.shards_per_process or plan.count)


async def _plan(client: DiscordClient, settings: DiscordSettings) -> _Plan:
    if settings.shards == 1:
        return _Plan(count=1, concurrency=1)
    async with calling("learn how many shards there should be"):
        recommended, _, limit = await client.http.get_bot_gateway()
    count = recommended if settings.shards == "auto" else settings.shards
    return _Plan(
        count=count,
        concurrency=max(1, limit["max_concurrency"]),
        starts=max(1, limit["total"]),
        closed_for=0.0 if limit["remaining"] else limit["reset_after"] / 1000,
    )
