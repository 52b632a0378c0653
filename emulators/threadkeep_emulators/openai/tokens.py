"""A rough but repeatable count of tokens, and the prompt cache that the usage reports.

The real API caches prompts from 1024 tokens on, in steps of 128, by their beginning:
https://platform.openai.com/docs/guides/prompt-caching.
"""

import re
from collections import OrderedDict

from .answers import Answer, Usage
from .conversation import ModelRequest
from .payloads import encode

_TOKEN = re.compile(r"\w+|[^\w\s]")
_SMALLEST_CACHED = 1024
_STEP = 128
_REMEMBERED_PREFIXES = 4096


def count_tokens(text: str) -> int:
    """Count words and marks; good enough to compare two prompts, not to pay a bill."""
    return len(_TOKEN.findall(text))


class PromptCache:
    """Remember the beginnings of prompts, the least recently used being forgotten first."""

    def __init__(self) -> None:
        self._prefixes: OrderedDict[tuple[str, int], None] = OrderedDict()

    def match(self, model: str, tokens: list[str]) -> int:
        """Give the number of leading tokens seen before with this model, and remember these ones."""
        cached = 0
        running = 0
        for end in range(_STEP, len(tokens) + 1, _STEP):
            running = hash((running, tuple(tokens[end - _STEP : end])))
            key = (model, running)
            if key in self._prefixes:
                cached = end
            self._prefixes[key] = None
            self._prefixes.move_to_end(key)
            if len(self._prefixes) > _REMEMBERED_PREFIXES:
                self._prefixes.popitem(last=False)
        return cached if cached >= _SMALLEST_CACHED else 0


def measure(request: ModelRequest, answer: Answer, cache: PromptCache) -> Usage:
    """Give the usage of a request and its answer: the scripted one, or a count."""
    tools = request.body.get("tools")
    tokens = _TOKEN.findall(encode(tools)) if tools else []
    for turn in request.turns:
        calls = " ".join(f"{call.name} {call.arguments}" for call in turn.tool_calls)
        tokens += [turn.role, "<", ">", *_TOKEN.findall(f"{turn.name or ''} {turn.text} {calls}")]
    cached = cache.match(request.model, tokens)
    if answer.usage is not None:
        return answer.usage
    said = answer.content + (answer.refusal or "")
    said += "".join(f" {call.name} {call.arguments}" for call in answer.tool_calls)
    return Usage(input_tokens=len(tokens), output_tokens=count_tokens(said), cached_tokens=cached)
