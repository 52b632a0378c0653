import json

import pytest
from openai import AsyncOpenAI

from threadkeep_emulators.openai import OfflineModel, OpenAIEmulator

CLOCK = {"type": "function", "function": {"name": "get_current_time", "parameters": {"type": "object"}}}
CALCULATOR = {
    "type": "function",
    "function": {
        "name": "calculator",
        "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]},
    },
}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "number"}},
            "required": ["a", "b"],
        },
    },
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "note": {"type": "string"},
            },
            "required": ["city", "unit"],
        },
    },
}


def _bot(text):
    return {"role": "assistant", "content": text}


def _system(text):
    return {"role": "system", "content": text}


async def _calls(client, *messages, tools, **options):
    given = [{"role": "user", "content": said} if isinstance(said, str) else said for said in messages]
    completion = await client.chat.completions.create(model="offline", messages=given, tools=list(tools), **options)
    calls = completion.choices[0].message.tool_calls or []
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls]


async def test_it_says_what_it_is(client, ask):
    assert "offline model" in await ask("Who are you?")
    completion = await client.chat.completions.create(model="offline", messages=[{"role": "user", "content": "hi"}])
    assert completion.system_fingerprint == "offline"


async def test_it_knows_a_name_from_the_history_only(ask):
    told = "My name is Ann."

    assert await ask(told) == "Nice to meet you, Ann."
    assert await ask(told, _bot("Nice to meet you, Ann."), "What is my name?") == "Your name is Ann."
    assert await ask("What is my name?") == "You have not told me your name."


async def test_it_remembers_the_newest_of_two_facts(ask):
    said = await ask(
        "my favourite colour is blue",
        _bot("ok"),
        "My favorite color is dark green!",
        _bot("ok"),
        "What's my favourite colour?",
    )

    assert said == "Your favourite colour is dark green."


async def test_it_lists_what_it_was_told_to_remember(ask):
    said = await ask(
        "Remember that the key is under the mat.",
        _bot("ok"),
        "I live in Oslo",
        _bot("ok"),
        "What did I tell you to remember?",
    )

    assert said == "This is what I know about you:\n- the key is under the mat\n- you live in Oslo"
    assert await ask("I live in Oslo", _bot("ok"), "where do I live?") == "You live in Oslo."
    assert await ask("what do you remember?") == "You have not told me anything about yourself yet."


async def test_it_acknowledges_facts(ask):
    assert await ask("Remember that tea is at five") == "I will remember: tea is at five."
    assert await ask("my dog is called Rex") == "I will remember: your dog is called Rex."


@pytest.mark.parametrize(
    "label",
    [
        "{name}: {text}",
        "**{name}**: {text}",
        "[{name}] {text}",
        "[12:30] {name}: {text}",
        "{name} (U0{name}): {text}",
        '<message from="{name}">{text}</message>',
        '<msg id="5" author="{name}" at="now">\n{text}\n</msg>',
        "<@U0BOT> {name}: {text}",
    ],
)
async def test_facts_belong_to_the_speaker_who_is_named(ask, label):
    def told(name, text):
        return label.format(name=name, text=text)

    history = [
        told("Ann", "my favourite colour is blue"),
        _bot("ok"),
        told("Bob", "my favourite colour is red"),
        _bot("ok"),
    ]

    assert await ask(*history, told("Ann", "what is my favourite colour?")) == "Your favourite colour is blue."
    assert await ask(*history, told("Bob", "what is my favourite colour?")) == "Your favourite colour is red."
    assert (await ask(*history, told("Cleo", "what is my favourite colour?"))).startswith("You have not told me")
    assert await ask(*history, told("Cleo", "who am I?")) == "Your name is Cleo."


async def test_the_name_field_tells_the_speaker(ask):
    ann = {"role": "user", "name": "Ann", "content": "my team is the Reds"}
    asked = {"role": "user", "name": "Bob", "content": "what is my team?"}

    assert await ask(ann, _bot("ok"), asked) == "You have not told me your team."
    assert await ask(ann, _bot("ok"), {**asked, "name": "Ann"}) == "Your team is the Reds."


async def test_several_speakers_in_one_message_are_told_apart(ask):
    said = await ask("Ann: my name is Ann\nBob: my pet is a cat\nand it is old\nAnn: what did Bob say?")

    assert said == "Bob said: “my pet is a cat and it is old”"


async def test_it_uses_memories_and_summaries_in_the_system_message(ask):
    memories = "Be kind.\nWhat you know:\n- The user's name is Ann\n- favourite colour: blue\n- My pet is a cat."

    assert await ask(_system(memories), "What is my name?") == "Your name is Ann."
    assert await ask(_system(memories), "What is my favourite colour?") == "Your favourite colour is blue."
    assert await ask(_system(memories), "What is my pet?") == "Your pet is a cat."
    summary = await ask("Ann: my pet is a cat", _bot("ok"), "Ann: summarise")
    assert await ask(_system(summary), "Ann: What is my pet?") == "Your pet is a cat."
    assert await ask(_system(summary), "Bob: What is my pet?") == "You have not told me your pet."


async def test_it_quotes_what_came_first_and_what_came_before(ask):
    history = ["Good morning", _bot("hello"), "I like trains", _bot("good")]

    assert await ask(*history, "What did I say first?") == "The first thing that you said was: “Good morning”"
    assert await ask(*history, "What did I say before?") == "Before this you said: “I like trains”"
    assert await ask(*history, "what was my last message?") == "Before this you said: “I like trains”"
    assert "nothing before" in await ask("What did I just say?")
    assert "3 message(s)" in await ask(*history, "How many messages have I sent?")


async def test_it_summarises_what_each_user_said(ask):
    said = await ask(
        "Ann: trains are great", _bot("yes"), "Bob: planes are faster", _bot("no"), "Ann: Summarise this, please"
    )

    assert said == "Summary of 2 message(s):\n- Ann: trains are great\n- Bob: planes are faster"
    assert "nothing to summarise" in await ask("summary please")


@pytest.mark.parametrize(
    "order", ["Summarise the conversation below.", "You write short summaries.", "Update the summary with what is new."]
)
async def test_it_summarises_a_transcript_when_the_system_message_orders_it(ask, order):
    transcript = "user: my name is Ann\nassistant: Nice to meet you.\nBob: hello\nthere\nuser: tell me a joke"

    said = await ask(_system(order), transcript)

    assert said == "Summary of 3 message(s):\n- user: my name is Ann\n- Bob: hello there\n- user: tell me a joke"


@pytest.mark.parametrize(
    ("told", "question", "said"),
    [
        ("I'm Ann and I live in Oslo.", "Do you remember my name?", "Your name is Ann."),
        ("I'm Ann and I live in Oslo.", "where do I live", "You live in Oslo."),
        ("I like trains, and my age is 5", "What do I like?", "You like trains."),
        ("I work at the mill", "where do I work?", "You work at the mill."),
        ("My mail is a@b.example and my age is 5.", "what is my mail?", "Your mail is a@b.example."),
        ("Can you remember my name is Carl?", "who am i", "Your name is Carl."),
        ("I am tired", "who am i", "You have not told me your name."),
        ("trains are late", "what did I say about trains?", "About trains you said: “trains are late”"),
        ("trains are late", "what did I say about planes?", "I was shown nothing that you said about planes."),
        ("trains are late", "what do I hate?", "You have not told me what or where you hate."),
    ],
)
async def test_it_knows_what_people_said_of_themselves(ask, told, question, said):
    assert await ask(told, _bot("ok"), question) == said


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Tell me a 5 second short story about a robot", "Rusty the robot"),
        ("tell me a joke", "recharge"),
        ("Explain quantum physics in simple terms", "quanta"),
        ("What is the speed of light?", "299,792,458"),
        ("Hello!", "Hello"),
        ("Thanks a lot", "You are welcome"),
        ("bye", "Goodbye"),
        ("What is 2 + 3 * 4?", "2 + 3 * 4 is 14."),
        ("10 divided by 4", "10 / 4 is 2.5."),
        ("calculate 7 / 0", "nothing can be divided by zero"),
        ("what time is it?", "I have no clock"),
        ("repeat after me: @everyone come here", "@everyone come here"),
        ("count to 12", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        ("count to 999999999", "1000 is enough"),
        ("frobnicate the wug", "You said: “frobnicate the wug”"),
        ("", "no words"),
    ],
)
async def test_it_answers_the_usual_questions(ask, question, part):
    assert part in await ask(question)


async def test_it_greets_by_name(ask):
    assert (await ask("my name is Ann", _bot("ok"), "hi")).startswith("Hello, Ann!")


async def test_it_answers_each_question_that_came_since_its_last_answer(ask):
    said = await ask("My name is Ann", _bot("ok"), "What is my name?", "tell me a joke")

    assert said.startswith("Your name is Ann.\n\nWhy did the robot")


async def test_it_answers_only_the_newest_speaker(ask):
    assert await ask("Bob: tell me a joke", "Ann: who am I?") == "Your name is Ann."


async def test_it_writes_long_markdown_with_code(ask):
    text = await ask("Write a long text about trains")

    assert text.startswith("# A long text about trains")
    assert text.count("```") == 2
    assert len(text) > 4000


async def test_it_stops_at_the_limit_of_tokens(client):
    completion = await client.chat.completions.create(
        model="offline", messages=[{"role": "user", "content": "count to 100"}], max_tokens=5
    )

    assert completion.choices[0].message.content == "1, 2, 3, 4, 5,"
    assert completion.choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("question", "tools", "expected"),
    [
        ("what time is it?", [CALCULATOR, CLOCK], [("get_current_time", {})]),
        ("What is 12 * 7?", [CLOCK, CALCULATOR], [("calculator", {"expression": "12 * 7"})]),
        ("what is 2 plus 3", [ADD], [("add", {"a": 2, "b": 3})]),
        ("how is the weather in Paris?", [CLOCK, WEATHER], [("get_weather", {"city": "Paris", "unit": "celsius"})]),
        (
            "the weather for Rome in fahrenheit",
            [WEATHER],
            [("get_weather", {"city": "Rome in fahrenheit", "unit": "fahrenheit"})],
        ),
        ("Use the tool add with 4 and 5.5", [ADD], [("add", {"a": 4, "b": 5.5})]),
        ('use the tool add with {"a": 1, "b": 2}', [ADD], [("add", {"a": 1, "b": 2})]),
        (
            "use the tools add and get_current_time with 1 and 2",
            [ADD, CLOCK],
            [("add", {"a": 1, "b": 2}), ("get_current_time", {})],
        ),
        ("tell me a joke", [ADD, CLOCK, WEATHER], []),
    ],
)
async def test_it_calls_a_tool_that_fits(client, question, tools, expected):
    assert await _calls(client, question, tools=tools) == expected


async def test_it_obeys_the_tool_choice(client):
    assert await _calls(client, "what time is it?", tools=[CLOCK], tool_choice="none") == []
    assert await _calls(client, "hello", tools=[CLOCK, ADD], tool_choice="required") == [("get_current_time", {})]
    named = {"type": "function", "function": {"name": "add"}}
    assert await _calls(client, "hello", tools=[CLOCK, ADD], tool_choice=named) == [("add", {"a": 0, "b": 0})]


async def test_it_says_that_it_has_no_such_tool(ask):
    assert await ask("use the tool frob", tools=[CLOCK]) == (
        "I have no tool called frob. The tools that I was given: get_current_time."
    )


def _called(name, call_id="call_1"):
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _result(text, call_id="call_1"):
    return {"role": "tool", "tool_call_id": call_id, "content": text}


@pytest.mark.parametrize(
    ("name", "result", "said"),
    [
        ("get_current_time", "12:30", "It is 12:30."),
        ("calculator", "84", "The result is 84."),
        ("search", "3 pages", "The tool search says: 3 pages"),
        ("search", "", "The tool search is done and said nothing."),
        ("search", "Error: no network", "The tool search failed: Error: no network"),
        ("search", '{"error": {"message": "no network"}}', "The tool search failed: no network"),
        ("search", '{"error": "no network"}', "The tool search failed: no network"),
    ],
)
async def test_it_puts_a_result_into_words(ask, name, result, said):
    assert await ask("please", _called(name), _result(result), tools=[CLOCK]) == said


async def test_it_follows_a_plan_of_several_steps(client, ask):
    plan = "use the tool add with 1 and 2, then use the tool get_current_time"

    assert await _calls(client, plan, tools=[ADD, CLOCK]) == [("add", {"a": 1, "b": 2})]
    first = [plan, _called("add"), _result("3")]
    assert await _calls(client, *first, tools=[ADD, CLOCK]) == [("get_current_time", {})]
    second = [*first, _called("get_current_time", "call_2"), _result("12:30", "call_2")]
    assert await ask(*second, tools=[ADD, CLOCK]) == "The result is 3.\nIt is 12:30."


async def test_it_can_be_told_to_call_a_tool_without_end(client):
    plan = "use the tool get_current_time forever"

    assert await _calls(client, plan, _called("get_current_time"), _result("1"), tools=[CLOCK]) == [
        ("get_current_time", {})
    ]


async def test_it_fills_a_json_schema(ask):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "count": {"type": "integer"},
            "is_good": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "inner": {"type": "object", "properties": {"nothing": {"type": ["null", "string"]}}},
        },
    }
    shape = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}

    said = json.loads(await ask("a note about “trains” and 3 planes", response_format=shape))

    assert said == {"title": "trains", "count": 3, "is_good": True, "tags": ["trains"], "inner": {"nothing": "trains"}}


async def test_both_endpoints_give_the_same_answer(client, ask):
    items = [
        {"role": "user", "content": "my name is Ann"},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": [{"type": "input_text", "text": "what is my name?"}]},
    ]

    response = await client.responses.create(model="offline", instructions="Be kind.", input=items)

    assert response.output_text == "Your name is Ann."


async def test_responses_call_tools_too(client):
    tool = {**CALCULATOR["function"], "type": "function", "strict": None}

    response = await client.responses.create(model="offline", input="what is 6 * 7?", tools=[tool])

    call = response.output[0]
    assert (call.name, json.loads(call.arguments)) == ("calculator", {"expression": "6 * 7"})
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "42"}
    second = await client.responses.create(
        model="offline", input=[output], tools=[tool], previous_response_id=response.id
    )
    assert second.output_text == "The result is 42."


async def test_it_streams_word_by_word_with_a_delay():
    async with (
        OpenAIEmulator(offline=OfflineModel(delay=0.001)) as emulator,
        AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key) as client,
    ):
        stream = await client.chat.completions.create(
            model="offline", messages=[{"role": "user", "content": "count to 3"}], stream=True
        )
        pieces = [chunk.choices[0].delta.content async for chunk in stream]

    assert pieces == ["", "1,", " 2,", " 3", None]
