"""How the bot is set up in each workspace: kept for good, the same in all processes, at hand without asking anybody."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import uuid4

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import PlatformUnavailableError, StoreError
from threadkeep.vault import Vault
from threadkeep_slack.limits import (
    BRANCHES_OPEN,
    CHANNELS_SET_UP,
    NOTES_CHANGE_SECONDS,
    NOTES_HEARTBEAT,
    NOTES_READ_SECONDS,
)
from threadkeep_slack.transport.port import end_tasks

_log = structlog.get_logger(__name__)

_CHANGED: Final = "slack-notes"
_WRITES: Final = 10


class AnswerWhen(StrEnum):
    """When the bot answers in a channel."""

    MENTIONED = "mentioned"
    """Only where it is mentioned."""
    FOLLOWED = "followed"
    """Where it is mentioned, and from then on everything in that thread."""
    ALWAYS = "always"
    """Everything, each message at the top of the channel in a thread of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamNotes:
    """How the bot is set up in one workspace.

    Attributes:
        directs_since: The time of the direct message from which on each begins a thread; None as long as none does.
        channels: When the bot answers, by channel, where it differs from what is usual.
    """

    directs_since: float | None = None
    channels: Mapping[str, AnswerWhen] = field(default_factory=dict)

    def answer_when(self, channel: str) -> AnswerWhen:
        """Give when the bot answers in a channel."""
        return self.channels.get(channel, AnswerWhen.FOLLOWED)

    def with_channel(self, channel: str, answer: AnswerWhen) -> "TeamNotes":
        """Give the same with another setting of a channel."""
        others = {known: when for known, when in self.channels.items() if known != channel}
        if answer is AnswerWhen.FOLLOWED:
            return TeamNotes(directs_since=self.directs_since, channels=others)
        latest = list(others.items())[-(CHANNELS_SET_UP - 1) :]
        return TeamNotes(directs_since=self.directs_since, channels={**dict(latest), channel: answer})

    def with_directs(self, since: float) -> "TeamNotes":
        """Give the same with direct messages that begin threads; of several moments the first one counts."""
        earliest = since if self.directs_since is None else min(since, self.directs_since)
        return TeamNotes(directs_since=earliest, channels=self.channels)


class _Written(BaseModel):
    """The notes as they stand in the store."""

    model_config = ConfigDict(extra="ignore")

    directs_since: float | None = None
    channels: dict[str, AnswerWhen] = Field(default_factory=dict)


class WorkspaceNotes:
    """The notes of all workspaces. Without a store they are kept as long as the process lives.

    Each process holds the notes of the workspaces that it hears of, and looks every two seconds at one short note that
    says whether any were changed: an event costs no call of the store.

    Args:
        vault: Where they are kept.
        shared: Where a change is announced.
        heartbeat: Seconds between two looks.
    """

    def __init__(self, vault: Vault | None, shared: SharedState | None, *, heartbeat: float = NOTES_HEARTBEAT) -> None:
        self._vault: Final = vault
        self._shared: Final = shared
        self._heartbeat: Final = heartbeat
        self._known: dict[str, TeamNotes] = {}
        self._stale: set[str] = set()
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._seen: str | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for changes of other processes."""
        if self._vault is not None and self._shared is not None:
            self._watching = asyncio.create_task(self._watch(self._shared), name="slack-notes")

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = [*self._loading.values(), *([self._watching] if self._watching is not None else [])]
        if tasks:
            await end_tasks(*tasks)

    def known(self, team: str) -> TeamNotes:
        """Give the notes of a workspace as far as they are known."""
        return self._known.get(team, _NONE)

    def is_known(self, team: str) -> bool:
        """Tell whether they are known, and were not changed elsewhere since."""
        return self._vault is None or (team in self._known and team not in self._stale)

    async def load(self, team: str) -> None:
        """Return when the notes of a workspace are known, or cannot be read now: then the last known ones count."""
        if self.is_known(team) or self._vault is None:
            return
        if team not in self._loading:
            self._loading[team] = asyncio.create_task(self._load(self._vault, team), name="slack-notes-load")
        await asyncio.shield(self._loading[team])

    async def change(self, team: str, change: Callable[[TeamNotes], TeamNotes]) -> TeamNotes:
        """Change the notes of a workspace, for all processes.

        Raises:
            StoreError: The store cannot take it.
            PlatformUnavailableError: Others change them all the time.
        """
        if self._vault is None:
            self._keep(team, change(self.known(team)))
            return self._known[team]
        for _ in range(_WRITES):
            standing = await self._vault.get(_name(team))
            before = _read(standing)
            after = change(before)
            if after != before and not await self._vault.put(_name(team), _write(after), expected=standing):
                continue
            self._keep(team, after)
            if after != before:
                await self._announce()
            return after
        raise PlatformUnavailableError("the settings of the workspace are being changed by others")

    async def _announce(self) -> None:
        if self._shared is None:
            return
        try:
            await self._shared.remember(_CHANGED, uuid4().hex, seconds=NOTES_CHANGE_SECONDS)
        except StoreError as error:
            _log.warning("slack_notes_change_not_announced", reason=str(error))

    async def _load(self, vault: Vault, team: str) -> None:
        try:
            self._stale.discard(team)
            async with asyncio.timeout(NOTES_READ_SECONDS):
                self._keep(team, _read(await vault.get(_name(team))))
        except (StoreError, TimeoutError) as error:
            if team in self._known:
                self._stale.add(team)
            _log.warning("slack_notes_not_read", team=team, error=type(error).__name__)
        finally:
            del self._loading[team]

    def _keep(self, team: str, notes: TeamNotes) -> None:
        self._known.pop(team, None)
        self._known[team] = notes
        while len(self._known) > BRANCHES_OPEN:
            given_up = next(iter(self._known))
            del self._known[given_up]
            self._stale.discard(given_up)

    async def _watch(self, shared: SharedState) -> None:
        while True:
            try:
                found = await shared.recall(_CHANGED)
            except StoreError as error:
                _log.info("slack_notes_change_not_read", reason=str(error))
            else:
                if found is not None and found != self._seen:
                    self._seen = found
                    self._stale.update(self._known)
            await asyncio.sleep(self._heartbeat)


_NONE: Final = TeamNotes()


def _name(team: str) -> str:
    return f"slack-notes:{team}"


def _read(value: bytes | None) -> TeamNotes:
    if value is None:
        return _NONE
    try:
        written = _Written.model_validate_json(value)
    except ValidationError:
        _log.error("slack_notes_not_understood")
        return _NONE
    return TeamNotes(directs_since=written.directs_since, channels=written.channels)


def _write(notes: TeamNotes) -> bytes:
    return json.dumps({"directs_since": notes.directs_since, "channels": dict(notes.channels)}).encode()
