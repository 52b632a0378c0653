"""What the model is shown of a session: pure functions, so that they can be tested with any history.

A run that ended without words of the agent (it failed, or was stopped early) keeps the user's words in the history.
A short note in brackets stands for the missing answer: without it a model answers the old question together with the
new one, and servers that insist on taking turns refuse the request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from threadkeep.chat.speakers import to_message
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.runs import Run, RunStatus
from threadkeep.stores.base import Transcript

_NOTES: Final = {
    RunStatus.COMPLETED: "(no answer)",
    RunStatus.CANCELLED: "(no answer: the run was stopped)",
    RunStatus.FAILED: "(no answer: the run failed)",
}
DELETED: Final = "(deleted)"
"""What stands for the words of a message that its author took away."""
UNFINISHED: Final = "not finished"
"""What stands for the result of a tool call that has none."""


def shown_messages(*, system: str, past: Sequence[Run], new: Sequence[Message]) -> tuple[Message, ...]:
    """Give the messages of a request: the system message, the past runs in order, the new messages.

    Args:
        system: The text of the system message; empty for none.
        past: The runs to show, oldest first.
        new: The messages to be answered.
    """
    head = (Message(role=Role.SYSTEM, content=system),) if system else ()
    return (*head, *(message for run in past for message in run_messages(run)), *new)


def current_runs(transcript: Transcript | None) -> tuple[Run, ...]:
    """Give the runs of a transcript with what people have edited or deleted since; none without a transcript."""
    if transcript is None:
        return ()
    edits = {key: None if edit is None else to_message(edit) for key, edit in transcript.amendments.items()}
    return amended(transcript.runs, edits)


def live_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Give those of a session's runs that still belong to its conversation, in order.

    That is what was said since the last boundary, without commands and without answers that were given anew.
    """
    fresh = [run for run in runs[after_boundary(runs) :] if run.messages]
    replaced = {run.replaces for run in fresh}
    return tuple(run for run in fresh if run.run_id not in replaced)


def after_boundary(runs: Sequence[Run]) -> int:
    """Give the position of the first run of the conversation as it is now: behind the last boundary."""
    return max((number for number, run in enumerate(runs, start=1) if run.is_boundary), default=0)


def amended(runs: Iterable[Run], amendments: Mapping[str, Message | None]) -> tuple[Run, ...]:
    """Give the runs with what people said as it stands now.

    Args:
        runs: The runs as they were when they ended.
        amendments: By the source of a message: what it says now, or None if it was deleted.
    """
    if not amendments:
        return tuple(runs)
    return tuple(
        replace(run, messages=tuple(_amended(message, amendments) for message in run.messages)) for run in runs
    )


def _amended(message: Message, amendments: Mapping[str, Message | None]) -> Message:
    if message.source is None or message.source not in amendments:
        return message
    edited = amendments[message.source]
    if edited is None:
        return replace(message, content=DELETED, attachments=())
    return replace(edited, attachments=message.attachments)


def run_messages(run: Run) -> tuple[Message, ...]:
    """Give the messages of a past run as any model server takes them.

    Each tool result follows its call, each call has a result, and the agent has the last word.
    """
    messages = paired(run.messages)
    if not messages or (messages[-1].role is Role.ASSISTANT and messages[-1].content):
        return messages
    return (*messages, Message(role=Role.ASSISTANT, content=_NOTES[run.status]))


def paired(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Give the messages with every tool call answered once and no result without its call.

    System messages and empty answers are left out.
    """
    kept: list[Message] = []
    waiting: dict[str, ToolCall] = {}
    for message in messages:
        if message.role is Role.TOOL:
            if message.tool_call_id in waiting:
                del waiting[message.tool_call_id]
                kept.append(message)
            continue
        kept.extend(unfinished(call) for call in waiting.values())
        waiting = {call.id: call for call in message.tool_calls}
        if len(waiting) < len(message.tool_calls):
            message = replace(message, tool_calls=tuple(waiting.values()))  # noqa: PLW2901 - the repaired one counts
        if message.role is Role.USER or (message.role is Role.ASSISTANT and (message.content or waiting)):
            kept.append(message)
    kept.extend(unfinished(call) for call in waiting.values())
    return tuple(kept)


def unfinished(call: ToolCall, text: str = UNFINISHED) -> Message:
    """Give the message that stands for the result of a call that has none."""
    return Message(role=Role.TOOL, content=text, tool_call_id=call.id, is_error=True)


def last_runs(runs: Sequence[Run], count: int) -> tuple[Run, ...]:
    """Give the last runs, oldest first; none where the count is 0."""
    return tuple(runs[-count:]) if count > 0 else ()
