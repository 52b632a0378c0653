"""The rules of the offline model, in order: the first one whose pattern is found answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import recall, texts
from .arithmetic import evaluate, expression
from .scene import Scene

_Reply = Callable[[Scene, re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Pair a pattern with the function that answers words in which it is found."""

    pattern: re.Pattern[str]
    reply: _Reply


def _rule(pattern: str, reply: _Reply) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), reply)


def _always(text: str) -> _Reply:
    return lambda _scene, _asked: text


def _greeting(scene: Scene, _asked: re.Match[str]) -> str:
    name = scene.facts.find(scene.speaker, "name") or scene.speaker
    return f"Hello{f', {name}' if name else ''}! I am the offline model. What can I do for you?"


def _sum(_scene: Scene, asked: re.Match[str]) -> str:
    total = expression(asked["sum"])
    return f"{total} is {evaluate(total)}." if total else "I see no sum in that."


def _long(_scene: Scene, asked: re.Match[str]) -> str:
    return texts.long_text((asked["topic"] or "nothing in particular").strip(" .!?"))


_SUM = r"-?\d[\d.]*\s*(?:[-+*/x\u00d7÷]|plus|minus|times|multiplied by|divided by)\s*-?\d.*"

RULES: tuple[Rule, ...] = (
    Rule(recall.SUMMARY_REQUEST, recall.summary),
    _rule(
        r"\b(?:who|what) are you\b|\bwhich model\b|\bwhat model\b|\bare you (?:an? )?(?:ai|bot|real)\b",
        _always(texts.SELF_PORTRAIT),
    ),
    _rule(
        r"\bwhat(?: is|['\u2019]s) my name\b|\bwho am i\b|\bdo you (?:know|remember) (?:my name|who i am)\b",
        recall.own_name,
    ),
    _rule(r"\b(?:what|where|who) do i (?P<habit>like|love|hate|prefer|live|work)\b", recall.own_habit),
    _rule(r"\bwhat did i (?:say|tell you|write) about (?P<topic>.{1,100})", recall.words_about),
    _rule(
        r"\bwhat (?:do you (?:know|remember)|did i (?:tell|ask) you to remember|have i told you)\b", recall.known_facts
    ),
    _rule(r"\bhow many (?:messages|questions|times)\b.{0,200}\b(?:i|we)\b", recall.message_count),
    _rule(
        r"\bfirst (?:thing|message|question)\b|\bdid i (?:say|ask) first\b|\bfirst\b.{0,200}\bdid i (?:say|ask)\b",
        recall.first_words,
    ),
    _rule(
        r"\b(?:what|which)\b.{0,200}\bdid i (?:just )?(?:say|ask|write)\b"
        r"|\bmy (?:last|previous) (?:message|question)\b",
        recall.last_words,
    ),
    _rule(r"\bwhat did (?P<name>[^\W\d_][\w'\u2019-]*) (?:say|ask|write)\b", recall.words_of),
    _rule(r"\b(?:what|which|who)(?: is| are|['\u2019]s) my (?P<key>[\w' -]{1,60}?)\s*(?:\?|$)", recall.own_fact),
    _rule(r"\b(?:story|tale)\b", _always(texts.ROBOT_STORY)),
    _rule(r"\bjoke\b", _always(texts.JOKE)),
    _rule(r"\bquantum\b", _always(texts.QUANTUM)),
    _rule(r"\bspeed of light\b", _always(texts.LIGHT)),
    _rule(
        r"\bcount (?:from 1 |from one )?(?:up )?to (?P<number>\d{1,9})\b",
        lambda _scene, asked: texts.counted(int(asked["number"])),
    ),
    _rule(r"\bwrite (?:me )?(?:a |an )?(?:very )?long\b(?:.{0,200}?\b(?:about|on|of)\b(?P<topic>.*))?", _long),
    _rule(rf"(?:^|\b(?:what(?: is|['\u2019]s)|how much is|calculate|compute)\s+)(?P<sum>{_SUM})", _sum),
    _rule(
        r"\bwhat(?: time|['\u2019]s the time| is the time)\b|\bwhat (?:day|date) is\b",
        _always("I have no clock: give me a tool that tells the time, and I will use it."),
    ),
    _rule(
        r"^(?:repeat(?: after me)?|say|echo)\b[:,]?\s*(?P<words>.+)", lambda _scene, asked: asked["words"].strip(' "“”')
    ),
    _rule(r"\bthank(?:s| you)\b", _always("You are welcome.")),
    _rule(r"\b(?:good)?bye\b|\bsee you\b", _always("Goodbye!")),
)
GREETING = _rule(r"^\W*(?:hi|hello|hey|good (?:morning|evening|afternoon)|hallo)\b", _greeting)


def reply_to(scene: Scene, words: str) -> str | None:
    """Give the answer of the first rule that fits some words, or None."""
    for rule in RULES:
        asked = rule.pattern.search(words)
        if asked is not None:
            return rule.reply(scene, asked)
    return None


def fallback(scene: Scene) -> str:
    """Say something true where no rule fits: what was said, and how much of the conversation was shown."""
    if not scene.words:
        return "I was shown no words to answer. I am the offline model, and I answer by fixed rules."
    words = scene.words if len(scene.words) <= 500 else f"{scene.words[:500]}…"
    before = len(scene.earlier)
    return (
        f"You said: “{words}” I was shown {before} earlier message(s)."
        " I am the offline model, and I have no rule for this."
    )
