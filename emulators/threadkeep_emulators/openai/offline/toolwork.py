"""Which tool to call for what was said, with which arguments, and how to tell its result."""

import re
from collections.abc import Iterator, Sequence

from threadkeep_emulators.openai.answers import Answer, ToolCall
from threadkeep_emulators.openai.conversation import ToolOffer, Turn
from threadkeep_emulators.openai.payloads import encode, is_object, parse_object

from .arguments import arguments_for
from .arithmetic import expression
from .scene import Scene, steps_since_question

_USE = re.compile(r"\buse (?:the |your )?tools?\s+(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_THEN = re.compile(r"[,;.]?\s*\bthen\b\s*(?:use (?:the |your )?tools?\s+)?", re.IGNORECASE)
_FOREVER = re.compile(r"\b(?:forever|again and again|endlessly)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\bwhat(?: time|['\u2019]s the time| is the time)|\bwhat (?:day|date) is|\btoday['\u2019]s date\b", re.IGNORECASE
)
_TIME_WORDS = frozenset({"time", "clock", "date", "now"})
_SUM_WORDS = frozenset(
    {"calculator", "calculate", "calc", "math", "maths", "compute", "eval", "evaluate", "sum", "add"}
)
_EMPTY_WORDS = frozenset(
    {"get", "set", "the", "a", "do", "run", "call", "fetch", "tool", "my", "by", "for", "of", "in"}
)
_LONGEST_RESULT = 2000


def calls_for(scene: Scene) -> tuple[ToolCall, ...]:
    """Give the calls that fit what was said and are not made yet; none where words are due."""
    request = scene.request
    if not request.tools or request.tool_choice == "none":
        return ()
    made = [turn for turn in steps_since_question(request.turns) if turn.tool_calls]
    asked = list(_asked_for(scene.words, request.tools))
    if asked:
        step = 0 if _FOREVER.search(scene.words) else len(made)
        return tuple(asked[step]) if step < len(asked) else ()
    if made:
        return ()
    fitting = _fitting(scene.words, request.tools)
    if fitting is None and request.tool_choice != "auto":
        fitting = next((tool for tool in request.tools if tool.name == request.tool_choice), request.tools[0])
    return () if fitting is None else (_call(fitting, scene.words),)


def missing_tool(scene: Scene) -> str | None:
    """Say which tool was asked for that is not on offer, or give None."""
    use = _USE.search(scene.words)
    if use is None or list(_asked_for(scene.words, scene.request.tools)):
        return None
    name = use["rest"].split()[0].strip("`\"'.,")
    offered = ", ".join(tool.name for tool in scene.request.tools) or "none"
    return f"I have no tool called {name}. The tools that I was given: {offered}."


def result_in_words(scene: Scene) -> Answer | None:
    """Tell the results of the calls that were made since the question, or give None where there are none."""
    steps = steps_since_question(scene.request.turns)
    called = {call.call_id: call for turn in steps for call in turn.tool_calls}
    lines = [_told(called[turn.call_id].name, turn) for turn in steps if turn.role == "tool" and turn.call_id in called]
    return Answer(text="\n".join(lines)) if lines else None


def _asked_for(words: str, tools: Sequence[ToolOffer]) -> Iterator[list[ToolCall]]:
    use = _USE.search(words)
    if use is None:
        return
    for step in _THEN.split(use["rest"]):
        named = [tool for tool in tools if re.search(rf"(?<![\w-]){re.escape(tool.name)}(?![\w-])", step)]
        if named:
            yield [_call(tool, _without_names(step, named)) for tool in named]


def _without_names(step: str, named: Sequence[ToolOffer]) -> str:
    for tool in named:
        step = step.replace(tool.name, "", 1)
    return step


def _call(tool: ToolOffer, words: str) -> ToolCall:
    start = words.find("{")
    given = parse_object(words[start : words.rfind("}") + 1]) if start >= 0 else {}
    return ToolCall(name=tool.name, arguments=encode(given or arguments_for(tool.parameters, words)))


def _fitting(words: str, tools: Sequence[ToolOffer]) -> ToolOffer | None:
    if _TIME.search(words):
        return next((tool for tool in tools if _name_words(tool) & _TIME_WORDS), None)
    if expression(words) is not None:
        by_name = next((tool for tool in tools if _name_words(tool) & _SUM_WORDS), None)
        if by_name is not None:
            return by_name
    spoken = set(re.findall(r"\w+", words.lower()))
    for tool in tools:
        needed = _name_words(tool) - _EMPTY_WORDS
        if needed and needed <= spoken:
            return tool
    return None


def _name_words(tool: ToolOffer) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", tool.name).lower()))


def _told(name: str, turn: Turn) -> str:
    result = turn.text.strip()
    shown = result if len(result) <= _LONGEST_RESULT else f"{result[:_LONGEST_RESULT]}…"
    error = parse_object(result).get("error") if result.startswith("{") else None
    if error or result.lower().startswith("error"):
        reason = error.get("message", error) if is_object(error) else error or shown
        return f"The tool {name} failed: {reason}"
    words = set(re.findall(r"[a-z]+", name.lower()))
    if words & _TIME_WORDS:
        return f"It is {shown}."
    if words & _SUM_WORDS:
        return f"The result is {shown}."
    return f"The tool {name} says: {shown}" if shown else f"The tool {name} is done and said nothing."
