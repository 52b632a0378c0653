"""Asking for data, on both endpoints, and on servers that only know JSON."""

import pytest

from threadkeep.messages import Message, Role
from threadkeep.models.base import OutputSchema
from threadkeep_emulators.openai import Answer

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
BOOK = OutputSchema(name="Book", schema=SCHEMA)
EMMA = '{"title": "Emma"}'
TALK = (Message(role=Role.SYSTEM, content="You know books."), Message(role=Role.USER, content="Which?"))


def format_of(body, endpoint):
    """The format in one form for both endpoints."""
    if endpoint == "responses":
        return body.get("text", {}).get("format")
    wanted = body.get("response_format")
    return wanted and {"type": wanted["type"], **wanted.get("json_schema", {})}


async def test_the_schema_goes_with_the_request(openai, make_model, ask, endpoint):
    openai.answers(Answer(text=EMMA))
    _, answer = await ask(make_model(), TALK, output=BOOK)
    assert answer.message.content == EMMA
    assert format_of(openai.log[0].body, endpoint) == {
        "type": "json_schema",
        "name": "Book",
        "schema": {**SCHEMA, "additionalProperties": False},
        "strict": True,
    }


async def test_a_schema_without_a_strict_form_goes_as_it_is(openai, make_model, ask, endpoint):
    prices = {"type": "object", "additionalProperties": {"type": "integer"}}
    openai.answers(Answer(text="{}"))
    await ask(make_model(), TALK, output=OutputSchema(name="Prices", schema=prices))
    assert format_of(openai.log[0].body, endpoint) == {
        "type": "json_schema",
        "name": "Prices",
        "schema": prices,
        "strict": False,
    }


@pytest.mark.parametrize("mode", ["object", "prompt"])
@pytest.mark.parametrize("talk", [TALK, TALK[1:]], ids=["instructions", "bare"])
async def test_a_server_that_does_not_know_schemas_is_told_in_words(openai, make_model, ask, endpoint, mode, talk):
    openai.answers(Answer(text=EMMA))
    await ask(make_model(json_mode=mode), talk, output=BOOK)
    body = openai.log[0].body
    assert format_of(body, endpoint) == ({"type": "json_object"} if mode == "object" else None)
    system = body["instructions"] if endpoint == "responses" else body["messages"][0]["content"]
    assert '"required":["title"]' in system
    assert system.startswith("You know books.") == (talk is TALK)


async def test_text_is_asked_for_without_a_format(openai, make_model, ask, endpoint):
    openai.answers(Answer(text="Emma"))
    await ask(make_model(json_mode="object"), TALK)
    assert format_of(openai.log[0].body, endpoint) is None


async def test_a_refusal_says_so(openai, make_model, ask):
    openai.answers(Answer(refusal="I will not do that."))
    _, answer = await ask(make_model(), TALK, output=BOOK)
    assert (answer.message.content, answer.finish_reason) == ("I will not do that.", "refusal")


async def test_the_content_filter_says_so(openai, make_model, ask):
    openai.answers(Answer(text="and th", finish_reason="content_filter"))
    _, answer = await ask(make_model(), TALK)
    assert (answer.message.content, answer.finish_reason) == ("and th", "content_filter")
