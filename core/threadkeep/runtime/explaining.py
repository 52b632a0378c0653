"""Find out what happened to one message: what the store knows of it, put together."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.chat.links import MessageLink
from threadkeep.messages import Role
from threadkeep.runs import Run
from threadkeep.runtime.letters import find_letter
from threadkeep.runtime.subjects import Reference, Subject
from threadkeep.sessions import MessageKey, SessionKey
from threadkeep.stores.base import Amendments, Store, Transcript
from threadkeep.stores.operations import DeadLetter, Mailbox, MessageTrace
from threadkeep.stores.options import MAX_LETTERS

_WINDOWS: Final = (20, 200, 1000)
"""How many of a session's last runs are read, in growing bites: most questions are about the latest."""
_SEARCHED_PLACES: Final = 1000
_SEARCHED_SECONDS: Final = 7 * 24 * 3600.0
_DELETED: Final = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What the store knows of a message.

    Attributes:
        key: The message; of a link that leads nowhere, as far as the link tells it.
        session_id: Its conversation, where known.
        trace: What was done with it when it came.
        runs: The finished runs that answer it or were shown it, oldest first.
        reply_of: The run whose answer it is, where it is one of the bot's own messages.
        passed_by: The run during which it came and which did not take it, where none took it.
        mailbox: What waits in its session now.
        letter: The dead letter that holds it.
        is_edited: Whether it was edited after it was answered.
        deletion: What was done with its deletion.
    """

    key: MessageKey
    session_id: str | None = None
    trace: MessageTrace | None = None
    runs: tuple[Run, ...] = ()
    reply_of: Run | None = None
    passed_by: Run | None = None
    mailbox: Mailbox | None = None
    letter: DeadLetter | None = None
    is_edited: bool = False
    deletion: MessageTrace | None = None

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is still in its session's inbox: no run that has ended took it."""
        mailbox, name = self.mailbox, str(self.key)
        return mailbox is not None and (name in mailbox.taken or name in mailbox.waiting)


class Inquiry:
    """Asks a store about messages. Every read is bounded; nothing is changed.

    Args:
        store: The store, opened.
        platforms: The names of the platforms among whose places a reference is looked for.
        clock: Gives the seconds since the epoch.
    """

    def __init__(self, store: Store, *, platforms: tuple[str, ...], clock: Callable[[], float]) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock

    async def facts(self, subject: Subject) -> MessageFacts | None:
        """Find out what happened to a message; None for a reference that belongs to no run that is known.

        Raises:
            ConfigError: A reference belongs to several dead letters.
            StoreUnavailableError: The store cannot be reached.
        """
        if isinstance(subject, Reference):
            return await self._of_reference(subject.text)
        keys = [key async for key in self._keys(subject)]
        for key in keys:
            trace = await self._store.traces.find(key)
            if trace is not None:
                return await self._of_message(key, trace.session_id, trace)
        for key in keys:
            found = await self._of_history(key, subject)
            if found is not None:
                return found
        return MessageFacts(key=keys[0])

    async def _keys(self, link: MessageLink) -> AsyncIterator[MessageKey]:
        """Give the keys that a message may have: a link may leave the workspace open."""
        known = (link.workspace,) if link.workspace else await self._store.traces.workspaces(link.platform)
        for workspace in known or ("unknown",):
            yield MessageKey(platform=link.platform, workspace=workspace, channel=link.channel, message=link.message)

    async def _of_history(self, key: MessageKey, link: MessageLink) -> MessageFacts | None:
        """Look for a message without a trace where its conversation may be: it is forgotten, or the bot's own."""
        for channel, thread in link.conversations:
            session = SessionKey(platform=key.platform, workspace=key.workspace, channel=channel, thread=thread)
            found = await self._of_message(key, str(session), None)
            if found.runs or found.reply_of is not None or found.is_waiting:
                return found
        return None

    async def _of_message(self, key: MessageKey, session_id: str, trace: MessageTrace | None) -> MessageFacts:
        name = str(key)
        mailbox = await self._store.traces.mailbox(session_id)
        runs, amendments = await self._search(session_id, key, since=0.0 if trace is None else trace.accepted_at)
        taking = tuple(run for run in runs if name in _sources(run))
        facts = MessageFacts(
            key=key,
            session_id=session_id,
            trace=trace,
            runs=taking,
            reply_of=next((run for run in runs if key.message in _posted(run)), None),
            mailbox=mailbox,
            is_edited=amendments.get(name) is not None,
            deletion=await self._store.traces.find(replace(key, revision=_DELETED)),
        )
        is_answered = bool(taking) and all(run.error is None for run in taking)
        if facts.is_waiting or is_answered or not (taking or trace):
            return facts
        letter = await self._letter_of(name)
        passed_by = None if taking or trace is None else _passing(runs, trace.accepted_at)
        return replace(facts, letter=letter, passed_by=passed_by)

    async def _search(self, session_id: str, key: MessageKey, *, since: float) -> tuple[tuple[Run, ...], Amendments]:
        """Read back until the runs that took the message are found, or are older than the message."""
        name = str(key)
        found: Transcript | None = None
        for window in _WINDOWS:
            found = await self._store.history.load(session_id, runs=window)
            if found is None or len(found.runs) < window:
                break
            is_found = any(name in _sources(run) or key.message in _posted(run) for run in found.runs)
            if is_found or found.runs[0].created_at < since:
                break
        return ((), {}) if found is None else (found.runs, found.amendments)

    async def _letter_of(self, name: str) -> DeadLetter | None:
        letters = await self._store.dead_letters.list(limit=MAX_LETTERS)
        return next((one for one in letters if name in {str(event.key) for event in one.events}), None)

    async def _of_reference(self, reference: str) -> MessageFacts | None:
        letter = await find_letter(self._store.dead_letters, reference)
        if letter is not None and letter.events:
            key = letter.events[-1].key
            return await self._of_message(key, letter.session_id, await self._store.traces.find(key))
        async for session_id in self._sessions():
            found = await self._store.history.load(session_id, runs=_WINDOWS[0])
            for run in () if found is None else found.runs:
                if run.run_id.lower().startswith(reference):
                    return await self._of_run(run)
        return None

    async def _of_run(self, run: Run) -> MessageFacts | None:
        # What was said before an answer was asked for stands first; the last of it is the question.
        names = list(_sources(run))
        if not names:
            return None
        key = MessageKey.parse(names[-1])
        return await self._of_message(key, run.session_id, await self._store.traces.find(key))

    async def _sessions(self) -> AsyncIterator[str]:
        """Give the sessions in which something was said of late, the latest of each platform first."""
        since = self._clock() - _SEARCHED_SECONDS
        for platform in self._platforms:
            for known in await self._store.places.recent(platform, since=since, limit=_SEARCHED_PLACES):
                yield str(known.place.session)


def _sources(run: Run) -> Iterator[str]:
    said = (message.source for message in run.messages if message.role is Role.USER)
    answers = (decision.source for decision in run.decisions)
    return (source for source in (*said, *answers, run.source) if source is not None)


def _posted(run: Run) -> tuple[str, ...]:
    return () if run.trace is None else run.trace.posted


def _passing(runs: tuple[Run, ...], at: float) -> Run | None:
    """Return the run that was being made at a time."""
    during = (run for run in runs if run.trace is not None and run.trace.claimed_at <= at <= run.trace.finished_at)
    return next(during, None)
