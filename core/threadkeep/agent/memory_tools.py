"""The tools by which a model remembers and forgets."""

from threadkeep.agent.context import RunContext
from threadkeep.agent.tools import Tool, tool
from threadkeep.errors import ToolError


def memory_tools() -> tuple[Tool, ...]:
    """Give the tools ``remember`` and ``forget``, for the memories of who is answered."""
    return (tool(remember), tool(forget))


async def remember(context: RunContext, fact: str, topics: list[str] | None = None) -> str:
    """Remember a lasting fact about the person you answer, for later conversations; nothing that only matters now.

    Args:
        context: The run.
        fact: The fact in one sentence, at most 300 characters.
        topics: One or two words that say what it is about.
    """
    if context.memories is None:
        raise ToolError("it is not known who speaks, so nothing can be remembered")
    memo = await context.memories.remember(fact, topics or ())
    return f"Remembered: {memo.text}"


async def forget(context: RunContext, fact: str) -> str:
    """Forget something that you remember about the person you answer.

    Args:
        context: The run.
        fact: The fact as it stands in what you remember.
    """
    if context.memories is None:
        raise ToolError("it is not known who speaks, so nothing is remembered")
    memo = await context.memories.forget(fact)
    return f"Forgotten: {memo.text}"
