"""What of an agent a run needs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threadkeep.agent.asking import OnQuestion
from threadkeep.agent.calling import ToolLimits
from threadkeep.agent.guards import Hook
from threadkeep.agent.instructions import Told
from threadkeep.agent.memory import Memory
from threadkeep.agent.tokens import Gauge
from threadkeep.agent.tool_hooks import ToolHook
from threadkeep.agent.tool_sources import ToolSource
from threadkeep.agent.tool_threads import ToolThreads
from threadkeep.agent.tools import Tool
from threadkeep.agent.window import Window
from threadkeep.files.reading import FileReader
from threadkeep.models.base import Model, ModelSettings
from threadkeep.models.prices import Price

if TYPE_CHECKING:
    from threadkeep.agent.structured import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What of an agent a run needs.

    Attributes:
        model: Whom to ask.
        settings: How to ask.
        instructions: What the system message begins with: a text, or what gives one for a run.
        tools: The tools, by name.
        tool_limits: How they are run.
        threads: Where synchronous ones run.
        memory: Whether and how much is remembered of the user.
        window: How much of the past the model is shown.
        gauge: Measures it.
        max_steps: How often the model may be asked.
        files: Reads the files of messages.
        on_question: Whom to ask where a run cannot wait for people.
        clock: Gives the seconds since the epoch.
        output: What the answer is to be, where it is data.
        sources: What offers more tools, for each run anew.
        tool_hooks: What looks at the calls of tools.
        show_state: Whether the model is shown the session's state, or which names of it.
        result_hooks: What looks at what tools give back.
        input_hooks: What looks at people's words.
        output_hooks: What looks at the model's words.
        prices: What models cost, besides those whose price we know.
        crew: The plans of the agents to whom a run may be handed over, by their names.
    """

    model: Model
    settings: ModelSettings
    instructions: Told | None
    tools: Mapping[str, Tool]
    tool_limits: ToolLimits
    threads: ToolThreads
    memory: Memory | None
    window: Window
    gauge: Gauge
    max_steps: int
    files: FileReader
    on_question: OnQuestion | None
    clock: Callable[[], float]
    output: "Output | None" = None
    sources: tuple[ToolSource, ...] = ()
    tool_hooks: Sequence[ToolHook] = ()
    show_state: bool | Collection[str] = False
    result_hooks: Sequence[Hook] = ()
    input_hooks: Sequence[Hook] = ()
    output_hooks: Sequence[Hook] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    crew: Mapping[str, "RunPlan"] = field(default_factory=dict, repr=False, compare=False)
