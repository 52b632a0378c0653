"""How commands for the operator write to the terminal, and the store that they look into."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from threadkeep.stores.base import Store


def operators_store() -> "Store":
    """Return the store that the settings name, as for ``threadkeep run``; a file must be there already.

    Raises:
        ConfigError: A setting is wrong, or there is no such file.
    """
    from threadkeep.errors import ConfigError  # noqa: PLC0415 - `--help` stays quick
    from threadkeep.runtime.loading import make_store  # noqa: PLC0415
    from threadkeep.runtime.logs import configure_logging  # noqa: PLC0415
    from threadkeep.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    configure_logging(level="error", is_json=settings.log_format == "json")
    if settings.redis_url is None and not settings.database.is_file():
        raise ConfigError(
            f"There is no store {settings.database} here. Set REDIS_URL or THREADKEEP_DB as for `threadkeep run`."
        )
    return make_store(settings)


def moment(at: float) -> str:
    """Return a time in the operator's time zone, to the millisecond."""
    return datetime.fromtimestamp(at, tz=UTC).astimezone().isoformat(sep=" ", timespec="milliseconds")


def counted(number: int, thing: str) -> str:
    """Return a number of things, such as ``1 message`` or ``2 messages``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return text that is one line and cannot steer a terminal: control characters are shown by their number."""
    return "".join(f"\\x{ord(char):02x}" if _is_control(char) else char for char in text)


def _is_control(char: str) -> bool:
    # C0, DEL and C1, and what turns the direction of writing around.
    return ord(char) < 32 or 127 <= ord(char) < 160 or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def print_json(content: object) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(content, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, the first row as their heads."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
