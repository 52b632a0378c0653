"""Everything that can be done on the emulated platform, by the API's routes and by people."""

from dataclasses import dataclass

from .interactions import Interactions
from .posting import Posting
from .realm import Realm
from .threads import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Hold the platform and what changes it."""

    realm: Realm
    posting: Posting
    threads: Threads
    interactions: Interactions
