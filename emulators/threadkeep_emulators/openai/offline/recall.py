"""Answers that come from the conversation itself: summaries, quotations, and facts about the speaker."""

import re
from collections.abc import Sequence

from .facts import HABITS, NAME_KEY, NOTE_KEY, Fact, facts_in
from .scene import Scene
from .speakers import Utterance

_LONGEST_QUOTE = 300
_MODELS = frozenset({"assistant", "ai", "bot", "agent", "model"})
_ORDER = re.compile(
    r"\W*(?:please |your task is to |you (?:are to |will )?)?"
    r"(?:summari[sz]e|(?:write|update|make|keep|give|create|produce|extend)\b.{0,80}\bsummar)",
    re.IGNORECASE,
)


def summary(scene: Scene, _asked: re.Match[str]) -> str:
    """List what each user said, one line each."""
    return _summary((*scene.earlier, *scene.current))


def ordered_summary(scene: Scene) -> str | None:
    """Summarise because the system message orders it, or give None where it orders something else.

    An application that keeps summaries sends its transcript as one message, with a label on each line.
    """
    ordered = any(turn.role == "system" and _ORDER.match(turn.text) for turn in scene.request.turns)
    return _summary((*scene.earlier, *scene.current)) if ordered else None


def _summary(said: Sequence[Utterance]) -> str:
    told = [
        f"- {line.speaker or 'user'}: {_quoted(line.text)}"
        for line in said
        if not SUMMARY_REQUEST.search(line.text) and (line.speaker or "").lower() not in _MODELS
    ]
    if not told:
        return "There is nothing to summarise yet: I was shown no earlier message."
    return f"Summary of {len(told)} message(s):\n" + "\n".join(told)


def first_words(scene: Scene, _asked: re.Match[str]) -> str:
    """Quote the first thing that the speaker said."""
    return _quotation("The first thing that you said was", scene.own_earlier[:1])


def last_words(scene: Scene, _asked: re.Match[str]) -> str:
    """Quote what the speaker said just before."""
    return _quotation("Before this you said", (*scene.own_earlier, *scene.current[:-1])[-1:])


def words_of(scene: Scene, asked: re.Match[str]) -> str:
    """Quote everything that a named person said."""
    name = asked["name"]
    said = [line for line in (*scene.earlier, *scene.current[:-1]) if (line.speaker or "").lower() == name.lower()]
    if not said:
        return f"I was shown nothing that {name} said."
    return f"{name} said: " + "; ".join(f"“{_quoted(line.text)}”" for line in said)


def message_count(scene: Scene, _asked: re.Match[str]) -> str:
    """Count what the speaker said, the question included."""
    return f"I was shown {len(scene.own_earlier) + len(scene.current)} message(s) of yours, this one included."


def own_name(scene: Scene, _asked: re.Match[str]) -> str:
    """Tell the speaker's name, as they gave it or as their messages are labelled."""
    name = scene.facts.find(scene.speaker, NAME_KEY) or scene.speaker
    return f"Your name is {name}." if name else "You have not told me your name."


def own_habit(scene: Scene, asked: re.Match[str]) -> str:
    """Tell what the speaker likes, where they live, or what they work at."""
    for habit in (asked["habit"], *sorted(HABITS)):
        value = scene.facts.find(scene.speaker, habit)
        if value and habit.startswith(asked["habit"].lower()):
            return f"You {habit.lower()} {value}."
    return f"You have not told me what or where you {asked['habit']}."


def words_about(scene: Scene, asked: re.Match[str]) -> str:
    """Quote what the speaker said that holds a word."""
    topic = asked["topic"].strip(" .?!")
    said = [line for line in scene.own_earlier if topic.lower() in line.text.lower()]
    if not said:
        return f"I was shown nothing that you said about {topic}."
    return f"About {topic} you said: " + "; ".join(f"\u201c{_quoted(line.text)}\u201d" for line in said)


def own_fact(scene: Scene, asked: re.Match[str]) -> str:
    """Tell one thing that the speaker said of themselves."""
    key = asked["key"].strip()
    value = scene.facts.find(scene.speaker, key)
    return f"Your {key} is {value}." if value else f"You have not told me your {key}."


def known_facts(scene: Scene, _asked: re.Match[str]) -> str:
    """List all that is known about the speaker."""
    known = scene.facts.about(scene.speaker)
    if not known:
        return "You have not told me anything about yourself yet."
    return "This is what I know about you:\n" + "\n".join(f"- {_sentence(fact)}" for fact in known)


def acknowledgement(scene: Scene) -> str | None:
    """Confirm what the newest words tell about the speaker, or give None where they tell nothing."""
    told = [fact for line in scene.current for fact in facts_in(line)]
    if not told:
        return None
    names = [fact.value for fact in told if fact.key == NAME_KEY]
    others = [_sentence(fact) for fact in told if fact.key != NAME_KEY]
    greeting = f"Nice to meet you, {names[-1]}." if names else ""
    noted = f"I will remember: {'; '.join(others)}." if others else ""
    return " ".join(part for part in (greeting, noted) if part)


def _sentence(fact: Fact) -> str:
    if fact.key == NOTE_KEY:
        return fact.value
    return f"you {fact.key} {fact.value}" if fact.key in HABITS else f"your {fact.key} is {fact.value}"


def _quotation(lead: str, said: tuple[Utterance, ...]) -> str:
    if not said:
        return "You said nothing before this, as far as I was shown."
    return f"{lead}: “{_quoted(said[0].text)}”"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


SUMMARY_REQUEST = re.compile(
    r"\b(?:summari[sz]e|summary|sum up|recap|what (?:have|did) we (?:been )?(?:talk|discuss|speak|say))", re.IGNORECASE
)
