"""The agent: a model with instructions, tools and memory, shared by all conversations."""

import time
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, overload

from threadkeep.agent.loop import AgentRun, RunPlan
from threadkeep.agent.memory import Memory, memo_text
from threadkeep.agent.parts import AgentParts, checked
from threadkeep.agent.reading import Sessions
from threadkeep.agent.request import Asked, Journal, RunRequest, user_messages
from threadkeep.agent.tools import Function, Tool
from threadkeep.agent.turns import recorded
from threadkeep.errors import ConfigError, ModelResponseError
from threadkeep.models.base import Model
from threadkeep.runs import RunCompleted, RunEvent, RunResponse
from threadkeep.sessions import check_id, new_run_id, new_session_id
from threadkeep.stores.base import Memo, Store, Transcript

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True, eq=False)
class Agent:
    """A model with instructions, tools and memory. It holds no conversation: many may use it at the same time.

    ``Agent(model=OpenAIChat(id="gpt-4o-mini"))`` is enough. Conversations live in the store, under the session id that
    is given to each run.

    Attributes:
        model: Whom to ask.
        instructions: The system message. It is sent as it is: nothing is substituted in it or in any message.
        tools: Functions that the model may call.
        memory: Whether the agent remembers users across sessions.
        add_history_to_messages: Whether the model is shown the session's last runs.
        num_history_runs: How many of them.
        store: Where sessions live; None keeps them in this process only. A store that is given here is closed by the
            program that opened it.
        max_steps: How often the model may be asked in one run.
        tool_timeout: Seconds that a tool call may take, for tools without a limit of their own.
        max_parallel_tools: How many tool calls of one run may be under way.
        name: A name for the operator.
        temperature: Sampling temperature; None leaves it to the server.
        max_output_tokens: The longest answer of the model; None leaves it to the server.
        clock: Gives the seconds since the epoch.
    """

    model: Model
    instructions: str | None = None
    tools: Sequence[Tool | Function] = ()
    memory: Memory | None = None
    add_history_to_messages: bool = False
    num_history_runs: int = 3
    store: Store | None = None
    max_steps: int = 10
    tool_timeout: float = 30.0
    max_parallel_tools: int = 8
    name: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    clock: Callable[[], float] = time.time
    _parts: AgentParts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = checked(self)
        object.__setattr__(self, "_parts", parts)
        weakref.finalize(self, parts.thread.close)

    # Running

    @overload
    def arun(
        self, message: Asked, *, user_id: str | None = None, session_id: str | None = None, stream: Literal[False] = ...
    ) -> Coroutine[Any, Any, RunResponse]: ...

    @overload
    def arun(
        self, message: Asked, *, user_id: str | None = None, session_id: str | None = None, stream: Literal[True]
    ) -> AsyncGenerator[RunEvent, None]: ...
