"""One call of a server's tool."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from mcp import Client, MCPError
from mcp.types import HEADER_MISMATCH, CallToolResult, InputRequiredResult, InputResponses
from mcp.types import Tool as RemoteTool

from threadkeep.agent.approvals import Approval
from threadkeep.agent.context import RunContext
from threadkeep.agent.permissions import Permission
from threadkeep.agent.tool_arguments import GivenArguments
from threadkeep.agent.tool_results import Result
from threadkeep.agent.tools import Tool
from threadkeep.errors import ToolError
from threadkeep.mcp.connection import Connection
from threadkeep.mcp.elicitation import MOST_ROUNDS, Rounds
from threadkeep.mcp.names import name_of
from threadkeep.mcp.results import read_result

# No argument of a server's tool can have this name: a model writes none with a space in front.
_CONTEXT: Final = " context"
_LONGEST_DESCRIPTION: Final = 4_000


class Offer(Protocol):
    """What of a server's settings its tools need."""

    @property
    def name(self) -> str:
        """The server's name."""
        ...

    @property
    def shown_prefix(self) -> str:
        """What stands before the names of its tools."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds that a call may take."""
        ...

    @property
    def max_result(self) -> int:
        """How many characters of a result the model is told."""
        ...

    @property
    def approval(self) -> Approval | None:
        """Who must approve the calls."""
        ...

    @property
    def allow(self) -> Permission | None:
        """Who may use its tools, and where."""
        ...


def tool_of(remote: RemoteTool, offer: Offer, connection: Connection) -> Tool:
    """Give a server's tool as one of the agent's.

    Args:
        remote: The tool as the server lists it.
        offer: The server's settings.
        connection: Over which it is called.
    """

    async def call(**given: Any) -> Result:
        context: RunContext = given.pop(_CONTEXT)
        rounds = Rounds(offer.name, context)
        result = await _Call(remote.name, given, context, connection).made(rounds)
        return await read_result(result, context, most=offer.max_result)

    return Tool(
        name=name_of(offer.shown_prefix, remote.name),
        description=(remote.description or remote.title or "")[:_LONGEST_DESCRIPTION],
        function=call,
        arguments=GivenArguments(schema=_schema(remote.input_schema), context=_CONTEXT),
        timeout=offer.timeout,
        approval=offer.approval,
        allow=offer.allow,
    )


class _Call:
    """A call, which may go several rounds while the server asks for more."""

    def __init__(self, tool: str, arguments: dict[str, Any], context: RunContext, connection: Connection) -> None:
        self._tool = tool
        self._arguments = arguments
        self._context = context
        self._connection = connection

    async def made(self, rounds: Rounds) -> CallToolResult:
        """Give the result. Where the server asks for more, its questions are put to people, who may take days.

        Args:
            rounds: What the server asked in earlier attempts, and who answers it.

        Raises:
            ToolError: There is none.
        """
        answers: InputResponses | None = None
        state: str | None = None
        for number in range(MOST_ROUNDS):
            asked = rounds.recorded(number)
            if asked is None:
                result = await self._asked(answers, state)
                if isinstance(result, CallToolResult):
                    return result
                await rounds.record(number, result)
                asked = result
            answers, state = await rounds.answers(asked), asked.request_state
        raise ToolError(f"the server has asked for more {MOST_ROUNDS} times: its call is given up")

    async def _asked(self, answers: InputResponses | None, state: str | None) -> CallToolResult | InputRequiredResult:
        async with self._connection.use() as client:
            try:
                return await self._sent(client, answers, state)
            except MCPError as error:
                if error.code != HEADER_MISMATCH:
                    raise
                await self._connection.relist(client)
                return await self._sent(client, answers, state)

    async def _sent(
        self, client: Client, answers: InputResponses | None, state: str | None
    ) -> CallToolResult | InputRequiredResult:
        return await client.session.call_tool(
            self._tool,
            self._arguments,
            progress_callback=self._tell,
            input_responses=answers,
            request_state=state,
            allow_input_required=True,
        )

    async def _tell(self, progress: float, total: float | None, message: str | None) -> None:
        self._context.say(message or (f"{progress:g} of {total:g}" if total else f"{progress:g}"))


def _schema(given: Mapping[str, object]) -> Mapping[str, object]:
    return {**given, "type": "object", "properties": given.get("properties", {})}
