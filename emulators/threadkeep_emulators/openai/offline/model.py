"""The offline model: rules in the place of a language model, the same answer for the same messages."""

from dataclasses import dataclass, replace
from itertools import islice

from threadkeep_emulators.openai.answers import Answer
from threadkeep_emulators.openai.conversation import ModelRequest
from threadkeep_emulators.openai.payloads import encode

from .arguments import arguments_for
from .recall import acknowledgement, ordered_summary
from .rules import GREETING, fallback, reply_to
from .scene import Scene, scene_of
from .toolwork import calls_for, missing_tool, result_in_words

FINGERPRINT = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineModel:
    """Answer from the messages of the request alone, and from nothing else.

    Attributes:
        delay: The seconds between two words of a streamed answer.
    """

    delay: float = 0.0

    def answer(self, request: ModelRequest) -> Answer:
        """Give the answer to a request."""
        scene = scene_of(request)
        return replace(_within(_answer(scene), request.max_tokens), delay=self.delay, fingerprint=FINGERPRINT)


def _answer(scene: Scene) -> Answer:
    calls = calls_for(scene)
    if calls:
        return Answer(tool_calls=calls)
    return result_in_words(scene) or Answer(text=_say(scene))


def _say(scene: Scene) -> str:
    if scene.request.output_schema is not None:
        return encode(arguments_for(scene.request.output_schema, scene.words))
    ordered = ordered_summary(scene) or missing_tool(scene)
    if ordered is not None:
        return ordered
    replies = [reply for said in scene.current if (reply := reply_to(scene, said.text)) is not None]
    if replies:
        return "\n\n".join(dict.fromkeys(replies))
    if scene.seen:
        return f"I see {' and '.join(scene.seen)}."
    noted = acknowledgement(scene)
    if noted is not None:
        return noted
    greeted = GREETING.pattern.search(scene.words)
    return GREETING.reply(scene, greeted) if greeted is not None else fallback(scene)


def _within(answer: Answer, max_tokens: int | None) -> Answer:
    if max_tokens is None or answer.tool_calls:
        return answer
    pieces = list(islice(answer.pieces(), max_tokens + 1))
    if len(pieces) <= max_tokens:
        return answer
    return replace(answer, text="".join(pieces[:max_tokens]), finish_reason="length")
