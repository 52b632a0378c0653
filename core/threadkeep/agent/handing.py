"""Handing a conversation over from one agent of a bot to another."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from threadkeep.agent.context import RunContext
from threadkeep.agent.tools import Tool, tool
from threadkeep.errors import ToolError
from threadkeep.messages import Message, Role, ToolCall

AGENT: Final = "agent"
"""The name in a session's state under which it is kept which agent has the conversation."""
HAND_OVER: Final = "hand_over"
"""The name of the tool."""


def hand_over_tool(colleagues: Mapping[str, str]) -> Tool:
    """Give the tool by which an agent hands a conversation over.

    Args:
        colleagues: The names of the other agents, and what each is for where that is known.
    """
    listed = "; ".join(f"{name}: {role}" if role else name for name, role in colleagues.items())

    @tool(
        name=HAND_OVER,
        description=f"Hand this conversation over to another assistant, who goes on with it. There are: {listed}",
    )
    async def hand_over(to: str, context: RunContext) -> str:
        """Hand over.

        Args:
            to: The name of the assistant.
            context: The run.
        """
        if to not in colleagues:
            raise ToolError(f"there is no assistant {to!r}; there are: {', '.join(colleagues)}")
        context.state[AGENT] = to
        return f"{to} has the conversation from now on"

    return hand_over


def handed_to(calls: Iterable[ToolCall], state: Mapping[str, object]) -> str | None:
    """Give who has the conversation after some calls; None if they have not handed it over."""
    if not any(call.name == HAND_OVER for call in calls):
        return None
    name = state.get(AGENT)
    return name if isinstance(name, str) else None


def with_system(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    """Give the messages of a request with another system message."""
    rest = messages[1:] if messages and messages[0].role is Role.SYSTEM else messages
    return (*((Message(role=Role.SYSTEM, content=text),) if text else ()), *rest)
