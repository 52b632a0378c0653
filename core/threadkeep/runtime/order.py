"""What is to be answered or carried out, and the run of what needs no model."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from threadkeep.agent.agent import Agent
from threadkeep.agent.loop import AgentRun
from threadkeep.agent.request import Journal, RunRequest
from threadkeep.chat.adapter import Adapter
from threadkeep.chat.commands import Command, parse_command
from threadkeep.chat.events import MessageReceived
from threadkeep.chat.speakers import to_messages
from threadkeep.messages import Message, clean_text
from threadkeep.runs import ContentDelta, Metrics, Run, RunEvent, RunStarted, RunStatus
from threadkeep.runtime.answer_settings import AnswerSettings
from threadkeep.runtime.fetching import fetch_from, rights_from, send_to
from threadkeep.stores.base import Claim, Store, Transcript

Mark = Callable[[Run], Run]
"""Completes the record of a finished run."""


def unmarked(run: Run) -> Run:
    """Leave a record as it is: the mark of a run that is no command."""
    return run


class Begin(Protocol):
    """Begins a run of the agent in the conversation that was claimed."""

    def __call__(self, request: RunRequest, transcript: Transcript | None, *, is_bare: bool = False) -> AgentRun:
        """Give the run; see ``Agent.begin``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be answered or carried out, and with what.

    Attributes:
        events: The messages that are answered, the last one for all; of a command, its message and before it what
            others said meanwhile.
        claim: Their session.
        settings: How the bot answers.
        agent: Whose model and memory they use.
        store: Where everything is.
        adapter: The platform.
        journal: Where steps that must not be repeated are recorded.
        begin: Begins runs of the agent.
        clock: Gives the seconds since the epoch.
    """

    events: Sequence[MessageReceived]
    claim: Claim
    settings: AnswerSettings
    agent: Agent
    store: Store
    adapter: Adapter
    journal: Journal
    begin: Begin
    clock: Callable[[], float]

    @property
    def event(self) -> MessageReceived:
        """The message that is answered: the command."""
        return self.events[-1]

    @property
    def name(self) -> str:
        """The command's name."""
        return self.event.command or ""

    @property
    def command(self) -> Command | None:
        """The command; None if the bot does not know it."""
        return self.settings.commands.get(self.name)

    @property
    def text(self) -> str:
        """What follows the command."""
        # The text of a message that was edited while it waited is the whole new text.
        written = parse_command(self.event.text, self.settings.commands)
        return written.text if written is not None and written.name == self.name else self.event.text.strip()

    @property
    def talk(self) -> tuple[Message, ...]:
        """What others said before the command, which stays in the conversation."""
        return to_messages(self.events[:-1])

    def request(self, messages: tuple[Message, ...], note: str = "") -> RunRequest:
        """Give the request of the run."""
        claim = self.claim
        return RunRequest(
            run_id=claim.run_id,
            session_id=claim.lease.session_id,
            user_id=str(self.event.user),
            messages=messages,
            note=note,
            fetch=fetch_from(self.adapter, self.event.place),
            place=self.event.place,
            speaker=self.event.speaker,
            send_file=send_to(self.adapter, self.event.place),
            rights=rights_from(self.adapter, self.event.place, self.event.user),
            can_wait=True,
        )


class SpokenRun:
    """A run whose answer is not the model's. It is streamed and closed like one of an agent.

    Args:
        order: The command.
        speak: Carries it out and gives the answer.
    """

    def __init__(self, order: Order, speak: Callable[[], Awaitable[str]]) -> None:
        self._request = order.request(order.talk)
        self._speak = speak
        self._clock = order.clock
        self._began = order.clock()
        self._content = ""

    async def stream(self) -> AsyncGenerator[RunEvent, None]:
        """Carry the command out and yield its answer.

        Raises:
            Exception: Whatever a command of the bot's own raises.
        """
        request = self._request
        yield RunStarted(run_id=request.run_id, session_id=request.session_id, user_id=request.user_id)
        self._content = clean_text(await self._speak())
        yield ContentDelta(content=self._content)

    def close(self, status: RunStatus, error: str | None = None) -> Run:
        """Give the record of this run as far as it went."""
        request = self._request
        return Run(
            run_id=request.run_id,
            session_id=request.session_id,
            user_id=request.user_id,
            status=status,
            messages=request.messages,
            content=self._content,
            error=error,
            metrics=Metrics(duration=max(0.0, self._clock() - self._began)),
            created_at=self._began,
        )
