"""What the people see of a run: the text so far, the tools at work, and how many messages wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from threadkeep.agent.questions import APPROVE, DENY, Question
from threadkeep.chat.adapter import ReplyContent, ReplyState, ToolActivity, ToolStatus
from threadkeep.chat.elements import MOST_ELEMENTS, Button, Element, Elements
from threadkeep.chat.visible import italic
from threadkeep.errors import ContextTooLongError, EmptyAnswerError, ModelRateLimitError, ModelUnavailableError
from threadkeep.runs import (
    ContentDelta,
    Decision,
    FileNotRead,
    Run,
    RunCompleted,
    RunEvent,
    RunStatus,
    ToolCallCompleted,
    ToolCallProgressed,
    ToolCallStarted,
)
from threadkeep.runtime.journal import DELETED_BY

_STOP: Final = Button(action="stop", label="Stop")
_STATES: Final = {
    RunStatus.COMPLETED: ReplyState.FINISHED,
    RunStatus.CANCELLED: ReplyState.STOPPED,
    RunStatus.FAILED: ReplyState.FAILED,
}
_ENDS: Final = {
    "length": "_Cut off: the answer reached the longest length that the model may write._",
    "content_filter": "_Cut off by the content filter of the model's provider._",
    "refusal": "_The model declined to answer this._",
}
_SILENCES: Final = {
    "length": "Sorry, my language model reached the longest length of an answer before it said anything.",
    "content_filter": "Sorry, the content filter of my language model's provider let no answer through.",
}
STOPPED: Final = "_Stopped._"
QUESTION_DELETED: Final = "_Stopped: the question was deleted._"
INTERRUPTED: Final = "_Interrupted by the next message._"
WITHDRAWN: Final = "_Withdrawn: a new conversation was begun._"
REFERENCE_LENGTH = 8
"""How many characters of the run id people are shown as a reference."""


def failure_line(error: BaseException, run_id: str) -> str:
    """Return the one line that people see when a run fails; it never holds a provider's text."""
    if isinstance(error, ModelUnavailableError | ModelRateLimitError):
        text = "Sorry, my language model is not available right now. Please try again in a minute."
    elif isinstance(error, ContextTooLongError):
        text = "Sorry, this is too long for my language model. Please say it in fewer words, or begin anew with !new."
    elif isinstance(error, EmptyAnswerError):
        text = _SILENCES.get(error.finish_reason, "Sorry, my language model said nothing. Please ask again.")
    else:
        text = "Sorry, something went wrong and I could not finish this answer. Please try again."
    return f"{text} (reference {run_id[:REFERENCE_LENGTH]})"


@dataclass(slots=True, kw_only=True)
class View:
    """The visible state of one run.

    Attributes:
        text: The answer so far, as Markdown.
        tools: The tool calls, by call id, and what people have decided of them.
        offered: What the tools let stand under the answer.
        notes: What people have decided, a line each.
        waiting: How many messages wait for the next run.
        has_stop: Whether a button to stop stands under it while the run goes on.
    """

    text: str = ""
    tools: dict[str, ToolActivity] = field(default_factory=dict)
    offered: list[Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waiting: int = 0
    has_stop: bool = False

    def follow(self, event: RunEvent) -> bool:
        """Take an event of the run; tell whether it changes what is seen."""
        match event:
            case ContentDelta(content=text):
                self.text += text
            case FileNotRead():
                self.add_line(_unread_line(event))
                self.text += "\n\n"
            case ToolCallStarted(call=call):
                self.tools[call.id] = ToolActivity(id=call.id, title=f"Using {call.name}")
            case ToolCallProgressed(call=call, details=details) if call.id in self.tools:
                self.tools[call.id] = replace(self.tools[call.id], details=details)
            case ToolCallCompleted():
                self._complete(event)
            case RunCompleted(response=response) if response.finish_reason in _ENDS:
                self.add_line(_ENDS[response.finish_reason])
            case _:
                return False
        return True

    def content(self) -> ReplyContent:
        """Return what is to be seen while the run goes on."""
        activity = [*self.notes, *(_line(tool) for tool in self.tools.values() if tool.status is ToolStatus.RUNNING)]
        tools = list(self.tools.values())
        if self.waiting:
            hint = _waiting(self.waiting)
            activity.append(hint.title)
            tools.append(hint)
        elements = (_STOP,) if self.has_stop else ()
        return ReplyContent(text=self.text, activity=tuple(activity), tools=tuple(tools), elements=elements)

    def waiting_content(self, questions: Sequence[Question], run_id: str) -> ReplyContent:
        """Return what is to be seen while the run waits for people."""
        shown, elements = _asked(questions, run_id)
        texts = [self.text.strip(), *shown]
        if self.waiting:
            texts.append(italic(_waiting(self.waiting).title))
        return ReplyContent(
            text="\n\n".join(text for text in texts if text),
            is_final=True,
            tools=tuple(self.tools.values()),
            elements=elements,
            state=ReplyState.WAITING,
        )

    def final_content(self, run: Run, text: str, elements: Elements) -> ReplyContent:
        """Return what is to be seen in the end: also who decided, in the place of the buttons."""
        is_closed = run.is_boundary and run.status is RunStatus.COMPLETED
        return ReplyContent(
            text="\n\n".join([*(italic(note) for note in self.notes), text]),
            is_final=True,
            tools=tuple(self.tools.values()),
            elements=elements,
            state=ReplyState.CLOSED if is_closed else _STATES[run.status],
        )

    def add_decisions(self, decisions: Iterable[Decision]) -> None:
        """Show what people have decided."""
        for decision in decisions:
            line = decision_line(decision)
            status = ToolStatus.DONE if decision.choice != DENY and not decision.is_expired else ToolStatus.FAILED
            name = f"decision:{decision.question_id}"
            self.notes.append(line)
            self.tools[name] = ToolActivity(id=name, title=line, status=status)

    def add_line(self, line: str) -> None:
        """Add a line of the bot's own under the answer."""
        self.text = f"{self.text.rstrip()}\n\n{line}" if self.text.strip() else line

    def _complete(self, event: ToolCallCompleted) -> None:
        known = self.tools.get(event.call.id) or ToolActivity(id=event.call.id, title=f"Using {event.call.name}")
        status = ToolStatus.FAILED if event.is_error else ToolStatus.DONE
        self.tools[event.call.id] = replace(known, status=status, details=event.details, sources=event.sources)
        self.offered = [*self.offered, *event.elements][-MOST_ELEMENTS:]


def decision_line(decision: Decision) -> str:
    """Return in a few words what was decided."""
    if decision.is_expired:
        return "Nobody decided in time"
    who = decision.speaker or "somebody"
    if decision.choice in (APPROVE, DENY):
        return f"{'Approved' if decision.choice == APPROVE else 'Denied'} by {who}"
    return f"{who}: {decision.choice or decision.text}"


def stop_line(asked_by: str | None) -> str | None:
    """Return the line for a stop that is recorded with the run; None if there is none."""
    if asked_by is None:
        return None
    return QUESTION_DELETED if asked_by == DELETED_BY else STOPPED


def late_line(age: float) -> str:
    """Return what stands above an answer that comes so many seconds after its question."""
    hours = age / 3600
    ago = f"{hours:.0f} hours" if hours >= 1.5 else f"{age / 60:.0f} minutes"
    return f"_You asked this {ago} ago, while I was away._"


def dropped_line(count: int) -> str:
    """Return the note that messages were not read."""
    return f"_{_count(count, 'message', 'that came meanwhile')} {'was' if count == 1 else 'were'} not read._"


def _waiting(count: int) -> ToolActivity:
    """Return the hint that messages wait; what is not waiting any more may not be said to wait."""
    title, over = (_count(count, "message", rest) for rest in ("waiting", "came meanwhile"))
    return ToolActivity(id="waiting", title=title, over=over)


def _line(tool: ToolActivity) -> str:
    return f"{tool.title}: {tool.details}" if tool.details else f"{tool.title} …"


def _asked(questions: Sequence[Question], run_id: str) -> tuple[list[str], Elements]:
    """Give the texts of questions, and their elements as far as there is room under one reply."""
    if len(questions) == 1:
        return [questions[0].shown()], questions[0].elements(run_id)
    texts: list[str] = []
    elements: list[Element] = []
    for number, question in enumerate(questions, start=1):
        own = question.elements(run_id, label=f"{number}: ")
        if len(elements) + len(own) > MOST_ELEMENTS:
            texts.append(f"_{_count(len(questions) - number + 1, 'more question', 'after these')}_")
            break
        texts.append(f"**{number}.** {question.shown()}")
        elements.extend(own)
    return texts, tuple(elements)


def _unread_line(event: FileNotRead) -> str:
    if event.is_partial:
        return f"_Of {event.name} I read only a part: {event.reason}._"
    return f"_I could not read {event.name}: {event.reason}._"


def _count(number: int, thing: str, rest: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'} {rest}"
