"""``threadkeep usage``: what conversations have cost, by user, channel, session or model."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from threadkeep.cli.output import operators_store, print_json, print_table, printable
from threadkeep.errors import ConfigError

if TYPE_CHECKING:
    from threadkeep.agent.costs import Cost

_SPAN: Final = re.compile(r"(\d{1,5})([hdw])")
_SECONDS: Final = {"h": 3600.0, "d": 86400.0, "w": 604800.0}


class By(StrEnum):
    """By what costs are summed up."""

    MODEL = "model"
    USER = "user"
    CHANNEL = "channel"
    SESSION = "session"


def usage(
    *,
    by: Annotated[By, typer.Option(help="What each line is about.")] = By.MODEL,
    since: Annotated[
        str | None, typer.Option(help="Only what was spent since then: 12h, 7d, 4w, or a date such as 2026-11-01.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what conversations have cost, the dearest first.

    Of each conversation the store keeps the latest runs; what is deleted or expired is not counted. Background is what
    was asked of models for summaries and memories; the other columns include it. THREADKEEP_PRICES names a file with
    prices for what had none when it was spent.
    """
    import asyncio  # noqa: PLC0415 - `--help` stays quick

    found = asyncio.run(_spent(by, 0.0 if since is None else _moment(since)))
    if as_json:
        print_json([{by.value: name, **asdict(cost)} for name, cost in found.items()])
    elif not found:
        typer.echo("Nothing was spent.")
    else:
        head = (by.value.upper(), "ANSWERS", "TOKENS IN", "CACHED", "OUT", "DOLLARS", "BACKGROUND")
        print_table([head, *_rows(found)])
        if any(not cost.is_whole for cost in found.values()):
            typer.echo("+ The price of a model is not known: name it in the file of THREADKEEP_PRICES.")
        if any(cost.is_estimated for cost in found.values()):
            typer.echo("~ Some tokens are estimated: the model's server did not tell them.")


async def _spent(by: By, since: float) -> "Mapping[str, Cost]":
    from threadkeep.runtime.loading import adapter_names  # noqa: PLC0415 - `--help` stays quick
    from threadkeep.runtime.pricing import read_prices  # noqa: PLC0415
    from threadkeep.runtime.spending import spent  # noqa: PLC0415
    from threadkeep.settings import load_settings  # noqa: PLC0415

    prices = read_prices(load_settings().prices)
    async with operators_store() as store:
        return await spent(store, adapter_names(), by=by.value, since=since, prices=prices)


def _rows(found: "Mapping[str, Cost]") -> Iterator[tuple[str, ...]]:
    for name, cost in found.items():
        marks = f"{'' if cost.is_whole else '+'}{'~' if cost.is_estimated else ''}"
        counts = (cost.runs, cost.input_tokens, cost.cached_tokens, cost.output_tokens)
        background = f"{cost.background_money:.4f} ({cost.background_calls})" if cost.background_calls else "-"
        yield (printable(name) or "-", *(f"{count:,}" for count in counts), f"{cost.money:.4f}{marks}", background)


def _moment(text: str) -> float:
    """Read a time of the operator's: a span back from now, or a date in their time zone.

    Raises:
        ConfigError: It is neither.
    """
    import time  # noqa: PLC0415 - `--help` stays quick

    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return time.time() - int(span[1]) * _SECONDS[span[2]]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except ValueError:
        raise ConfigError(f"--since takes 12h, 7d, 4w or a date such as 2026-11-01, got {text!r}") from None
