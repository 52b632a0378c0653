"""What a tool knows of the run that calls it, and what it can do there besides giving a result."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from threadkeep.agent.archive import Archive
from threadkeep.agent.desk import ToolDesk
from threadkeep.agent.personal import Personal
from threadkeep.agent.questions import Choice, Question
from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import MOST_ELEMENTS, Element
from threadkeep.chat.events import Place
from threadkeep.chat.rights import Rights
from threadkeep.errors import ConfigError, ToolError
from threadkeep.messages import File
from threadkeep.runs import Run
from threadkeep.sessions import Session

_DAY: Final = timedelta(days=1)
_RESERVED: Final = ("answer:", "stop", "feedback", "command:")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a tool may know of the run that calls it: a parameter of this type is filled by the agent.

    For a test of a tool ``RunContext(run_id="r", session_id="s")`` is enough; what the tool said, offered and cited is
    then in its ``desk``.

    Attributes:
        run_id: The run.
        session_id: The conversation.
        user_id: Who is answered, where known.
        speaker: The name under which people know them.
        place: Where the answer goes; None outside a bot. Its ``session`` has platform, workspace, channel and thread.
        runs: The last runs of the session, oldest first.
        session: The session; None if this is its first run.
        state: The session's state. What tools change of it is saved with the run.
        desk: What this call leaves behind.
        memories: What is remembered of who is answered; None where that is not known.
        archive: What was said earlier; None in a context of a test.
        began_at: When the run began, in seconds since the epoch.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    speaker: str = ""
    place: Place | None = None
    runs: tuple[Run, ...] = ()
    session: Session | None = None
    state: MutableMapping[str, object] = field(default_factory=dict)
    desk: ToolDesk = field(default_factory=ToolDesk, repr=False, compare=False)
    memories: Personal | None = field(default=None, repr=False, compare=False)
    archive: Archive | None = field(default=None, repr=False, compare=False)
    began_at: float = 0.0

    @property
    def time(self) -> datetime:
        """When the run began, in UTC."""
        return datetime.fromtimestamp(self.began_at, tz=UTC)

    def say(self, text: str) -> None:
        """Show a line of progress in the reply, in the place of the last one. It may be called from any thread."""
        self.desk.say(text)

    def offer(self, *elements: Element) -> None:
        """Let buttons and selects stand under the answer: what is pressed is said to the agent, by its value or label.

        Raises:
            ConfigError: An action has a meaning of its own, or there are too many elements.
        """
        for element in elements:
            if element.action.startswith(_RESERVED):
                raise ConfigError(f"the action {element.action!r} has a meaning already: choose another name")
        if len(self.desk.offered) + len(elements) > MOST_ELEMENTS:
            raise ConfigError(f"at most {MOST_ELEMENTS} elements stand under an answer")
        self.desk.offered.extend(elements)

    def cite(self, url: str, title: str = "") -> None:
        """Name a source of what the tool gives back."""
        self.desk.cited.append(Source(url=url, title=title))

    async def ask(
        self,
        text: str,
        *,
        choices: Sequence[str | Choice] = (),
        takes_text: bool | None = None,
        of: str | Iterable[str] | None = None,
        expires: timedelta = _DAY,
    ) -> str:
        """Ask a person, and wait for the answer, for days if need be.

        The call of the tool ends here while nobody has answered, and the tool is called again from its beginning when
        somebody has: what it does before it asks must be harmless to repeat. Earlier answers are given again at once,
        in the order in which the tool asks.

        Args:
            text: What is asked, as Markdown.
            choices: The answers to choose from, at most 25; their values, or the texts, are what comes back.
            takes_text: Whether it may be answered in words: by default if there are no choices.
            of: Who may answer: a user id, or several, roles included; by default who is answered.
            expires: How long to wait.

        Returns:
            The chosen value, or the words.

        Raises:
            ToolError: Nobody has answered in time, or nobody can be asked.
        """
        asked, name = self._asked(of)
        question = Question(
            id=self.desk.next_question(),
            text=text,
            choices=tuple(Choice(label=choice) if isinstance(choice, str) else choice for choice in choices),
            asked=asked,
            asked_name=name,
            expires_at=self.desk.clock() + expires.total_seconds(),
            takes_text=not choices if takes_text is None else takes_text,
        )
        decision = await self.desk.ask(question)
        if decision.is_expired:
            raise ToolError("nobody has answered the question in time")
        return decision.choice or decision.text

    async def send_file(self, file: File, *, caption: str = "") -> None:
        """Post a file into the place of the conversation; what was posted is not posted again by a later attempt.

        Raises:
            ToolError: Files cannot be posted here, or this one could not.
        """
        await self.desk.send_file(file, caption)

    async def rights(self) -> Rights:
        """Ask the platform for the roles of who is answered, and for what they may do in this place now.

        A tool that deletes, bans or names others asks here first: the bot may do more than the person who talks to it.

        Raises:
            ToolError: The platform has no such rights, or cannot be asked.
        """
        return await self.desk.rights()

    def _asked(self, of: str | Iterable[str] | None) -> tuple[tuple[str, ...], str]:
        if of is None:
            return (() if self.user_id is None else (self.user_id,)), self.speaker or (self.user_id or "")
        asked = (of,) if isinstance(of, str) else tuple(of)
        return asked, names_of(asked, self)


def names_of(asked: Iterable[str], context: RunContext) -> str:
    """Give people and roles for people to read: the name of who is answered, the ids of others."""
    names = (context.speaker if user == context.user_id and context.speaker else user for user in asked)
    return ", ".join(name.rpartition(":")[2] or name for name in names)
