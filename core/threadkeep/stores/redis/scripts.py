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


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


def _load(name: str, *parts: str) -> Script:
    source = "".join(_read(part) for part in ("shared", *parts, name))
    sha = sha1(source.encode(), usedforsecurity=False).hexdigest()
    return Script(name=name, source=source, sha=sha)


ACCEPT: Final = _load("accept", "items", "seen", "signals")
ADVANCE: Final = _load("advance")
AMEND: Final = _load("amend", "items", "seen", "signals", "amendments", "wake")
APPEND: Final = _load("append")
ASIDE: Final = _load("aside", "items")
CHANGE: Final = _load("change")
CHARGE: Final = _load("charge")
CLAIM: Final = _load("claim", "items", "amendments", "platforms")
COMMIT: Final = _load("commit", "items")
DELETE: Final = _load("delete")
DROP: Final = _load("drop")
EXTEND: Final = _load("extend", "items")
FEEDBACK: Final = _load("feedback", "seen", "opinions")
FREE: Final = _load("free")
INDEX: Final = _load("index")
LETTERS: Final = _load("letters")
LINK: Final = _load("link")
LOAD: Final = _load("load", "amendments")
MAILBOX: Final = _load("mailbox", "items")
OPINIONS: Final = _load("opinions_of", "opinions")
PAGE: Final = _load("page", "amendments")
PEEK: Final = _load("peek", "platforms")
PLACES: Final = _load("places")
PRESS: Final = _load("press", "seen", "wake")
PULL: Final = _load("pull", "items")
RECORD: Final = _load("record", "items")
RELEASE: Final = _load("release", "items")
REMEMBER: Final = _load("remember")
RENEW: Final = _load("renew")
REPEAT: Final = _load("repeat", "signals")
RETRY: Final = _load("retry", "items", "platforms")
REWRITE: Final = _load("rewrite")
SEAL: Final = _load("seal")
SLOTS: Final = _load("slots")
SPEND: Final = _load("spend")
STOP: Final = _load("stop", "seen", "signals", "wake")
SUSPEND: Final = _load("suspend", "items")
UNLINK: Final = _load("unlink")
WAITING: Final = _load("waiting", "items")
