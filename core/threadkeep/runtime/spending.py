"""What the runs of all conversations have cost, read back from the store."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from threadkeep.agent.costs import By, Cost, costs
from threadkeep.models.base import Usage
from threadkeep.models.prices import Price, price_of
from threadkeep.runs import ModelUse, Run
from threadkeep.stores.base import Store
from threadkeep.stores.options import MAX_PLACES

_PAGE: Final = 100
# A run may end long after the message was accepted by which its session is found.
_LATE_SECONDS: Final = 24 * 3600.0


async def spent(
    store: Store, platforms: Sequence[str], *, by: By, since: float, prices: Mapping[str, Price]
) -> Mapping[str, Cost]:
    """Sum up what the store knows of what was spent, the dearest first.

    Conversations that were deleted or have expired are not in it, and of each its latest runs are.

    Args:
        store: Where the conversations are.
        platforms: Those of which platforms.
        by: By what to sum up.
        since: Since when, in seconds since the epoch.
        prices: What models cost whose price was not known when they were asked.

    Raises:
        StoreUnavailableError: The store cannot be reached.
    """
    found: dict[str, Cost] = {}
    for platform in platforms:
        for known in await store.places.recent(platform, since=since - _LATE_SECONDS, limit=MAX_PLACES):
            for name, cost in (await _of_session(store, str(known.place.session), by, since, prices)).items():
                found[name] = found.get(name, Cost()).and_also(cost)
    return dict(sorted(found.items(), key=lambda one: (-one[1].money, -one[1].input_tokens, one[0])))


async def _of_session(
    store: Store, session_id: str, by: By, since: float, prices: Mapping[str, Price]
) -> Mapping[str, Cost]:
    charges = [
        replace(charge, use=_priced(charge.use, prices))
        for charge in await store.digests.charges(session_id)
        if charge.at >= since
    ]
    runs: list[Run] = []
    async with aclosing(_pages(store, session_id)) as pages:
        async for page in pages:
            runs += [_priced_run(run, prices) for run in page if run.created_at >= since]
            if page[0].created_at < since:
                break
    return costs(runs, charges, by=by)


async def _pages(store: Store, session_id: str) -> AsyncGenerator[Sequence[Run], None]:
    """Yield the runs of a session from the latest on, in pieces."""
    found = await store.history.load(session_id, runs=0)
    first = 0 if found is None else found.session.run_count
    while first > 0:
        after = max(0, first - _PAGE)
        page = await store.digests.page(session_id, after=after, runs=first - after)
        # Runs beyond the cap are gone, and what is there has higher numbers.
        if page is None or not page.runs or page.before >= first:
            return
        yield page.runs[: first - page.before]
        if page.before > after:
            return
        first = after


def _priced_run(run: Run, prices: Mapping[str, Price]) -> Run:
    return replace(run, metrics=replace(run.metrics, models=tuple(_priced(use, prices) for use in run.metrics.models)))


def _priced(use: ModelUse, prices: Mapping[str, Price]) -> ModelUse:
    price = price_of(use.model, prices) if use.cost is None else None
    if price is None:
        return use
    usage = Usage(input_tokens=use.input_tokens, cached_tokens=use.cached_tokens, output_tokens=use.output_tokens)
    return replace(use, cost=price.of(usage))
