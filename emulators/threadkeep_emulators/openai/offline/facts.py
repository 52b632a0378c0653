"""What people said about themselves, as far as the messages of this very request tell."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from threadkeep_emulators.openai.conversation import Turn

from .speakers import Utterance, labelled

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_NAME = r"([^\W\d_][\w'\u2019-]{0,60}(?: [A-Z][\w'\u2019-]{0,60}){0,2})"
_OWN_NAME = re.compile(r"\b(?i:my name(?: is|['\u2019]s)|i am called|i['\u2019]m called|call me) " + _NAME)
_PLAIN_NAME = re.compile(r"\b(?i:i am|i['\u2019]m) ([A-Z][\w'-]{1,40})(?=\s*(?:[.,!]|and\b|$))")
_NEXT = r"(?=,? (?:and|but) (?:my|i)\b|[!?\n]|$)"
_OWN = re.compile(rf"\bmy (?P<key>[\w' -]{{1,60}}?) (?:is|are|was) (?P<value>.{{1,300}}?){_NEXT}", re.IGNORECASE)
_HABIT = re.compile(
    rf"\bi (?P<key>like|love|hate|prefer|live in|work (?:at|as|for|in)) (?P<value>.{{1,300}}?){_NEXT}", re.IGNORECASE
)
_REQUEST = re.compile(r"\W*(?:can|could|will|would) you\b", re.IGNORECASE)
_NOTE = re.compile(
    r"\b(?:remember|do not forget|don['\u2019]t forget|note)(?: that|:)? (?P<value>[^\n]{1,300})", re.IGNORECASE
)
_TOLD = re.compile(
    r"\b(?P<who>(?:the )?user|[^\W\d_][\w-]{0,60})['\u2019]s (?P<key>[\w -]{1,60}?) is (?P<value>[^.!?\n]{1,300})",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(?P<line>.+)$", re.MULTILINE)
_PAIR = re.compile(r"^(?P<key>[\w ]{1,40}): (?P<value>.{1,300})$")
_SPELLINGS = (("favorite", "favourite"), ("color", "colour"))
NAME_KEY, NOTE_KEY = "name", "note"
HABITS = frozenset({"like", "love", "hate", "prefer", "live in", "work at", "work as", "work for", "work in"})


@dataclass(frozen=True, slots=True)
class Fact:
    """Hold one thing that somebody said of themselves; the speaker is None where no label tells."""

    speaker: str | None
    key: str
    value: str


class Facts:
    """Find facts by who they are about; a later word replaces an earlier one."""

    def __init__(self, told: Iterable[Fact], said: Iterable[Fact]) -> None:
        self._told = list(told)
        self._said = list(said)

    def find(self, speaker: str | None, key: str) -> str | None:
        """Give the newest value of a key for a speaker.

        What the speaker said counts most, then what the system message tells of them by name, then what it
        tells of "the user" without a name. What other people said never counts.
        """
        wanted = spelled(key)
        for source, owner in ((self._said, speaker), (self._told, speaker), (self._told, None)):
            for fact in reversed(source):
                if _same(fact.speaker, owner) and spelled(fact.key) == wanted:
                    return fact.value
        return None

    def about(self, speaker: str | None) -> list[Fact]:
        """Give all that is known of a speaker, oldest first, each key once but every note."""
        known: dict[tuple[str, str], Fact] = {}
        for fact in self._told + self._said:
            is_theirs = _same(fact.speaker, speaker) or (fact.speaker is None and fact in self._told)
            if is_theirs:
                known[fact.key, fact.value if fact.key == NOTE_KEY else ""] = fact
        return list(known.values())


def collect(turns: Sequence[Turn], said: Sequence[Utterance]) -> Facts:
    """Collect the facts of a conversation from its system messages and from what users said."""
    told = [fact for turn in turns if turn.role == "system" for fact in _told_facts(turn.text)]
    return Facts(told, [fact for utterance in said for fact in facts_in(utterance)])


def facts_in(utterance: Utterance) -> Iterator[Fact]:
    """Give the facts that an utterance states; questions state none."""
    for sentence in _SENTENCE_END.split(utterance.text):
        is_question = sentence.rstrip().endswith("?") and not _REQUEST.match(sentence)
        if not is_question:
            yield from _stated(sentence, utterance.speaker)


def spelled(key: str) -> str:
    """Give a key in one spelling, so that a favorite color is a favourite colour."""
    key = " ".join(key.lower().split())
    for american, british in _SPELLINGS:
        key = key.replace(american, british)
    return key


def _stated(sentence: str, speaker: str | None) -> Iterator[Fact]:
    name = _OWN_NAME.search(sentence) or _PLAIN_NAME.search(sentence)
    if name is not None:
        yield Fact(speaker, NAME_KEY, name[1])
    for own in _OWN.finditer(sentence):
        if spelled(own["key"]) != NAME_KEY:
            yield Fact(speaker, spelled(own["key"]), _trimmed(own["value"]))
    for habit in _HABIT.finditer(sentence):
        yield Fact(speaker, spelled(habit["key"]), _trimmed(habit["value"]))
    note = _NOTE.search(sentence)
    if note is not None:
        yield Fact(speaker, NOTE_KEY, _trimmed(note["value"]))


def _told_facts(text: str) -> Iterator[Fact]:
    for told in _TOLD.finditer(text):
        who = told["who"].lower()
        yield Fact(None if who.endswith("user") else told["who"], spelled(told["key"]), _trimmed(told["value"]))
    for bullet in _BULLET.finditer(text):
        said = labelled(bullet["line"])
        stated = list(facts_in(said))
        pair = _PAIR.match(bullet["line"])
        if not stated and pair is not None:
            stated = [Fact(None, spelled(pair["key"]), _trimmed(pair["value"]))]
        yield from stated


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").lower() == (other or "").lower()


def _trimmed(value: str) -> str:
    return value.strip().rstrip(".!?,;")
