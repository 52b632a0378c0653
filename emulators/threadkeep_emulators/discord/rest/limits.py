"""Rate limits and their headers: https://discord.com/developers/docs/topics/rate-limits ."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from threadkeep_emulators.discord.ids import Clock, moment_of

from .routes import Route

_MAJOR = ("channel_id", "guild_id", "application_id", "token")
_GENEROUS = 1000
_GLOBAL = "global"
_EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
_OLD_EDITS = "old edits"
_OLD_AFTER = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Be how many calls a bucket takes in how many seconds."""

    calls: int
    seconds: float


_DEFAULT = Limit(calls=50, seconds=1.0)
_GLOBAL_LIMIT = Limit(calls=50, seconds=1.0)
_OLD_EDIT_LIMIT = Limit(calls=3, seconds=20.0)
# Discord publishes no numbers; these are what its headers say to bots in ordinary servers.
_LIMITS: Mapping[str, Limit] = {
    "POST /channels/{channel_id}/messages": Limit(calls=5, seconds=5.0),
    _EDIT: Limit(calls=5, seconds=5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": Limit(calls=5, seconds=1.0),
    "POST /channels/{channel_id}/typing": Limit(calls=5, seconds=5.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": Limit(calls=1, seconds=0.25),
}


@dataclass(slots=True)
class _Window:
    ends_at: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Say whether a call may go on, and with which headers it is answered; a refusal may have a code of its own."""

    headers: Mapping[str, str]
    retry_after: float | None = None
    scope: str = "user"
    message: str = "You are being rate limited."
    code: int | None = None


@dataclass(slots=True, kw_only=True)
class RateLimits:
    """Count calls by bucket; refuse those beyond the limits if it is told to."""

    clock: Clock
    is_enforced: bool
    _windows: dict[tuple[str, ...], _Window] = field(default_factory=dict)

    def take(self, route: Route, path: Mapping[str, str]) -> Verdict:
        """Count one call and give the verdict on it."""
        now = self.clock()
        limit = _LIMITS.get(route.name, _DEFAULT)
        bucket = hashlib.sha256(route.name.encode()).hexdigest()[:16]
        if not self.is_enforced:
            # A client must never find its bucket empty: it would sleep before it is refused.
            return Verdict(headers=_headers(_GENEROUS, _GENEROUS - 1, now + 1.0, now, bucket))
        # Interactions are not bound to the global limit.
        if not route.is_open and not self._count((_GLOBAL,), _GLOBAL_LIMIT, now):
            wait = self._windows[(_GLOBAL,)].ends_at - now
            headers = {"X-RateLimit-Global": "true"}
            return Verdict(headers=headers, retry_after=wait, scope="global")
        key = (bucket, *(path[name] for name in _MAJOR if name in path))
        is_within = self._count(key, limit, now)
        window = self._windows[key]
        headers = _headers(limit.calls, max(0, limit.calls - window.used), window.ends_at, now, bucket)
        if is_within and _is_old_edit(route, path, now):
            old = (_OLD_EDITS, path["channel_id"])
            if not self._count(old, _OLD_EDIT_LIMIT, now):
                wait = self._windows[old].ends_at - now
                text = "Maximum number of edits to messages older than 1 hour reached. Try again later"
                return Verdict(headers=headers, retry_after=wait, message=text, code=30046)
        return Verdict(headers=headers, retry_after=None if is_within else window.ends_at - now)

    def _count(self, key: tuple[str, ...], limit: Limit, now: float) -> bool:
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends_at:
            window.ends_at = now + limit.seconds
            window.used = 0
        if window.used >= limit.calls:
            return False
        window.used += 1
        return True


def _is_old_edit(route: Route, path: Mapping[str, str], now: float) -> bool:
    message_id = path.get("message_id", "")
    return route.name == _EDIT and message_id.isdecimal() and now - moment_of(message_id) > _OLD_AFTER


def _headers(calls: int, left: int, ends_at: float, now: float, bucket: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(calls),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{ends_at:.3f}",
        "X-RateLimit-Reset-After": f"{ends_at - now:.3f}",
        "X-RateLimit-Bucket": bucket,
    }
