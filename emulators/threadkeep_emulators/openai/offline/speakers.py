"""Who says what: one message may carry the words of several people, each under a label."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from threadkeep_emulators.openai.conversation import Turn

_ELEMENT = re.compile(
    r"<(?P<tag>\w+)\b[^>]{0,300}?\b(?:from|name|author|user|speaker|by)=[\"'](?P<speaker>[^\"']{0,100})[\"'][^>]{0,300}>"
    r"(?P<text>.*?)(?:</(?P=tag)>|\Z)",
    re.DOTALL,
)
_TIME = re.compile(r"^\[\d[^\]\n]*\]\s*")
_LABEL = re.compile(
    r"^(?:\[(?P<bracket>[^\W\d_][^\]\n]{0,60})\]:?"
    r"|\*\*(?P<bold>[^*:\n]{1,60}):?\*\*:?"
    r"|(?P<plain>[^\W\d_][\w.'\u2019-]{0,40}(?: [A-Z][\w.'\u2019-]{0,40}){0,3})(?: \([^)\n]{0,60}\))?:)(?:\s+|$)"
)
_NO_SPEAKERS = frozenset(
    {"answer", "calculate", "compute", "count", "error", "example", "image", "file", "note", "ps", "question"}
    | {"remember", "repeat", "say", "summarise", "summarize", "summary", "system", "todo", "translate", "warning"}
    | {"audio", "pdf"}
)
_SELF = frozenset({"user", "you", "me", "human"})
_MENTION = re.compile(r"^(?:(?:<@!?&?[\w|.-]+>|@[\w.-]+)[,:]?\s*)+")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Hold what one person said; the speaker is None where no label tells."""

    speaker: str | None
    text: str


def utterances(turn: Turn) -> tuple[Utterance, ...]:
    """Give what is said in a turn, by whom, in order, without the mention that addresses the bot."""
    elements = list(_ELEMENT.finditer(turn.text))
    if elements:
        found = [Utterance(part["speaker"] or None, part["text"]) for part in elements]
    else:
        found = list(_labelled_lines(_MENTION.sub("", turn.text.lstrip())))
    return tuple(
        Utterance(said.speaker or turn.name, _MENTION.sub("", said.text.strip())) for said in found if said.text.strip()
    )


def labelled(line: str) -> Utterance:
    """Read one line that may begin with a speaker's label; the label "user" names nobody."""
    return _split(line) or Utterance(None, line)


def _split(line: str) -> Utterance | None:
    """Give what follows a speaker's label, or None for a line without one."""
    line = _TIME.sub("", line)
    label = _LABEL.match(line)
    if label is None:
        return None
    speaker = (label["bracket"] or label["bold"] or label["plain"]).strip()
    if speaker.lower().partition(":")[0] in _NO_SPEAKERS:
        return None
    return Utterance(None if speaker.lower() in _SELF else speaker, line[label.end() :])


def _labelled_lines(text: str) -> Iterator[Utterance]:
    lines = text.splitlines()
    first = _split(lines[0]) if lines else None
    if first is None:
        # Without a label at its head, a colon further down belongs to what is said.
        yield Utterance(None, text)
        return
    speaker, words = first.speaker, [first.text]
    for line in lines[1:]:
        said = _split(line)
        if said is None:
            words.append(line)
            continue
        yield Utterance(speaker, "\n".join(words))
        speaker, words = said.speaker, [said.text]
    yield Utterance(speaker, "\n".join(words))
