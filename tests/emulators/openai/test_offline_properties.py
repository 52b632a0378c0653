import json

from hypothesis import given
from hypothesis import strategies as st

from threadkeep_emulators.openai import Answer, ModelRequest, OfflineModel, ToolCall, Turn
from threadkeep_emulators.openai.chat_wire import ChatWriter
from threadkeep_emulators.openai.conversation import ToolOffer, read_chat
from threadkeep_emulators.openai.ids import IdSource
from threadkeep_emulators.openai.offline.arithmetic import evaluate, expression
from threadkeep_emulators.openai.payloads import encode
from threadkeep_emulators.openai.tokens import PromptCache, measure

# Texts made of what the rules look for, in any order, reach far more of them than arbitrary letters do.
PHRASES = st.sampled_from(
    (
        "my name is",
        "Ann",
        "Ann:",
        "what is my",
        "what did I say",
        "first",
        "summarise",
        "use the tool",
        "tool_a",
        "then",
        "remember that",
        "count to",
        "write a long",
        "12 * 3",
        "/ 0",
        "what time is it",
        "say",
        "?",
        ".",
        "\n",
        '{"a":1}',
        '<message from="Bob">',
        "</message>",
        "<@U1>",
        "[x]",
        "who am i",
        "forever",
        "is",
        "\u2019s",
        "- key: value",
        "\ud83d",
    )
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PHRASES, max_size=12).map(" ".join), st.characters().map(str))
CALLS = st.builds(ToolCall, name=TEXTS, arguments=TEXTS, call_id=st.sampled_from(["c1", "c2", ""]))
TURNS = st.builds(
    Turn,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    text=TEXTS,
    name=st.none() | TEXTS,
    tool_calls=st.lists(CALLS, max_size=2).map(tuple),
    call_id=st.sampled_from([None, "c1", "c2"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
)
KINDS = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null", ["string", "null"], 5])
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={"type": KINDS, "properties": st.dictionaries(TEXTS, JSON, max_size=3), "items": JSON, "enum": JSON}
    | {"required": JSON},
)
TOOLS = st.builds(ToolOffer, name=st.sampled_from(["tool_a", "clock", "calc"]), description=TEXTS, parameters=SCHEMAS)
REQUESTS = st.builds(
    ModelRequest,
    endpoint=st.just("chat.completions"),
    model=st.just("offline"),
    turns=st.lists(TURNS, max_size=8).map(tuple),
    tools=st.lists(TOOLS, max_size=3).map(tuple),
    tool_choice=st.sampled_from(["auto", "none", "required", "tool_a"]),
    output_schema=st.none() | SCHEMAS,
    max_tokens=st.none() | st.integers(1, 50),
    body=st.just({"stream": True}),
    headers=st.just({}),
)


@given(REQUESTS)
def test_it_always_has_an_answer_and_always_the_same(request):
    answer = OfflineModel().answer(request)

    assert answer.content or answer.tool_calls
    assert answer == OfflineModel().answer(request)
    for call in answer.tool_calls:
        assert isinstance(json.loads(call.arguments), dict)
        assert call.name in {tool.name for tool in request.tools}


@given(st.text(max_size=300), st.none() | st.integers(1, 20))
def test_the_pieces_of_an_answer_make_up_its_text(text, size):
    assert "".join(Answer(text=text, chunk_size=size).pieces()) == text


@given(st.text(max_size=50) | st.just("\ud83d"))
def test_a_stream_says_what_the_whole_answer_says(text):
    request = read_chat({"model": "offline", "messages": [{"role": "user", "content": "hello"}]}, {})
    answer = Answer(text=text)
    usage = measure(request, answer, PromptCache())
    writer = ChatWriter(request=request, answer=answer, usage=usage, ids=IdSource(0), created=0)

    chunks = [event.data for event in writer.events() if isinstance(event.data, dict)]

    said = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(said) == (writer.whole()["choices"][0]["message"]["content"] or "") == text


@given(JSON)
def test_what_is_encoded_can_be_sent_and_read_again(value):
    assert json.loads(encode(value).encode()) == value


@given(st.lists(st.integers(0, 999), min_size=2, max_size=6), st.lists(st.sampled_from("+-*"), min_size=5, max_size=5))
def test_sums_are_worked_out_as_python_does(numbers, signs):
    total = "".join(f"{number}{sign}" for number, sign in zip(numbers, signs, strict=False))[:-1]

    found = expression(total)

    if found is not None:
        assert evaluate(found) == str(eval(found))
