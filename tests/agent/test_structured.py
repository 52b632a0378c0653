"""Answers that are data: checked, asked for once more, parsed, and shown to people as something to read."""

import pytest
from pydantic import BaseModel

from threadkeep import Agent, ConfigError, ModelResponseError, RunCompleted, RunRequest, ScriptedModel, Step, ToolCall
from threadkeep.agent.structured import output_of
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.messages import Message, Role
from threadkeep.models.base import Usage
from threadkeep.models.output import strict_schema
from threadkeep.sessions import SessionKey


class Book(BaseModel):
    title: str
    pages: int
    lent_to: list[str] = []
    is_old: bool = False
    shelf: str | None = None


EMMA = '{"title": "Emma", "pages": 474}'
WRONG = '{"title": "Emma", "pages": "many"}'
PLACE = Place(session=SessionKey(platform="test", workspace="W", channel="C"), kind=PlaceKind.DIRECT)


async def run_in_a_bot(agent):
    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Hi"),), place=PLACE)
    run = agent.begin(request, None)
    return [event async for event in run.stream()]


async def test_the_answer_is_an_object():
    with ScriptedModel(EMMA) as model:
        response = await Agent(model=model, response_model=Book).arun("Which book?")
    assert response.parsed == Book(title="Emma", pages=474)
    assert response.content == EMMA


async def test_a_run_may_ask_for_a_class_of_its_own():
    class Count(BaseModel):
        number: int

    with ScriptedModel('{"number": 3}', EMMA, "Just words.") as model:
        agent = Agent(model=model, response_model=Book)
        assert (await agent.arun("How many?", response_model=Count)).parsed == Count(number=3)
        assert (await agent.arun("Which?")).parsed == Book(title="Emma", pages=474)
        assert (await Agent(model=model).arun("Words?")).parsed is None


async def test_what_does_not_fit_is_asked_for_once_more_and_the_model_learns_why(scripted, script):
    first = script(WRONG, usage=Usage(input_tokens=10, output_tokens=2))
    model = scripted(first, script(EMMA, usage=Usage(input_tokens=15, output_tokens=3)))
    agent = Agent(model=model, response_model=Book)
    response = await agent.arun("Which book?", session_id="s")
    assert response.parsed == Book(title="Emma", pages=474)
    assert (response.metrics.input_tokens, response.metrics.output_tokens) == (25, 5)
    *_, wrong, complaint = model.asked[1]
    assert (wrong.content, complaint.role) == (WRONG, Role.USER)
    assert "pages: Input should be a valid integer" in complaint.content
    assert "https://" not in complaint.content
    (run,) = await agent.sessions.runs("s")
    assert [message.content for message in run.messages] == ["Which book?", EMMA]
    await agent.aclose()


async def test_two_answers_that_do_not_fit_are_a_failure():
    with ScriptedModel(WRONG, "no JSON at all") as model:
        agent = Agent(model=model, response_model=Book)
        with pytest.raises(ModelResponseError, match="response_model=Book"):
            await agent.arun("Which book?")


async def test_a_fence_around_the_json_is_taken_off():
    with ScriptedModel(f"```json\n{EMMA}\n```") as model:
        response = await Agent(model=model, response_model=Book).arun("Which book?")
    assert (response.content, response.parsed.title) == (EMMA, "Emma")


async def test_nothing_is_shown_of_an_answer_before_it_is_whole():
    with ScriptedModel(EMMA) as model:
        agent = Agent(model=model, response_model=Book)
        events = [event async for event in agent.arun("Which book?", stream=True)]
    assert [event.content for event in events if event.content] == [EMMA]


async def test_tools_are_called_before_the_answer():
    def count() -> int:
        """Count the pages."""
        return 474

    call = ToolCall(id="1", name="count", arguments="{}")
    with ScriptedModel(Step(text="Let me see.", calls=(call,)), EMMA) as model:
        response = await Agent(model=model, response_model=Book, tools=[count]).arun("Which book?")
    assert (response.content, response.parsed.pages) == (EMMA, 474)
    assert model.asked[1][-1].content == "474"


async def test_a_refusal_is_no_object_and_is_not_asked_again():
    with ScriptedModel(Step(text="I will not.", finish_reason="refusal")) as model:
        response = await Agent(model=model, response_model=Book).arun("Which book?")
    assert (response.content, response.parsed, response.finish_reason) == ("I will not.", None, "refusal")


async def test_people_in_a_bot_read_the_fields():
    with ScriptedModel('{"title": "Emma", "pages": 474, "lent_to": ["Ann", "Bob"]}') as model:
        events = await run_in_a_bot(Agent(model=model, response_model=Book))
    assert "".join(event.content for event in events) == (
        "- **title**: Emma\n- **pages**: 474\n- **lent to**: Ann, Bob\n- **is old**: no\n- **shelf**: none"
    )


async def test_people_in_a_bot_read_what_render_makes_of_it():
    with ScriptedModel(EMMA) as model:
        agent = Agent(model=model, response_model=Book, render=lambda book: f"_{book.title}_, {book.pages} pages")
        *_, end = await run_in_a_bot(agent)
    assert isinstance(end, RunCompleted)
    assert end.response.content == "_Emma_, 474 pages"
    assert end.response.messages[-1].content == EMMA
    assert end.response.parsed.title == "Emma"


async def test_a_summary_of_the_conversation_is_text():
    with ScriptedModel("They talked.") as model:
        agent = Agent(model=model, response_model=Book)
        request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Sum up"),))
        events = [event async for event in agent.begin(request, None, is_bare=True).stream()]
    assert "".join(event.content for event in events) == "They talked."


@pytest.mark.parametrize("given", [dict, "Book", Book(title="Emma", pages=1)])
def test_what_is_no_class_of_pydantic_is_refused(given):
    with pytest.raises(ConfigError, match="response_model"):
        Agent(model=ScriptedModel(), response_model=given)


async def test_an_unknown_option_of_a_run_is_refused():
    with pytest.raises(TypeError, match="session"):
        Agent(model=ScriptedModel()).run("Hi", session="s")


def test_a_strict_schema_requires_everything_and_allows_nothing_else():
    schema = strict_schema(output_of(Book).schema.schema)
    assert schema["required"] == ["title", "pages", "lent_to", "is_old", "shelf"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["lent_to"] == {"type": "array", "items": {"type": "string"}}


def test_maps_with_any_keys_have_no_strict_schema():
    class Prices(BaseModel):
        of: dict[str, int]

    assert strict_schema(output_of(Prices).schema.schema) is None


def test_nested_classes_stand_in_a_strict_schema():
    class Shelf(BaseModel):
        books: list[Book]
        best: Book = Book(title="Emma", pages=1)

    schema = strict_schema(output_of(Shelf).schema.schema)
    assert schema["properties"]["best"] == {"$ref": "#/$defs/Book"}
    assert schema["$defs"]["Book"]["additionalProperties"] is False
