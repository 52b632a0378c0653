"""Agents in real threads: who answers where, handing over, guardrails, data, refusals and tools for some."""

from pydantic import BaseModel
from steps import LONG

from threadkeep import Agent, Allow, Instructions, Redactor, tool
from threadkeep_emulators.openai import Answer, ToolCall


class Book(BaseModel):
    title: str
    pages: int


def system(town, number):
    return next(
        str(message["content"])
        for message in town.openai.messages(number)
        if message["role"] in ("system", "developer")
    )


async def test_a_thread_is_handed_over_and_stays_with_who_took_it(town, serving, ann, runs_of):
    call = ToolCall(name="hand_over", arguments='{"to": "loans"}')
    town.openai.answers(Answer(tool_calls=(call,)), Answer(text="I look after loans."), Answer(text="It costs 2."))
    loans = Agent(model=town.model(id="gpt-4o-mini"), instructions="You lend.", role="fees")
    async with serving(agent={"instructions": "You greet."}, agents={"loans": loans}):
        question = await ann.says(town.general, f"{town.acme.bot.mention} What do I owe?")
        await question.thread.wait_for_reply(contains="I look after loans.", timeout=LONG)
        await ann.says(town.general, f"{town.acme.bot.mention} How much?", thread_ts=question.ts)
        await question.thread.wait_for_reply(contains="It costs 2.", timeout=LONG)
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 2)
    assert [system(town, number)[:9] for number in range(3)] == ["You greet", "You lend.", "You lend."]
    assert found.session.state == {"agent": "loans"}
    assert [use.model for use in found.runs[0].metrics.models] == ["gpt-5.4-mini", "gpt-4o-mini"]


async def test_instructions_and_tools_differ_by_place(town, serving, ann):
    @tool(allow=Allow(places=["direct"]))
    def fees() -> str:
        """Tell the fees."""
        return "2"

    instructions = Instructions(everywhere="Be kind.", by_place={"thread": "Others read this.", "direct": "Be brief."})
    town.openai.answers(Answer(text="Hello all."), Answer(text="Hello Ann."))
    async with serving(agent={"instructions": instructions, "tools": [fees]}):
        question = await ann.says(town.general, f"{town.acme.bot.mention} Hello")
        await question.thread.wait_for_reply(timeout=LONG)
        await ann.dm("Hello")
        await ann.direct.wait_for_reply(timeout=LONG)
    assert system(town, 0).startswith("Be kind.\n\nOthers read this.")
    assert system(town, 1) == "Be kind.\n\nBe brief."
    assert [request.tool_names for request in town.openai.log] == [[], ["fees"]]


async def test_nothing_that_is_redacted_reaches_the_model_or_the_store(town, serving, ann, runs_of):
    redactor = Redactor()
    town.openai.answers(Answer(text="I wrote to bob@example.org."))
    async with serving(agent={"output_hooks": [redactor]}, redactor=redactor):
        await ann.dm("Write to bob@example.org, card 4111 1111 1111 1111")
        reply = await ann.direct.wait_for_reply(timeout=LONG, contains="I wrote")
        found = await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 1)
    assert town.said(0) == ["Write to [email], card [card]"]
    assert reply.text.startswith("I wrote to [email].")
    assert "bob@example.org" not in str(found)


async def test_people_read_data_as_text(town, serving, ann):
    town.openai.answers(
        Answer(text='{"title": "Emma", "pages": "many"}'), Answer(text='{"title": "Emma", "pages": 474}')
    )
    agent = {"response_model": Book, "render": lambda book: f"{book.title} has {book.pages} pages."}
    async with serving(agent=agent):
        await ann.dm("Which book?")
        reply = await ann.direct.wait_for_reply(timeout=LONG, contains="pages")
    assert reply.text.startswith("Emma has 474 pages.")
    assert town.openai.log[0].body["response_format"]["json_schema"]["name"] == "Book"


async def test_a_refusal_and_a_cut_are_shown_for_what_they_are(town, serving, ann):
    town.openai.answers(Answer(refusal="I will not."), Answer(text="It began in", finish_reason="length"))
    async with serving():
        await ann.dm("Do something bad")
        refused = await ann.direct.wait_for_reply(timeout=LONG, contains="declined")
        await ann.dm("Tell me a long story")
        cut = await ann.direct.wait_for_reply(timeout=LONG, contains="Cut off")
    assert refused.text.startswith("I will not.")
    assert cut.text.startswith("It began in")


async def test_a_thread_that_is_too_long_is_answered_with_less_of_it(town, serving, ann):
    answers = [Answer(text=f"Answer {number} {'word ' * 50}") for number in range(3)]
    refused = Answer(status=400, error_code="context_length_exceeded", error_message="too long")
    town.openai.answers(*answers, refused, Answer(text="The last answer."))
    async with serving(agent={"num_history_runs": 10}):
        for number in range(3):
            await ann.dm(f"Question {number}")
            await ann.direct.wait_for_reply(timeout=LONG, contains=f"Answer {number}")
        await ann.dm("Question 3")
        await ann.direct.wait_for_reply(timeout=LONG, contains="The last answer.")
    assert len(town.said(3)) == 7
    assert [text[:10] for text in town.said(4)] == ["Question 2", "Answer 2 w", "Question 3"]
