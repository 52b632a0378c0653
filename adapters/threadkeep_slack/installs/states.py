"""The state that an installation carries to Slack and back: signed, bound to one browser, good for once.

Without it somebody could send a victim's browser to our redirect address with a code of their own workspace, or use a
code a second time (https://docs.slack.dev/authentication/installing-with-oauth/).
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4

from threadkeep.chat.adapter import SharedState
from threadkeep_slack.limits import INSTALL_SECONDS

_BROWSER: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE: Final = re.compile(r"([A-Za-z0-9_-]{43})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)


class StateRefusedError(Exception):
    """The state is not one of ours, belongs to another browser, is too old, or was used already."""


class InstallStates:
    """Issues and redeems states, whichever process does either.

    Args:
        keys: What signs: the first; what checks: all.
        shared: What the processes of the bot share: which states were used.
        clock: Gives the seconds since the epoch.
    """

    def __init__(self, keys: Sequence[bytes], shared: SharedState, *, clock: Callable[[], float] = time.time) -> None:
        self._keys: Final = tuple(keys)
        self._shared: Final = shared
        self._clock: Final = clock

    def browser(self, cookie: str | None) -> str:
        """Give the secret of a browser: the one in its cookie, or a new one to put there."""
        return cookie if cookie and _BROWSER.fullmatch(cookie) else secrets.token_urlsafe(32)

    def issue(self, browser: str) -> str:
        """Give a state for a browser."""
        nonce, until = secrets.token_urlsafe(32), str(int(self._clock() + INSTALL_SECONDS))
        return f"{nonce}.{until}.{_signature(self._keys[0], nonce, until, browser)}"

    async def redeem(self, state: str, browser: str | None) -> None:
        """Check a state that came back, and let it not be used again.

        Args:
            state: The state.
            browser: The secret in the browser's cookie; None if it has none.

        Raises:
            StateRefusedError: It does not hold; the message says why, in words for the person.
            StoreError: It cannot be told whether it was used.
        """
        match = _STATE.fullmatch(state)
        if match is None or not browser or _BROWSER.fullmatch(browser) is None:
            raise StateRefusedError(
                "This page was not opened from the installation in this browser, or its cookies are off."
            )
        nonce, until, signature = match.groups()
        if not any(hmac.compare_digest(signature, _signature(key, nonce, until, browser)) for key in self._keys):
            raise StateRefusedError("This installation was begun in another browser.")
        left = int(until) - self._clock()
        if left <= 0:
            raise StateRefusedError("The installation took too long.")
        taken = await self._shared.take_slots(
            f"slack-install:{nonce}", owner=uuid4().hex, total=1, most=1, seconds=left + INSTALL_SECONDS
        )
        if not taken:
            raise StateRefusedError("This page was opened twice.")


def _signature(key: bytes, nonce: str, until: str, browser: str) -> str:
    text = f"{nonce}.{until}.{hashlib.sha256(browser.encode()).hexdigest()}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
