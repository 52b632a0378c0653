"""What is visible of a reply's content: its parts, with a note of what the agent is doing."""

import re
from dataclasses import dataclass

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.markdown import Measure, split_markdown

_MOST_LINES = 5
_CUT_OFF = "_Cut off here: no more messages can be sent._"
_LINE_LENGTH = 100
_MARKUP = re.compile(r"([\\`*_~|<>\[\]])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLimits:
    """What a platform allows.

    Attributes:
        part_length: The greatest length of one message.
        edit_interval: Seconds between visible changes while the answer is being written.
        measure: The unit of ``part_length``.
        edits: Whether posted messages can be changed. If not, a message is posted when it is full or final.
        has_elements: Whether buttons and selects are shown. If not, no message is changed for their sake.
        simple_length: The length up to which a message is of a simpler kind; no note of what the agent is doing makes
            it one of the other kind. None where there is one kind only.
        most_parts: How many messages one answer may have; None for any number.
    """

    part_length: int
    edit_interval: float
    measure: Measure = len
    edits: bool = True
    has_elements: bool = False
    simple_length: int | None = None
    most_parts: int | None = None


def final_parts(content: ReplyContent, limits: ReplyLimits) -> list[str]:
    """Give the messages that show the finished text, or as much of it as may be sent."""
    texts = [part.text for part in split_markdown(content.text, limits.part_length, limits.measure)]
    if limits.most_parts is None or len(texts) <= limits.most_parts:
        return texts
    room = limits.part_length - limits.measure(f"\n\n{_CUT_OFF}")
    last = split_markdown(texts[limits.most_parts - 1], room, limits.measure)[0].text
    return [*texts[: limits.most_parts - 1], f"{last}\n\n{_CUT_OFF}"]


def preview_parts(content: ReplyContent, limits: ReplyLimits) -> list[str]:
    """Give the messages that show the text so far and, under it, what the agent is doing.

    The activity never opens a message of its own, unless there is no text yet: it would have to be removed again.
    """
    texts = final_parts(content, limits)
    if not limits.edits:
        return texts[:-1]
    if content.is_final:
        return texts
    lines = [_activity_line(line) for line in content.activity if line.strip()][-_MOST_LINES:]
    room = _room_with_note(texts[-1] if texts else "", limits)
    for first in range(len(lines)):
        note = "\n".join(lines[first:])
        last = f"{texts[-1]}\n\n{note}" if texts else note
        if limits.measure(last) <= room:
            return [*texts[:-1], last]
    return texts


def _room_with_note(text: str, limits: ReplyLimits) -> int:
    if limits.simple_length is None or limits.measure(text) > limits.simple_length:
        return limits.part_length
    return limits.simple_length


def italic(words: str) -> str:
    """Give words in italics, whatever Markdown may stand in them."""
    return "_{}_".format(_MARKUP.sub(r"\\\1", " ".join(words.split())))


def _activity_line(line: str) -> str:
    words = " ".join(line.split())[:_LINE_LENGTH].rstrip(" .\u2026")
    return "_{}\u2026_".format(_MARKUP.sub(r"\\\1", words))
