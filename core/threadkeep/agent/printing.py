"""Printing runs to a terminal."""

import time
from collections.abc import AsyncIterable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, Self, overload

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from threadkeep.agent.request import Asked, user_messages
from threadkeep.runs import ContentDelta, RunEvent, RunResponse, ToolCallCompleted, ToolCallStarted

_FRAMES: Final = 8


class Printout:
    """Show one run in a terminal while it happens; what it shows last stays.

    Args:
        is_markdown: Whether to render the answer's Markdown.
        has_time: Whether to show how long it took.
        question: What was asked; None shows no question.
        console: Where to print.
    """

    def __init__(
        self,
        *,
        is_markdown: bool = False,
        has_time: bool = False,
        question: Asked | None = None,
        console: Console | None = None,
    ) -> None:
        self._is_markdown = is_markdown
        self._has_time = has_time
        self._question = question
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._texts: list[str] = []
        self._tools: dict[str, str] = {}
        self._live = Live(console=console or Console(), get_renderable=self._panels, refresh_per_second=_FRAMES)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._seconds = time.monotonic() - self._began
        self._live.__exit__(kind, error, traceback)
        if not self._live.console.is_terminal:
            self._live.console.line()

    def show(self, event: RunEvent | RunResponse) -> None:
        """Add an event, or a whole response."""
        if isinstance(event, ContentDelta | RunResponse):
            self._texts.append(event.content)
        elif isinstance(event, ToolCallStarted):
            self._tools[event.call.id] = f"{event.call.name}({event.call.arguments}) ..."
        elif isinstance(event, ToolCallCompleted):
            outcome = "failed" if event.is_error else "done"
            self._tools[event.call.id] = f"{event.call.name}({event.call.arguments}) {outcome} in {event.duration:.1f}s"

    def _panels(self) -> RenderableType:
        panels: list[RenderableType] = []
        if self._question is not None:
            asked = "\n\n".join(message.content for message in user_messages(self._question))
            panels.append(Panel(Text(asked), title="Message", title_align="left", border_style="cyan"))
        if self._tools:
            panels.append(
                Panel(Text("\n".join(self._tools.values())), title="Tools", title_align="left", border_style="yellow")
            )
        text = "".join(self._texts)
        answer: RenderableType = Markdown(text) if self._is_markdown else Text(text)
        panels.append(Panel(answer, title=self._title(), title_align="left", border_style="blue"))
        return Group(*panels)

    def _title(self) -> str:
        return f"Response ({self._seconds:.1f}s)" if self._has_time and self._seconds is not None else "Response"


@overload
def pprint_run_response(
    run_response: RunResponse | Iterable[RunEvent], *, markdown: bool = ..., show_time: bool = ...
) -> None: ...


@overload
def pprint_run_response(
    run_response: AsyncIterable[RunEvent], *, markdown: bool = ..., show_time: bool = ...
) -> Coroutine[Any, Any, None]: ...


def pprint_run_response(
    run_response: RunResponse | Iterable[RunEvent] | AsyncIterable[RunEvent],
    *,
    markdown: bool = False,
    show_time: bool = False,
) -> Coroutine[Any, Any, None] | None:
    """Print a response, or the events of a run while they come.

    Args:
        run_response: What ``agent.run`` gave. What ``agent.arun(..., stream=True)`` gave is printed by
            ``await pprint_run_response(...)``.
        markdown: Whether to render the answer's Markdown.
        show_time: Whether to print how long it took.
    """
    if isinstance(run_response, AsyncIterable):
        return _print_events(run_response, is_markdown=markdown, has_time=show_time)
    with Printout(is_markdown=markdown, has_time=show_time) as printout:
        for event in [run_response] if isinstance(run_response, RunResponse) else run_response:
            printout.show(event)
    return None


async def _print_events(events: AsyncIterable[RunEvent], *, is_markdown: bool, has_time: bool) -> None:
    with Printout(is_markdown=is_markdown, has_time=has_time) as printout:
        async for event in events:
            printout.show(event)
