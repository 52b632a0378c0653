"""The agent: a model with instructions, tools and memory, shared by all conversations."""

import asyncio
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from threadkeep.agent.aftercare import Aftercare
from threadkeep.agent.asking import OnQuestion
from threadkeep.agent.calling import ToolLimits
from threadkeep.agent.equipping import own_tools, window_of
from threadkeep.agent.guards import Hook
from threadkeep.agent.instructions import Told
from threadkeep.agent.loop import AgentRun
from threadkeep.agent.memory import Memory, memo_text
from threadkeep.agent.outputs import with_output
from threadkeep.agent.parts import AgentParts, memory_store
from threadkeep.agent.personal import memos_of
from threadkeep.agent.plan import RunPlan
from threadkeep.agent.reading import Sessions
from threadkeep.agent.request import Asked, Journal, RunRequest, Steering, user_messages
from threadkeep.agent.state_items import shown_names
from threadkeep.agent.summary import Summary
from threadkeep.agent.sync import LoopThread
from threadkeep.agent.talking import RunOptions, Talking
from threadkeep.agent.tokens import CountTokens, Gauge
from threadkeep.agent.tool_hooks import ToolHook
from threadkeep.agent.tool_sources import ToolSource, sources_in, without_sources
from threadkeep.agent.tool_threads import ToolThreads
from threadkeep.agent.toolkits import Toolkit, with_methods
from threadkeep.agent.tools import Function, Tool, toolbox
from threadkeep.agent.turns import recorded
from threadkeep.agent.window import Window
from threadkeep.errors import ConfigError
from threadkeep.files.limits import FileLimits
from threadkeep.files.reading import FileReader
from threadkeep.models.base import Model, ModelSettings, media_taken
from threadkeep.models.fitting import Fitting
from threadkeep.models.insisting import Insisting
from threadkeep.models.prices import Price
from threadkeep.runs import Run, RunEvent
from threadkeep.sessions import Session, check_id, new_run_id, new_session_id
from threadkeep.stores.base import Memo, Store, Transcript

if TYPE_CHECKING:
    from pydantic import BaseModel

    from threadkeep.agent.structured import Render

_Result = TypeVar("_Result")
_OWN_STORE: Final = cast("Store", None)
"""Stands for a store that is made for the agent; no reader of ``Agent.store`` ever sees it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Agent(Talking):
    """A model with instructions, tools and memory. It holds no conversation: many may use it at the same time.

    ``Agent(model=OpenAIChat(id="gpt-4o-mini"))`` is enough. Conversations live in the store, under the session id that
    is given with each run. No run changes the agent.

    Attributes:
        model: Whom to ask.
        instructions: The system message: a text, ``Instructions`` that differ by place, or a function of the
            ``RunContext``. It is sent as it is: nothing is substituted in it or in any message.
        tools: Functions that the model may call, objects whose methods are tools, and sources of tools such as an
            ``MCPServer``.
        memory: Whether the agent remembers users across sessions.
        add_history_to_messages: Whether the model is shown the session's last runs.
        num_history_runs: How many of them.
        num_history_messages: How many messages these may have together; None for any number.
        max_history_tokens: How many tokens they and the summary may have together, as estimated; None for any number.
        count_tokens: Counts the tokens of a text exactly, where an estimate is not enough.
        summary: Whether and how runs that the model is not shown any more are summed up.
        show_state: Whether the model is shown the session's state as it is when a run begins; or which names of it.
        history_tools: Whether the model may read and search what was said earlier, with tools.
        store: Where sessions live; without one, they live in this process only. A store that is given here is closed
            by the program that opened it.
        max_steps: How often the model may be asked in one run.
        tool_timeout: Seconds that a tool call may take, for tools without a limit of their own.
        max_parallel_tools: How many tool calls of one run may be under way.
        files: How much of the files in messages is read.
        on_question: Asks people for a program that calls the agent itself, and gives what they decide. A bot asks in
            the place of the conversation instead.
        response_model: What answers are to be: a class of pydantic. ``RunResponse.parsed`` is then one.
        render: Gives what people see of such an answer, as Markdown; without it they see its fields, in a bot.
        tool_hooks: Looks at each call of a tool before it is made and when it has ended.
        input_hooks: Guardrails for what people say: each may change a text, or refuse it with ``RefusedError``.
        result_hooks: The same for what tools give back, before the model, the store or anybody else sees it.
        output_hooks: The same for what the model says; then nothing of an answer is shown before it is whole.
        prices: What models cost, for those whose price is not known or differs.
        name: A name for the operator, and for the other agents of its bot.
        role: What it is for, in a few words; the other agents of its bot are told.
        temperature: Sampling temperature; None leaves it to the server.
        max_output_tokens: The longest answer of the model; None leaves it to the server.
        clock: Gives the seconds since the epoch.

    Raises:
        ConfigError: A setting makes no sense, or a function cannot be a tool; the message says what to change.
    """

    model: Model
    instructions: Told | None = None
    tools: Sequence[Tool | Function | ToolSource | Toolkit] = ()
    memory: Memory | None = None
    add_history_to_messages: bool = False
    num_history_runs: int = 3
    num_history_messages: int | None = None
    max_history_tokens: int | None = None
    count_tokens: CountTokens | None = None
    summary: Summary | None = None
    show_state: bool | Collection[str] = False
    history_tools: bool = False
    store: Store = _OWN_STORE
    max_steps: int = 10
    tool_timeout: float = 30.0
    max_parallel_tools: int = 8
    files: FileLimits = FileLimits()  # noqa: RUF009 - it is immutable
    on_question: OnQuestion | None = None
    response_model: "type[BaseModel] | None" = None
    render: "Render | None" = None
    tool_hooks: Sequence[ToolHook] = ()
    result_hooks: Sequence[Hook] = ()
    input_hooks: Sequence[Hook] = ()
    output_hooks: Sequence[Hook] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    name: str | None = None
    role: str = ""
    temperature: float | None = None
    max_output_tokens: int | None = None
    clock: Callable[[], float] = time.time
    _parts: AgentParts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for setting, least in (("num_history_runs", 0), ("max_steps", 1), ("max_parallel_tools", 1)):
            if getattr(self, setting) < least:
                raise ConfigError(f"{setting} must be {least} or more, got {getattr(self, setting)!r}")
        if self.tool_timeout <= 0:
            raise ConfigError(f"tool_timeout must be more than 0 seconds, got {self.tool_timeout!r}")
        gauge = Gauge(self.count_tokens)
        runs = self.num_history_runs if self.add_history_to_messages else None
        window = window_of(runs, self.num_history_messages, self.max_history_tokens, summary=self.summary)
        given = with_methods(self.tools)
        plan = RunPlan(
            model=Fitting(Insisting(self.model)),
            settings=ModelSettings(temperature=self.temperature, max_output_tokens=self.max_output_tokens),
            instructions=self.instructions,
            tools=toolbox((*without_sources(given), *own_tools(self.memory, reads_history=self.history_tools))),
            sources=sources_in(given),
            tool_hooks=tuple(self.tool_hooks),
            tool_limits=ToolLimits(timeout=self.tool_timeout, most_parallel=self.max_parallel_tools),
            threads=ToolThreads(),
            memory=self.memory,
            window=window,
            gauge=gauge,
            max_steps=self.max_steps,
            files=FileReader(self.files, takes=media_taken(self.model)),
            on_question=self.on_question,
            clock=self.clock,
            prices=self.prices,
            show_state=shown_names(shown=self.show_state),
            result_hooks=tuple(self.result_hooks),
            input_hooks=tuple(self.input_hooks),
            output_hooks=tuple(self.output_hooks),
        )
        plan = with_output(plan, self.response_model, self.render)
        has_own_store = self.store is _OWN_STORE
        if has_own_store:
            object.__setattr__(self, "store", memory_store())
        aftercare = Aftercare(
            self.model,
            window,
            gauge,
            summary=self.summary,
            memory=self.memory,
            prices=self.prices,
            clock=self.clock,
        )
        parts = AgentParts(plan, self.store if has_own_store else None, aftercare)
        object.__setattr__(self, "_parts", parts)
        # Also called when the interpreter exits.
        weakref.finalize(self, parts.thread.close)

    def begin(
        self,
        request: RunRequest,
        transcript: Transcript | None,
        *,
        store: Store | None = None,
        journal: Journal | None = None,
        steering: Steering | None = None,
        is_streamed: bool = True,
        is_bare: bool = False,
        plan: RunPlan | None = None,
    ) -> AgentRun:
        """Begin a run whose session somebody else reads and writes: a worker.

        Args:
            request: What to answer.
            transcript: The session as it stands, with its last runs; None if it is new.
            store: Where memories live; None takes the agent's.
            journal: Where finished steps are recorded; what it knows already is not done again.
            steering: Gives what the user says meanwhile, for the model's next step.
            is_streamed: Whether the model's text comes while it is written.
            is_bare: Whether the model is shown the request alone, with its note for instructions: no tools, memories
                or past runs.
            plan: The agent's plan as one of the agents of a bot; None takes its own.
        """
        plan = plan or self._parts.plan
        if is_bare:
            plan = replace(plan, instructions=None, tools={}, sources=(), memory=None, window=Window(), crew={})
            plan = replace(plan, model=self.model, output=None, input_hooks=(), show_state=False)
        if not is_streamed:
            plan = replace(plan, settings=replace(plan.settings, is_streamed=False))
        return AgentRun(plan, request, transcript, store=store or self.store, journal=journal, steering=steering)

    def priced(self, prices: Mapping[str, Price]) -> "Agent":
        """Return the same agent with other prices for the models that are named, for whoever starts a bot file."""
        store = _OWN_STORE if self.has_own_store else self.store
        return replace(self, prices={**self.prices, **prices}, store=store)

    @property
    def plan(self) -> RunPlan:
        """What each run of the agent needs."""
        return self._parts.plan

    @property
    def has_own_store(self) -> bool:
        """Whether no store was given, so that sessions live in this process only."""
        return self._parts.own_store is not None

    @property
    def most_runs(self) -> int:
        """How many of a session's last runs the model is shown at most."""
        return self._parts.plan.window.most_runs

    @property
    def needed_runs(self) -> int:
        """How many of them belong to a conversation at least, where it has so many; the others may be commands."""
        return self._parts.plan.window.least_runs

    @property
    def sessions(self) -> Sessions:
        """The sessions of the agent's store, to read them back."""
        return Sessions(self.store.history, self.store.digests)

    async def look_after(self, session: Session, store: Store, *, runs: Sequence[Run] = ()) -> None:
        """Sum up what has become old, and remember what is worth it, when a run has ended and nobody waits.

        Programs need not call it: it is done in the background. What fails is logged, and done after a later run.

        Args:
            session: The session as it was known before its last run.
            store: Where it is.
            runs: Its last runs, as far as they are known; they tell whether there is anything to do.
        """
        await self._parts.aftercare.after_run(session, store, runs)

    async def settle(self) -> None:
        """Return when nothing is under way in the background any more."""
        await self._parts.background.settle()

    async def remember(self, user_id: str, text: str, *, topics: Sequence[str] = ()) -> Memo:
        """Remember something of a user; what is known already is not remembered twice.

        Raises:
            ConfigError: The agent has no memory.
            ValueError: The text is blank or too long.
        """
        self._require_memory()
        return await self.store.memories.add(check_id(user_id, "user_id"), memo_text(text), topics=topics)

    async def memories(self, user_id: str) -> tuple[Memo, ...]:
        """Give what is remembered of a user and of the accounts that are linked to theirs, the oldest first.

        These are the latest ``Memory(max_memos=...)``.

        Raises:
            ConfigError: The agent has no memory.
        """
        memory = self._require_memory()
        return await memos_of(self.store, check_id(user_id, "user_id"), limit=memory.max_memos)

    async def forget(self, user_id: str, memo_id: str) -> bool:
        """Forget one thing of a user or of an account that is linked to theirs; False if it was not known."""
        accounts = await self.store.links.of(check_id(user_id, "user_id"))
        return any([await self.store.memories.remove(account, memo_id) for account in accounts])

    def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run one of the asynchronous calls in a synchronous program: ``agent.wait(agent.sessions.runs("s1"))``."""
        return self._parts.thread.wait(work)

    async def prepare(self) -> None:
        """Do now what the first run would wait for, such as making the model's client and reaching servers of tools.

        Raises:
            ConfigError: A setting of the model is missing or wrong.
        """
        await asyncio.gather(self.model.prepare(), *(source.prepare() for source in self._parts.plan.sources))

    def close(self) -> None:
        """Close what synchronous calls opened. Called at the end of the program if nobody else does."""
        self._parts.thread.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and what synchronous calls opened."""
        await self._parts.aclose()

    def _require_memory(self) -> Memory:
        if self.memory is None:
            raise ConfigError("this agent has no memory: make it with Agent(memory=Memory(), ...)")
        return self.memory

    @property
    def _thread(self) -> LoopThread:
        return self._parts.thread

    def _events(self, message: Asked, options: RunOptions, *, is_streamed: bool) -> AsyncGenerator[RunEvent, None]:
        if unknown := set(options) - set(RunOptions.__annotations__):
            raise TypeError(f"an agent's run has no option {', '.join(sorted(unknown))}")
        user_id, session_id = options.get("user_id"), options.get("session_id")
        request = RunRequest(
            run_id=new_run_id(),
            session_id=new_session_id() if session_id is None else check_id(session_id, "session_id"),
            user_id=None if user_id is None else check_id(user_id, "user_id"),
            messages=user_messages(message),
            created_at=self.clock(),
        )
        plan = with_output(self._parts.plan, options.get("response_model"), self.render)
        return self._recorded(request, plan, is_new=session_id is None, is_streamed=is_streamed)

    async def _recorded(
        self, request: RunRequest, plan: RunPlan, *, is_new: bool, is_streamed: bool
    ) -> AsyncGenerator[RunEvent, None]:
        history = self.store.history
        has_context = callable(plan.instructions) or bool(plan.sources) or bool(plan.show_state)
        has_context = has_context or any(tool.arguments.context for tool in plan.tools.values())
        transcript = None
        if not is_new and (plan.window.most_runs or has_context or self._parts.aftercare.is_needed):
            transcript = await history.load(
                request.session_id, runs=plan.window.least_runs, most_runs=plan.window.most_runs
            )
        run = self.begin(request, transcript, is_streamed=is_streamed, plan=plan)
        try:
            async with aclosing(recorded(run, history)) as events:
                async for event in events:
                    yield event
        finally:
            self._parts.look_after(request.session_id, transcript, self.store)
