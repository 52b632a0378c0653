"""Linking the accounts that one person has on several platforms, by a code from one that is sent on the other."""

import json
import secrets
from hashlib import sha256
from typing import Final

from threadkeep.agent.request import Journal
from threadkeep.runtime.journal import until_stored
from threadkeep.sessions import UserKey
from threadkeep.stores.base import Store

LINK: Final = "link"
"""The step that holds whose code was given, so that a repeated attempt links the same accounts."""

_LENGTH: Final = 8
# Without letters and digits that look alike.
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_VALID_SECONDS: Final = 600.0
_MOST_CODES: Final = 5
_MOST_TRIES: Final = 5
_SPENT: Final = "You have tried that too often. Try again in some minutes."
_UNKNOWN: Final = (
    "I do not know this code: it may be mistyped, used already, or older than 10 minutes. `!link` gives a new one."
)


class Linking:
    """The accounts of one person, as they link and unlink them.

    Codes are kept as hashes for ten minutes, and are worth one link. A person may have five of them, and try five, in
    that time.

    Args:
        store: Where links and codes are.
        user: Who asks.
        run_id: The run; the same in a repeated attempt.
        journal: Where it is recorded whose code was given.
    """

    def __init__(self, store: Store, user: UserKey, *, run_id: str, journal: Journal) -> None:
        self._store = store
        self._user_id = str(user)
        self._run_id = run_id
        self._journal = journal

    async def link(self, code: str) -> str:
        """Give a code, or take one; say what was done.

        Args:
            code: The code as it was written; empty to get one.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        return await (self._take(code) if code.strip() else self._give())

    async def unlink(self) -> str:
        """Take the account out of those of its person; say what was done."""
        links = self._store.links
        # A repeated attempt finds nothing to do, and says so.
        if await until_stored(lambda: links.unlink(self._user_id), what="unlink"):
            return "This account is not linked any more. What each account has learnt stays with it."
        return "This account is linked to no other."

    async def _give(self) -> str:
        if not await self._is_allowed("codes", _MOST_CODES):
            return _SPENT
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        note = _note(code)
        await until_stored(
            lambda: self._store.shared.remember(note, self._user_id, seconds=_VALID_SECONDS), what="remember"
        )
        return (
            "To share what I remember of you with your account on another platform, send me there, within 10 minutes: "
            f"`!link {code}`\n\n"
            "It works once. Give it to nobody: who sends it shares your memories from then on."
        )

    async def _take(self, code: str) -> str:
        recorded = self._journal.steps.get(LINK)
        if recorded is None:
            if not await self._is_allowed("tries", _MOST_TRIES):
                return _SPENT
            note = _note("".join(code.upper().split()).replace("-", ""))
            other = await until_stored(lambda: self._store.shared.recall(note), what="recall")
            if other is None:
                return _UNKNOWN
            if other == self._user_id:
                return "This code is from this account. Send it from the other one."
            await self._journal.record({LINK: json.dumps([note, other])})
        else:
            note, other = json.loads(recorded)
        return await self._link(note, other)

    async def _link(self, note: str, other: str) -> str:
        shared = self._store.shared
        # Who holds the slot has used the code: whoever comes later is refused, this run's next attempt is not.
        slot = await until_stored(
            lambda: shared.take_slots(f"{note}:used", owner=self._run_id, total=1, most=1, seconds=2 * _VALID_SECONDS),
            what="take_slots",
        )
        if not slot:
            return _UNKNOWN
        await until_stored(lambda: shared.remember(note, "", seconds=0), what="remember")
        if not await until_stored(lambda: self._store.links.link(self._user_id, other), what="link"):
            return "That would be too many accounts of one person. `!unlink` takes one out."
        return (
            f"Linked: this account and the one on {UserKey.parse(other).platform} share what I remember of you. Your "
            "conversations stay apart. `!unlink` ends it."
        )

    async def _is_allowed(self, what: str, most: int) -> bool:
        name = f"link-{what}:{self._user_id}"
        spend = self._store.shared.spend
        return not await until_stored(lambda: spend(name, 1, limit=most, per_seconds=_VALID_SECONDS), what="spend")


def _note(code: str) -> str:
    """Give the name under which a code is kept: a store that is read tells no code."""
    return f"link:{sha256(code.encode()).hexdigest()}"
