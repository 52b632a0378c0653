"""What is asked of Slack about people, conversations and messages, remembered for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlaceGoneError, PlatformError
from threadkeep_slack.inbound.homes import Homes
from threadkeep_slack.inbound.payloads import ConversationKind
from threadkeep_slack.limits import CACHED_NAMES, FAILED_LOOKUP_TTL, GROUP_TEAMS, LOOKUPS_IN_FLIGHT, NAME_TTL
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_KINDS: Final = frozenset({"channel", "group", "im", "mpim"})

Look = Callable[[str], Awaitable[str]]
"""Asks Slack for what is known under an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    value: str | None
    until: float


class LookupCache:
    """Answers by id, looked up once, remembered for a while, never in the way of an event.

    A look-up runs on when nobody waits for it any more, so that the next event finds its answer.
    """

    def __init__(self, look: Look, *, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._look: Final = look
        self._what: Final = what
        self._clock: Final = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}

    def known(self, key: str) -> str | None:
        """Give what is remembered; None where nothing is."""
        entry = self._known.get(key)
        return entry.value if entry is not None and entry.until > self._clock() else None

    def is_running(self, key: str) -> bool:
        """Tell whether the answer is still awaited."""
        return key in self._running

    def remember(self, key: str, value: str) -> None:
        """Remember what was learned elsewhere."""
        self._keep(key, value, NAME_TTL)

    def begin(self, keys: Iterable[str]) -> None:
        """Start to look up what is not remembered. Returns at once."""
        for key in keys:
            entry = self._known.get(key)
            is_fresh = entry is not None and entry.until > self._clock()
            if is_fresh or key in self._running or len(self._running) >= LOOKUPS_IN_FLIGHT:
                continue
            self._running[key] = asyncio.create_task(self._find(key), name=f"slack-{self._what}")

    async def settle(self, keys: Iterable[str], *, until: float) -> Mapping[str, str]:
        """Wait for begun look-ups, at most until a time of the loop's clock, and give what is known then."""
        wanted = tuple(dict.fromkeys(keys))
        running = [self._running[key] for key in wanted if key in self._running and self.known(key) is None]
        left = until - asyncio.get_running_loop().time()
        if running and left > 0:
            await asyncio.wait(running, timeout=left)
        found = ((key, self.known(key)) for key in wanted)
        return {key: value for key, value in found if value is not None}

    async def aclose(self) -> None:
        """End the look-ups that still run."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _find(self, key: str) -> None:
        try:
            self._keep(key, await self._look(key), NAME_TTL)
        except PlatformError as error:
            # Most often a missing scope: ids are shown instead of names, and the bot goes on.
            _log.info("slack_lookup_failed", what=self._what, reason=str(error))
            if self.known(key) is None:
                self._keep(key, None, FAILED_LOOKUP_TTL)
        finally:
            self._running.pop(key, None)

    def _keep(self, key: str, value: str | None, seconds: float) -> None:
        self._known[key] = _Known(value=value, until=self._clock() + seconds)
        self._known.move_to_end(key)
        while len(self._known) > CACHED_NAMES:
            self._known.popitem(last=False)


class Directory:
    """All that is asked of Slack to understand an event.

    Attributes:
        people: Names, by user; also of conversations and user groups, by their ids.
        conversations: Kinds, by channel.
        threads: The thread in which a message stands, by ``thread_key``; empty where it stands in none.
        homes: The workspaces of people who come from elsewhere.
        teams: The workspaces of which user groups are asked for, where the app is installed for an organisation.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self.teams: Final[dict[str, None]] = {}
        self.people: Final = people_of(client, self.teams)
        self.conversations: Final = conversations_of(client)
        self.threads: Final = threads_of(client)
        self.homes: Final = Homes()

    def kind_of(self, channel: str, channel_type: str | None = None) -> str | None:
        """Give the kind of a conversation if it can be told without asking Slack.

        Args:
            channel: The conversation.
            channel_type: What the event says of it, if it does.
        """
        if channel.startswith("D"):
            return "im"
        if channel_type is None:
            return self.conversations.known(channel)
        kind = channel_type if channel_type in _KINDS else "channel"
        self.conversations.remember(channel, kind)
        return kind

    def note_team(self, team: str) -> None:
        """Note that something happened in a workspace of the organisation."""
        self.teams.pop(team, None)
        self.teams[team] = None
        if len(self.teams) > GROUP_TEAMS:
            del self.teams[next(iter(self.teams))]

    async def aclose(self) -> None:
        """End the look-ups that still run."""
        for cache in (self.people, self.conversations, self.threads):
            await cache.aclose()


def thread_key(channel: str, ts: str) -> str:
    """Give the key under which the thread of a message is remembered."""
    return f"{channel} {ts}"


def people_of(client: AsyncWebClient, teams: Iterable[str] = ()) -> LookupCache:
    """Build the cache of names: of people, and of the conversations and user groups that texts name by their ids.

    https://docs.slack.dev/reference/methods/users.info/ and its like; the first letter of an id tells what it is.
    """

    async def look(key: str) -> str:
        match key[:1]:
            case "C" | "G":
                return await _channel_name(client, key)
            case "S":
                return await _group_name(client, key, tuple(teams))
        with platform_errors("users.info"):
            response = await client.users_info(user=key)
        return _name(response.get("user"), key)

    return LookupCache(look, what="name")


async def _channel_name(client: AsyncWebClient, channel: str) -> str:
    with platform_errors("conversations.info"):
        response = await client.conversations_info(channel=channel)
    found = response.get("channel")
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name else channel


async def _group_name(client: AsyncWebClient, group: str, teams: Sequence[str]) -> str:
    """Find a group; with the token of an organisation Slack wants to know in which workspace, the latest comes first.

    https://docs.slack.dev/reference/methods/usergroups.list/
    """
    for team in reversed(teams or (None,)):
        with platform_errors("usergroups.list"):
            response = await client.usergroups_list(team_id=team)
        groups = response.get("usergroups")
        for found in groups if isinstance(groups, list) else []:
            if isinstance(found, dict) and found.get("id") == group:
                return str(found.get("handle") or found.get("name") or group)
    return group


def conversations_of(client: AsyncWebClient) -> LookupCache:
    """Build the cache of kinds of conversations (https://docs.slack.dev/reference/methods/conversations.info/)."""

    async def look(channel: str) -> str:
        with platform_errors("conversations.info"):
            response = await client.conversations_info(channel=channel)
        return _kind(response.get("channel"))

    return LookupCache(look, what="conversation")


def threads_of(client: AsyncWebClient) -> LookupCache:
    """Build the cache of threads in which messages stand.

    Asked for a message inside a thread, conversations.replies gives that message or the whole thread
    (https://docs.slack.dev/reference/methods/conversations.replies/).
    """

    async def look(key: str) -> str:
        channel, _, ts = key.partition(" ")
        with platform_errors("conversations.replies"):
            response = await client.conversations_replies(
                channel=channel, ts=ts, oldest=ts, latest=ts, inclusive=True, limit=1
            )
        messages = response.get("messages")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, dict) and message.get("ts") == ts:
                thread = str(message.get("thread_ts") or ts)
                return "" if thread == ts else thread
        raise PlaceGoneError("Slack's conversations.replies does not show the message")

    return LookupCache(look, what="thread")


def _name(record: object, user: str) -> str:
    if not isinstance(record, dict):
        return user
    profile = record.get("profile")
    fields = profile if isinstance(profile, dict) else {}
    candidates = (fields.get("display_name"), fields.get("real_name"), record.get("real_name"), record.get("name"))
    return next((name.strip() for name in candidates if isinstance(name, str) and name.strip()), user)


def _kind(record: object) -> ConversationKind:
    fields = record if isinstance(record, dict) else {}
    if fields.get("is_im"):
        return "im"
    if fields.get("is_mpim"):
        return "mpim"
    return "group" if fields.get("is_private") else "channel"
