"""What has happened in a run so far, in a form that is valid at every moment."""

from dataclasses import dataclass, field, replace
from typing import Final

from threadkeep.agent.history import unfinished
from threadkeep.agent.steps import ToolStep
from threadkeep.messages import Message, Role, ToolCall

_BETWEEN_STEPS: Final = "\n\n"


@dataclass(slots=True)
class _Step:
    """An answer of the model, the known results of the calls in it by their number, and what was said after it."""

    answer: Message
    results: dict[int, Message] = field(default_factory=dict)
    heard: tuple[Message, ...] = ()

    def messages(self, missing: str) -> list[Message]:
        calls = enumerate(self.answer.tool_calls)
        results = (self.results.get(index) or unfinished(call, missing) for index, call in calls)
        return [self.answer, *results, *self.heard]


class RunRecord:
    """Collect the answers, the tool results and the words of one run."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._content: list[str] = []
        self._saying: list[str] = []

    @property
    def content(self) -> str:
        """Give everything that was said so far: the words of several answers are parted by an empty line."""
        return "".join(self._content)

    @property
    def is_saying(self) -> bool:
        """Tell whether the answer under way has words."""
        return bool(self._saying)

    @property
    def open_calls(self) -> tuple[ToolCall, ...]:
        """Give the calls of the latest answer; none if that answer was the last word."""
        return self._steps[-1].answer.tool_calls if self._steps else ()

    def say(self, text: str) -> str:
        """Add words to the answer under way; give what that adds to the whole content."""
        delta = text
        if text and not self._saying and self._content:
            delta = _BETWEEN_STEPS + text
        if text:
            self._saying.append(text)
            self._content.append(delta)
        return delta

    def settle(self, answer: Message) -> None:
        """Take the answer under way as whole."""
        self._saying.clear()
        self._steps.append(_Step(answer))

    def keep_result(self, index: int, result: ToolStep) -> None:
        """Take the result of a call of the latest answer."""
        step = self._steps[-1]
        step.results[index] = Message(
            role=Role.TOOL,
            content=result.text,
            tool_call_id=step.answer.tool_calls[index].id,
            is_error=result.is_error,
            attachments=result.attachments,
        )

    def hear(self, messages: tuple[Message, ...]) -> None:
        """Take what the user said while the calls of the latest answer were made."""
        self._steps[-1].heard += messages

    def messages(self, missing: str) -> list[Message]:
        """Give the messages so far; calls without a result get one that says so.

        Args:
            missing: What stands for a result that is missing.
        """
        said = [message for step in self._steps for message in step.messages(missing)]
        said = [message for message in said if message.content or message.role is not Role.ASSISTANT or _calls(message)]
        return [*said, Message(role=Role.ASSISTANT, content="".join(self._saying))] if self._saying else said


def with_own_ids(answer: Message) -> Message:
    """Give an answer in which each tool call has an id of its own, which its result can refer to."""
    seen: set[str] = set()
    calls: list[ToolCall] = []
    for index, call in enumerate(answer.tool_calls):
        is_own = bool(call.id) and call.id not in seen
        calls.append(call if is_own else replace(call, id=f"call_{len(seen)}_{index}"))
        seen.add(calls[-1].id)
    return replace(answer, tool_calls=tuple(calls))


def _calls(message: Message) -> bool:
    return bool(message.tool_calls)
