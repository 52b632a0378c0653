"""The Lua scripts that hold what must happen at once; each is a file of its own beside this one, in ``lua/``."""

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A Lua script.

    Attributes:
        name: The name of its file.
        source: Its text, what it shares with others in front.
        sha: The name under which a server that has seen it knows it.
    """

    name: str
    source: str
    sha: str


_FOLDER: Final = files("threadkeep.stores.redis") / "lua"
_SHARED: Final = (_FOLDER / "shared.lua").read_text(encoding="utf-8")


def _load(name: str) -> Script:
    source = _SHARED + (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
    sha = sha1(source.encode(), usedforsecurity=False).hexdigest()
    return Script(name=name, source=source, sha=sha)


ACCEPT: Final = _load("accept")
APPEND: Final = _load("append")
CHANGE: Final = _load("change")
CLAIM: Final = _load("claim")
COMMIT: Final = _load("commit")
DELETE: Final = _load("delete")
INDEX: Final = _load("index")
RECORD: Final = _load("record")
RELEASE: Final = _load("release")
REMEMBER: Final = _load("remember")
RENEW: Final = _load("renew")
