"""The names under which a model sees the tools of a server, and which of them it sees."""

import hashlib
import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from threadkeep.errors import ConfigError

_BETWEEN: Final = "__"
_LONGEST: Final = 64
_DIGEST: Final = 8
_PREFIX: Final = re.compile(r"[a-zA-Z0-9_-]{1,32}")
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_-]")


def check_prefix(prefix: str) -> None:
    """Check what is to stand before the names of a server's tools.

    Raises:
        ConfigError: It cannot be part of a name, or the names of two servers could meet.
    """
    if prefix and (not _PREFIX.fullmatch(prefix) or _BETWEEN in prefix or prefix.endswith("_")):
        raise ConfigError(
            f"{prefix!r} cannot stand before names of tools: use 1 to 32 letters, digits, - and single _, as in"
            " MCPServer(..., prefix='tracker')"
        )


def name_of(prefix: str, tool: str) -> str:
    """Give the name of a server's tool, which depends on nothing else.

    A name that had to be changed, because of its length or its characters, gets a part of its digest, so that no two
    tools of a server have the same.

    Args:
        prefix: What stands before it; may be empty.
        tool: The server's own name.
    """
    start = f"{prefix}{_BETWEEN}" if prefix else ""
    plain = _FOREIGN.sub("_", tool)
    if plain == tool and plain and len(start) + len(plain) <= _LONGEST:
        return start + plain
    digest = hashlib.sha256(tool.encode()).hexdigest()[:_DIGEST]
    return f"{start}{plain[: _LONGEST - len(start) - _DIGEST - 1]}_{digest}"


def is_chosen(tool: str, patterns: Collection[str] | None) -> bool:
    """Tell whether a tool is among those that were chosen.

    Args:
        tool: The server's own name.
        patterns: Names, or patterns as in a shell; None for all.
    """
    return patterns is None or any(fnmatchcase(tool, pattern) for pattern in patterns)
