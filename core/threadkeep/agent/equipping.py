"""What follows from an agent's settings: how much of the past it is shown, and which tools of ours it has."""

from threadkeep.agent.memory import Memory
from threadkeep.agent.summary import Summary
from threadkeep.agent.tools import Tool
from threadkeep.agent.window import Window
from threadkeep.errors import ConfigError


def window_of(runs: int | None, messages: int | None, tokens: int | None, *, summary: Summary | None) -> Window:
    """Give how much of the past is shown.

    Args:
        runs: How many runs; None where no history is shown.
        messages: How many messages at most; None for any number.
        tokens: How many tokens at most; None for any number.
        summary: Whether what is not shown is summed up.

    Raises:
        ConfigError: A number is too small, or nothing is shown that could be summed up.
    """
    for setting, most in (("num_history_messages", messages), ("max_history_tokens", tokens)):
        if most is not None and most < 1:
            raise ConfigError(f"{setting} must be 1 or more, or None for any number, got {most!r}")
    if runs is None:
        if summary is not None:
            raise ConfigError("summary= needs add_history_to_messages=True: what is not shown any more is summed up")
        return Window()
    more = 0 if summary is None else 2 * summary.every
    return Window(least_runs=runs, most_runs=runs + more, most_messages=messages, most_tokens=tokens)


def own_tools(memory: Memory | None, *, reads_history: bool) -> tuple[Tool, ...]:
    """Give the tools that an agent has besides those it is given."""
    # Making tools takes pydantic, which is slow to import.
    made: tuple[Tool, ...] = ()
    if memory is not None and memory.by_model:
        from threadkeep.agent.memory_tools import memory_tools  # noqa: PLC0415

        made += memory_tools()
    if reads_history:
        from threadkeep.agent.history_tools import history_tools  # noqa: PLC0415

        made += history_tools()
    return made
