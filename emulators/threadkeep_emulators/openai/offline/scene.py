"""The situation in which the offline model has to say something."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep_emulators.openai.conversation import ModelRequest, Turn

from .facts import Facts, collect
from .speakers import Utterance, utterances


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Hold a request as the rules read it.

    Attributes:
        request: The request itself.
        earlier: What users said before the words that are to be answered, oldest first.
        current: The words to be answered: what the newest speaker said since the last answer.
        facts: What is known about the speakers.
        seen: What the images, files and audio are that came with the words to be answered.
    """

    request: ModelRequest
    earlier: tuple[Utterance, ...]
    current: tuple[Utterance, ...]
    facts: Facts
    seen: tuple[str, ...] = ()

    @property
    def speaker(self) -> str | None:
        """Give who is to be answered."""
        return self.current[-1].speaker if self.current else None

    @property
    def words(self) -> str:
        """Give the newest words."""
        return self.current[-1].text if self.current else ""

    @property
    def own_earlier(self) -> tuple[Utterance, ...]:
        """Give what this very speaker said before."""
        return tuple(said for said in self.earlier if said.speaker == self.speaker)


def scene_of(request: ModelRequest) -> Scene:
    """Read a request: who spoke, what is new and what came before."""
    spoken = [utterances(turn) if turn.role == "user" else () for turn in request.turns]
    start = _answered_until(request.turns)
    earlier = [said for turn in spoken[:start] for said in turn]
    new = [said for turn in spoken[start:] for said in turn]
    first_own = len(new)
    while first_own > 0 and new[first_own - 1].speaker == new[-1].speaker:
        first_own -= 1
    return Scene(
        request=request,
        earlier=(*earlier, *new[:first_own]),
        current=tuple(new[first_own:]),
        facts=collect(request.turns, [*earlier, *new]),
        seen=tuple(words for turn in request.turns[start:] for words in turn.seen),
    )


def steps_since_question(turns: Sequence[Turn]) -> list[Turn]:
    """Give the turns after the newest message of a user: calls that were made, and their results."""
    position = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=-1)
    return list(turns[position + 1 :])


def _answered_until(turns: Sequence[Turn]) -> int:
    """Give the position after the last answer in words; calls are not an answer yet."""
    answers = [place for place, turn in enumerate(turns) if turn.role == "assistant" and not turn.tool_calls]
    return answers[-1] + 1 if answers else 0
