"""Lets a store forget sooner than in real life, so that a test of an hour sees it forget."""

import threadkeep.stores.redis.accepting
import threadkeep.stores.sqlite.seen


def forget_messages_after(seconds: float) -> None:
    """Let the stores of this process remember for so long which messages they have seen."""
    threadkeep.stores.redis.accepting._SEEN_MS = int(seconds * 1000)  # type: ignore[misc]
    threadkeep.stores.sqlite.seen.SEEN_SECONDS = seconds
