"""Calling an agent: the ways in which a program asks it and gets its answer."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from threadkeep.agent.request import Asked
from threadkeep.agent.sync import LoopThread
from threadkeep.errors import ModelResponseError
from threadkeep.runs import RunCompleted, RunEvent, RunResponse

if TYPE_CHECKING:
    from pydantic import BaseModel


class RunOptions(TypedDict, total=False):
    """How a run is made.

    Attributes:
        user_id: Who is answered; whose memories are shown.
        session_id: The conversation to go on with; None begins a new one.
        response_model: What the answer is to be: a class of pydantic. In the place of the agent's own.
    """

    user_id: str | None
    session_id: str | None
    response_model: "type[BaseModel] | None"


class Talking(ABC):
    """What a program calls to be answered."""

    @overload
    def arun(
        self, message: Asked, *, stream: Literal[False] = ..., **options: Unpack[RunOptions]
    ) -> Coroutine[Any, Any, RunResponse]: ...

    @overload
    def arun(
        self, message: Asked, *, stream: Literal[True], **options: Unpack[RunOptions]
    ) -> AsyncGenerator[RunEvent, None]: ...

    @overload
    def arun(
        self, message: Asked, *, stream: bool, **options: Unpack[RunOptions]
    ) -> Coroutine[Any, Any, RunResponse] | AsyncGenerator[RunEvent, None]: ...

    def arun(
        self, message: Asked, *, stream: bool = False, **options: Unpack[RunOptions]
    ) -> Coroutine[Any, Any, RunResponse] | AsyncGenerator[RunEvent, None]:
        """Answer: ``await agent.arun(...)``, or ``async for event in agent.arun(..., stream=True)``.

        The run is appended to its session however it ends. A run that is cancelled, or whose stream is closed early,
        keeps what was said. Runs of one session are kept in order by a bot; a program that starts two at once gets
        them in the order in which they end.

        Args:
            message: What the user says.
            stream: Whether to yield events while the answer is written.
            options: ``user_id`` is who is answered and whose memories are shown; ``session_id`` the conversation to go
                on with, where None begins a new one; ``response_model`` what the answer is to be.

        Raises:
            ConfigError: There is no such option, or the response model cannot be described to a model.
            InvalidKeyError: An id cannot be stored.
            ModelError: The model gave no usable answer.
            StoreError: The session could not be read or written.
        """
        events = self._events(message, options, is_streamed=stream)
        return events if stream else _response(events)

    @overload
    def run(self, message: Asked, *, stream: Literal[False] = ..., **options: Unpack[RunOptions]) -> RunResponse: ...

    @overload
    def run(self, message: Asked, *, stream: Literal[True], **options: Unpack[RunOptions]) -> Iterator[RunEvent]: ...

    @overload
    def run(
        self, message: Asked, *, stream: bool, **options: Unpack[RunOptions]
    ) -> RunResponse | Iterator[RunEvent]: ...

    def run(
        self, message: Asked, *, stream: bool = False, **options: Unpack[RunOptions]
    ) -> RunResponse | Iterator[RunEvent]:
        """Answer, for programs that are not asynchronous; as ``arun``, whose arguments and errors it has.

        It may be called from several threads, and from a notebook.
        """
        if stream:
            return self._thread.iterate(self.arun(message, stream=True, **options))
        return self._thread.wait(self.arun(message, **options))

    def print_response(
        self,
        message: Asked,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        markdown: bool = False,
        show_message: bool = True,
        show_time: bool = False,
    ) -> None:
        """Answer, and print question, tool calls and answer while they come.

        Args:
            message: What the user says.
            user_id: Who is answered.
            session_id: The conversation to go on with; None begins a new one.
            markdown: Whether to render the answer's Markdown.
            show_message: Whether to print the question.
            show_time: Whether to print how long it took.

        Raises:
            ModelError: The model gave no usable answer.
            StoreError: The session could not be read or written.
        """
        from threadkeep.agent.printing import Printout  # noqa: PLC0415 - rich is slow to import

        with Printout(is_markdown=markdown, has_time=show_time, question=message if show_message else None) as printout:
            for event in self.run(message, user_id=user_id, session_id=session_id, stream=True):
                printout.show(event)

    async def aprint_response(
        self,
        message: Asked,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        markdown: bool = False,
        show_message: bool = True,
        show_time: bool = False,
    ) -> None:
        """Answer, and print question, tool calls and answer while they come; as ``print_response``."""
        from threadkeep.agent.printing import Printout  # noqa: PLC0415 - rich is slow to import

        with Printout(is_markdown=markdown, has_time=show_time, question=message if show_message else None) as printout:
            async with aclosing(self.arun(message, user_id=user_id, session_id=session_id, stream=True)) as events:
                async for event in events:
                    printout.show(event)

    @property
    @abstractmethod
    def _thread(self) -> LoopThread:
        """Where synchronous calls run."""

    @abstractmethod
    def _events(self, message: Asked, options: RunOptions, *, is_streamed: bool) -> AsyncGenerator[RunEvent, None]:
        """Make a run, yielding its events. What is wrong with the options is raised at once."""


async def _response(events: AsyncGenerator[RunEvent, None]) -> RunResponse:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, RunCompleted):
                return event.response
    raise ModelResponseError("the run ended without an answer")
