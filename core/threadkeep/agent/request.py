"""What a run is asked, and where it records its finished steps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from threadkeep.agent.desk import SendFile
from threadkeep.chat.events import Place
from threadkeep.chat.rights import AskRights
from threadkeep.files.reading import Fetch
from threadkeep.messages import Message, Role, clean_text

Asked = str | Message | Sequence[str | Message]
"""What may be said to an agent: a text, a message, or several of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One run to make.

    Attributes:
        run_id: Its id.
        session_id: The conversation.
        user_id: Who is answered, where known; whose memories are shown.
        messages: The user's words, oldest first.
        note: What the system message says of this run besides the instructions, such as who is present.
        created_at: When it began, in seconds since the epoch; None takes the time at which it is streamed.
        fetch: Fetches the files of the conversation's messages; None where there is nowhere to fetch them from.
        place: Where the answer goes; None outside a bot.
        speaker: The name of who is answered.
        send_file: Posts a file into the place; None where there is nowhere to post it.
        rights: Asks the platform what who is answered may do; None where it has no rights.
        can_wait: Whether the run may be suspended until people have decided something.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    messages: tuple[Message, ...]
    note: str = ""
    created_at: float | None = None
    fetch: Fetch | None = field(default=None, repr=False, compare=False)
    place: Place | None = None
    speaker: str = ""
    send_file: SendFile | None = field(default=None, repr=False, compare=False)
    rights: AskRights | None = field(default=None, repr=False, compare=False)
    can_wait: bool = False


Steering = Callable[[], Awaitable[tuple[Message, ...]]]
"""Gives what the user said since the run began, to be shown to the model at its next step; asked once for each step."""


class Journal(Protocol):
    """The finished steps of a run, kept so that a retried run does not repeat them.

    Names are ``answer:{n}`` for the model's n-th answer if it calls tools, and ``tool:{n}:{i}`` for the result of its
    i-th call. ``question:{id}`` and ``decision:{id}`` are what people were asked and decided, ``sent:{n}.{i}.{k}`` is a
    file that a call sent, ``file:{n}.{i}.{k}`` the bytes of one that it gave back to the model, in base 64,
    ``kept:{n}.{i}.{name}`` what a call keeps for its next attempt, and ``state`` what the run has changed of the
    session's state. All but ``sent``, ``file`` and ``kept`` are JSON.
    """

    @property
    def steps(self) -> Mapping[str, str]:
        """What earlier attempts of this run recorded, by name."""
        ...

    async def record(self, steps: Mapping[str, str]) -> None:
        """Keep finished steps; returns when they are kept. Other names of the run may be recorded at the same time."""
        ...


def user_messages(asked: Asked) -> tuple[Message, ...]:
    """Give what was said to an agent as messages.

    Raises:
        ValueError: Nothing was said, or a message is not a user's.
        TypeError: It is neither text nor message.
    """
    parts = (asked,) if isinstance(asked, str | Message) else tuple(asked)
    if not parts:
        raise ValueError("an agent needs at least one message to answer")
    return tuple(_user_message(part) for part in parts)


def _user_message(part: object) -> Message:
    if isinstance(part, str):
        return Message(role=Role.USER, content=clean_text(part))
    if not isinstance(part, Message):
        raise TypeError(f"an agent is asked by str or Message, got {type(part).__name__}")
    if part.role is not Role.USER:
        raise ValueError(f"an agent answers messages of the user, got one of the {part.role.value}")
    return replace(part, content=clean_text(part.content))
