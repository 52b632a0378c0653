"""What a server asks in the middle of a call, as questions to people."""

from typing import Final

from mcp.types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
    InputResponses,
)

from threadkeep.agent.context import RunContext
from threadkeep.agent.questions import Choice
from threadkeep.chat.elements import ButtonStyle
from threadkeep.errors import ToolError
from threadkeep.mcp.fields import DECLINE, SKIP, AskedField, Value, fields_of

MOST_ROUNDS: Final = 10
"""How often a server may ask for more before its call is given up."""
_MOST_STATE: Final = 64_000
_MOST_TRIES: Final = 3
_ACCEPT: Final = "accept"


class Rounds:
    """The rounds of one call: what the server asked is recorded, so that the call goes on where it was left.

    Args:
        server: The server's name.
        context: The call.
    """

    def __init__(self, server: str, context: RunContext) -> None:
        self._server = server
        self._context = context

    def recorded(self, number: int) -> InputRequiredResult | None:
        """Give what the server asked in a round of an earlier attempt; None if it did not come so far."""
        text = self._context.desk.kept(f"round{number}")
        return None if text is None else InputRequiredResult.model_validate_json(text)

    async def record(self, number: int, asked: InputRequiredResult) -> None:
        """Keep what the server asks, with its own state.

        Raises:
            ToolError: It is too much to keep.
        """
        text = asked.model_dump_json(by_alias=True, exclude_none=True)
        if len(text) > _MOST_STATE:
            raise ToolError(f"the server {self._server} asks for more than can be kept")
        await self._context.desk.keep(f"round{number}", text)

    async def answers(self, asked: InputRequiredResult) -> InputResponses:
        """Ask who is answered, and give what they say. The call of the tool may end here until they have.

        Raises:
            ToolError: Nobody answers in time, or the server asks for what only a model or a file system could give.
        """
        answers: InputResponses = {}
        for key, request in (asked.input_requests or {}).items():
            if not isinstance(request, ElicitRequest):
                raise ToolError(f"the server {self._server} asks for what it is not given here: {request.method}")
            answers[key] = await self._answer(request)
        return answers

    async def _answer(self, request: ElicitRequest) -> ElicitResult:
        asked = request.params
        if isinstance(asked, ElicitRequestURLParams):
            return await self._visited(asked)
        fields = fields_of(asked.requested_schema)
        if not fields:
            said = await self._context.ask(self._text(asked.message), choices=_yes_or_no("Accept"))
            return ElicitResult(action="accept", content={}) if said == _ACCEPT else ElicitResult(action="decline")
        return await self._filled_in(asked, fields)

    async def _visited(self, asked: ElicitRequestURLParams) -> ElicitResult:
        if not asked.url.startswith(("https://", "http://")):
            raise ToolError(f"the server {self._server} wants an address to be opened that is none of the web")
        text = self._text(f"{asked.message}\n\n{asked.url}")
        said = await self._context.ask(text, choices=_yes_or_no("Done"))
        return ElicitResult(action="accept" if said == _ACCEPT else "decline")

    async def _filled_in(self, asked: ElicitRequestFormParams, fields: tuple[AskedField, ...]) -> ElicitResult:
        content: dict[str, Value] = {}
        for number, field in enumerate(fields):
            text = field.text if number else f"{asked.message}\n\n{field.text}"
            said = await self._field(text, field)
            if said == DECLINE:
                return ElicitResult(action="decline")
            if said != SKIP:
                content[field.name] = field.value(said)
        return ElicitResult(action="accept", content=dict(content))

    async def _field(self, text: str, field: AskedField) -> str:
        for _ in range(_MOST_TRIES):
            said = await self._context.ask(self._text(text), choices=field.choices, takes_text=field.takes_text)
            try:
                if said not in (DECLINE, SKIP):
                    field.value(said)
            except ValueError as error:
                text = f"{field.text}\n\nThat does not fit: {error}."
            else:
                return said
        raise ToolError(f"what the server {self._server} asked for was not given: {field.title}")

    def _text(self, text: str) -> str:
        return f"**{self._server}** asks: {text}"


def _yes_or_no(label: str) -> tuple[Choice, ...]:
    return (Choice(label=label, value=_ACCEPT, style=ButtonStyle.PRIMARY), Choice(label="Decline", value=DECLINE))
