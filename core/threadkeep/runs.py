"""A run: one answer of the agent to one or more messages, its events and what it cost."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import Elements
from threadkeep.chat.events import PlaceKind
from threadkeep.messages import Attachment, Message, ToolCall

SCHEMA_VERSION = 1
"""The version of the stored form of a run; a reader refuses what is newer than it knows."""


class RunStatus(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """What one model did for a run.

    Attributes:
        model: The model's name.
        calls: How often it was asked.
        input_tokens: Tokens sent to it.
        cached_tokens: Those of them that its server had cached.
        output_tokens: Tokens that it wrote.
        cost: US dollars; None where its price is not known.
        is_estimated: Whether tokens were estimated, because its server did not tell.
    """

    model: str
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a run cost.

    Attributes:
        input_tokens: Tokens sent to the model, over all its steps; None where the server did not say.
        cached_tokens: Those of them that the server had cached.
        output_tokens: Tokens that the model wrote.
        time_to_first_token: Seconds from the start to the first visible text; None if there was none.
        duration: Seconds from the start to the end.
        model_calls: How often the model was asked.
        models: The same by model, with tokens that were estimated where a server did not say.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float = 0.0
    model_calls: int = 0
    models: tuple[ModelUse, ...] = ()

    @property
    def cost(self) -> float | None:
        """US dollars; None where the price of a model is not known."""
        known = [use.cost for use in self.models if use.cost is not None]
        return sum(known) if known and len(known) == len(self.models) else None

    @property
    def is_estimated(self) -> bool:
        """Whether some of the tokens that the cost rests on were estimated."""
        return any(use.is_estimated for use in self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided during a run.

    Attributes:
        question_id: The question.
        question: What was asked, with the arguments of the call that it is about.
        choice: The value of the choice; empty for an answer in words, and where nobody decided.
        text: The answer in words, or the reason.
        user_id: Who decided, where known.
        speaker: The name under which people know them.
        at: When, in seconds since the epoch.
        source: The key of the message that was the answer, where one was.
        is_expired: Whether nobody decided in time.
    """

    question_id: str
    question: str = ""
    choice: str = ""
    text: str = ""
    user_id: str | None = None
    speaker: str = ""
    at: float = 0.0
    source: str | None = None
    is_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """How a run came about, to explain it later.

    Attributes:
        worker: Who made it.
        attempt: Which attempt ended it.
        claimed_at: When that attempt began, in seconds since the epoch.
        finished_at: When the answer was visible, in seconds since the epoch.
        posted: The platform's ids of the reply's messages, in order.
    """

    worker: str
    attempt: int
    claimed_at: float
    finished_at: float
    posted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run as the store keeps it.

    Attributes:
        run_id: Its id.
        session_id: The conversation that it belongs to.
        user_id: Who was answered, where known.
        status: How it ended.
        messages: What this run added to the conversation: the user's words, the model's answers, the tools' results.
            It never holds the system message or the history that was shown.
        content: The answer, whole.
        error: A short name of what went wrong (an error class), never a provider's text.
        metrics: What it cost.
        created_at: When it began, in seconds since the epoch.
        trace: How it came about, for runs of a bot.
        decisions: What people decided while it was made, in the order of time.
        command: The command that it carried out, where it was asked for by one.
        source: For a command, the key of its message, which is not among ``messages``.
        is_boundary: Whether a fresh conversation begins after it: the model is not shown what was before.
        replaces: The id of the run whose answer it gives anew: the model is not shown that one any more.
        kind: In what kind of place it was made; None outside a bot.
        is_confidential: Whether that was a private channel or a group conversation.
        version: The version of this form.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    status: RunStatus = RunStatus.COMPLETED
    messages: tuple[Message, ...] = ()
    content: str = ""
    error: str | None = None
    metrics: Metrics = field(default_factory=Metrics)
    created_at: float = 0.0
    trace: RunTrace | None = None
    decisions: tuple[Decision, ...] = ()
    command: str | None = None
    source: str | None = None
    is_boundary: bool = False
    replaces: str | None = None
    kind: PlaceKind | None = None
    is_confidential: bool = False
    version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResponse:
    """What ``Agent.run`` gives back.

    Attributes:
        run_id: The id of this run.
        session_id: The conversation: the one that was named, or a fresh one.
        user_id: Who was answered, where known.
        content: The answer.
        messages: Everything that was sent and received, the system message and the shown history included.
        metrics: What it cost.
        status: How the run ended.
        parsed: The answer as an object of ``response_model``; None without one, and where the model refused.
        finish_reason: Why the model ended: ``stop``, ``length``, ``refusal``, ``content_filter``, or its server's own
            word.
    """

    run_id: str
    session_id: str
    user_id: str | None
    content: str
    messages: tuple[Message, ...]
    metrics: Metrics
    status: RunStatus
    parsed: Any = None
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began."""

    run_id: str
    session_id: str
    user_id: str | None
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDelta:
    """The model wrote some more text; the texts of all deltas joined are the answer."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallStarted:
    """A tool is being called."""

    call: ToolCall
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallProgressed:
    """A tool that is being called says how far it has come."""

    call: ToolCall
    details: str
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallCompleted:
    """A tool call ended, well or not.

    Attributes:
        call: The call.
        result: What the model is told.
        is_error: Whether the call failed.
        duration: Seconds that it took.
        details: The last line of progress.
        sources: What the result rests on.
        elements: What is to stand under the answer.
        attachments: The files that it gave back, by reference.
    """

    call: ToolCall
    result: str
    is_error: bool
    duration: float
    details: str = ""
    sources: tuple[Source, ...] = ()
    elements: Elements = ()
    attachments: tuple[Attachment, ...] = ()
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNotRead:
    """A file of the question was not read, or not whole. The model is told the same.

    Attributes:
        name: The file's name.
        reason: Why, in a few words; where it was read in part, how far.
        is_partial: Whether a part of it was read.
    """

    name: str
    reason: str
    is_partial: bool = False
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSuspended:
    """The run waits for people; the last event of this attempt. Only a bot's runs wait so.

    Attributes:
        questions: How many questions are open.
    """

    questions: int
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """The run ended well; the last event of a stream. A run that fails raises from the stream instead."""

    response: RunResponse
    content: str = ""


RunEvent = (
    RunStarted
    | FileNotRead
    | ContentDelta
    | ToolCallStarted
    | ToolCallProgressed
    | ToolCallCompleted
    | RunSuspended
    | RunCompleted
)
"""What ``Agent.arun(stream=True)`` yields. Each has ``content``: joined over a whole stream, it is the answer."""
