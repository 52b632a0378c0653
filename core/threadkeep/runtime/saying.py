"""What the bot itself says in answer to commands."""

from collections.abc import Iterable, Sequence
from typing import Final

from threadkeep.agent.costs import Cost, charged_since, total_cost
from threadkeep.agent.history import after_boundary
from threadkeep.chat.commands import STOP, Command
from threadkeep.runs import Run
from threadkeep.stores.charges import Charge

_STOP_LINE: Final = f"- `!{STOP}`: Stops the answer that I am writing."
_SLASHES: Final = "Where slash commands work, `/new` is the same as `!new`, and so on."


def help_text(commands: Iterable[Command], description: str) -> str:
    """Give the list of the commands, after what the bot says of itself.

    Args:
        commands: The commands.
        description: What the bot says of itself; empty for nothing.
    """
    lines = [
        f"- `!{command.name}{f' {command.takes}' if command.takes else ''}`: {command.help}" for command in commands
    ]
    head = f"{description.strip()}\n\n" if description.strip() else ""
    return f"{head}You can tell me:\n\n" + "\n".join([*lines, _STOP_LINE]) + f"\n\n{_SLASHES}"


def unknown_text(name: str) -> str:
    """Give the answer to a command that is not known."""
    return f"I do not know the command `{name}`. `!help` lists those that I know."


def usage_text(runs: Sequence[Run], charges: Sequence[Charge] = (), *, most: int, total: int) -> str:
    """Say what a conversation has cost since it began, as far as it was read.

    Args:
        runs: The session's last runs, oldest first.
        charges: What was asked of models for it in the background.
        most: How many were read at most.
        total: How many runs the session has had.
    """
    start = after_boundary(runs)
    asked = [run for run in runs[start:] if run.metrics.model_calls]
    if not asked:
        return "This conversation has cost nothing yet."
    is_cut = not start and total > len(runs)
    extent = f"The last {most} runs of this conversation" if is_cut else "This conversation"
    calls = sum(run.metrics.model_calls for run in asked)
    tokens_in = sum(run.metrics.input_tokens or 0 for run in asked)
    cached = sum(run.metrics.cached_tokens or 0 for run in asked)
    tokens_out = sum(run.metrics.output_tokens or 0 for run in asked)
    text = (
        f"{extent}: {_count(len(asked), 'answer')}, for which the model was asked {_count(calls, 'time')}; "
        f"{tokens_in:,} tokens in{f' ({cached:,} of them cached)' if cached else ''}, {tokens_out:,} out."
    )
    untold = sum(run.metrics.input_tokens is None for run in asked)
    missing = f" For {_count(untold, 'answer')} the model's server did not tell." if untold else ""
    since = charged_since(runs[start:], charges)
    return f"{text}{missing}{_background(since)}{_money(total_cost(asked, since))}"


def _background(charges: Sequence[Charge]) -> str:
    """Say what was asked of models besides, if anything."""
    if not charges:
        return ""
    calls = sum(charge.use.calls for charge in charges)
    tokens_in = sum(charge.use.input_tokens for charge in charges)
    tokens_out = sum(charge.use.output_tokens for charge in charges)
    return (
        f" In the background, for summaries and memories, a model was asked {_count(calls, 'time')}: "
        f"{tokens_in:,} tokens in, {tokens_out:,} out."
    )


def _money(cost: Cost) -> str:
    """Say what that is in money, as far as it is known."""
    if not cost.money:
        return ""
    kind = "at least " if not cost.is_whole else "about " if cost.is_estimated else ""
    note = " (partly estimated)" if cost.is_estimated else ""
    background = f", ${cost.background_money:,.4f} of it in the background" if cost.background_money else ""
    return f" That is {kind}${cost.money:,.4f}{note}{background}."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
