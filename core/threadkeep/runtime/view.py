"""What the people see of a run: the text so far, the tools at work, and how many messages wait."""

from dataclasses import dataclass, field

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import ModelRateLimitError, ModelUnavailableError
from threadkeep.runs import ContentDelta, RunEvent, ToolCallCompleted, ToolCallStarted

REFERENCE_LENGTH = 8
"""How many characters of the run id people are shown as a reference."""


def failure_line(error: BaseException, run_id: str) -> str:
    """Return the one line that people see when a run fails; it never holds a provider's text."""
    if isinstance(error, ModelUnavailableError | ModelRateLimitError):
        text = "Sorry, my language model is not available right now. Please try again in a minute."
    else:
        text = "Sorry, something went wrong and I could not finish this answer. Please try again."
    return f"{text} (reference {run_id[:REFERENCE_LENGTH]})"


@dataclass(slots=True, kw_only=True)
class View:
    """The visible state of one run.

    Attributes:
        text: The answer so far, as Markdown.
        tools: The names of the tools at work, by call id.
        waiting: How many messages wait for the next run.
    """

    text: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    waiting: int = 0

    def follow(self, event: RunEvent) -> bool:
        """Take an event of the run; tell whether it changes what is seen."""
        match event:
            case ContentDelta(content=text):
                self.text += text
            case ToolCallStarted(call=call):
                self.tools[call.id] = call.name
            case ToolCallCompleted(call=call):
                self.tools.pop(call.id, None)
            case _:
                return False
        return True

    def content(self) -> ReplyContent:
        """Return what is to be seen while the run goes on."""
        activity = [f"Using {name} …" for name in self.tools.values()]
        if self.waiting:
            activity.append(_count(self.waiting, "message", "waiting"))
        return ReplyContent(text=self.text, activity=tuple(activity))

    def add_line(self, line: str) -> None:
        """Add a line of the bot's own under the answer."""
        self.text = f"{self.text.rstrip()}\n\n{line}" if self.text.strip() else line


def dropped_line(count: int) -> str:
    """Return the note that messages were not read."""
    return f"_{_count(count, 'message', 'that came meanwhile')} {'was' if count == 1 else 'were'} not read._"


def _count(number: int, thing: str, rest: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'} {rest}"
