import aiohttp
import pytest
from openai import APIStatusError, AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError

USER = {"role": "user", "content": "hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "5"}


def _tool(name="add", **fields):
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}, **fields}}


def _item(**fields):
    return {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}", **fields}


STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def _nested(items):
    return {**STRICT, "properties": {"a": {"type": "array", "items": items}}}


async def _post(emulator, path, *, key=None, **request):
    headers = {"Authorization": f"Bearer {key or emulator.api_key}"}
    async with aiohttp.ClientSession() as session, session.post(emulator.url + path, headers=headers, **request) as got:
        return got.status, (await got.json())["error"]


@pytest.mark.parametrize("endpoint", ["chat", "responses", "models"])
async def test_a_wrong_key_is_refused_everywhere(emulator, endpoint):
    async with AsyncOpenAI(base_url=emulator.url, api_key="sk-wrong", max_retries=0) as client:
        calls = {
            "chat": lambda: client.chat.completions.create(model="offline", messages=[USER]),
            "responses": lambda: client.responses.create(model="offline", input="hello"),
            "models": lambda: client.models.retrieve("offline"),
        }
        with pytest.raises(AuthenticationError) as caught:
            await calls[endpoint]()

    assert caught.value.status_code == 401
    assert caught.value.code == "invalid_api_key"
    assert caught.value.type == "invalid_request_error"
    assert emulator.requests[0].outcome == "refused"


async def test_a_request_without_a_key_is_refused(emulator):
    async with aiohttp.ClientSession() as session, session.get(f"{emulator.url}/models") as response:
        assert response.status == 401


async def test_an_unknown_model_is_refused(client):
    with pytest.raises(NotFoundError) as chat:
        await client.chat.completions.create(model="gpt-99", messages=[USER])
    with pytest.raises(NotFoundError) as response:
        await client.responses.create(model="gpt-99", input="hello")
    with pytest.raises(NotFoundError) as shown:
        await client.models.retrieve("gpt-99")

    assert {chat.value.code, response.value.code, shown.value.code} == {"model_not_found"}


async def test_an_unknown_path_is_refused(emulator):
    status, error = await _post(emulator, "/chat/complete", json={})

    assert status == 404
    assert "Invalid URL" in error["message"]


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"])
async def test_a_body_that_is_not_a_json_object_is_refused(emulator, path, data):
    status, error = await _post(emulator, path, data=data)

    assert status == 400
    assert error["type"] == "invalid_request_error"
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
async def test_a_missing_model_is_refused(emulator, path):
    status, error = await _post(emulator, path, json={"messages": [USER]})

    assert status == 400
    assert "model" in error["message"]


async def test_missing_messages_are_refused(emulator):
    status, error = await _post(emulator, "/chat/completions", json={"model": "offline"})

    assert status == 400
    assert (error["param"], error["code"]) == ("messages", "missing_required_parameter")


@pytest.mark.parametrize(
    ("messages", "param", "code"),
    [
        ([], "messages", "empty_array"),
        (["hello"], "messages[0]", "invalid_type"),
        ([{"content": "hello"}], "messages[0].role", "missing_required_parameter"),
        ([{"role": "bot", "content": "hello"}], "messages[0].role", "invalid_value"),
        ([{"role": "user", "content": None}], "messages[0].content", "invalid_type"),
        ([{"role": "user", "content": 5}], "messages[0].content", "invalid_type"),
        ([{"role": "user", "content": []}], "messages[0].content", "empty_array"),
        ([{"role": "user", "content": [{"type": "picture"}]}], "messages[0].content[0].type", "invalid_value"),
        ([{"role": "system", "content": [{"type": "image_url"}]}], "messages[0].content[0].type", "invalid_value"),
        ([{"role": "assistant", "content": None}], "messages[0].content", "invalid_type"),
        ([{"role": "assistant", "content": None, "tool_calls": []}], "messages[0].tool_calls", "empty_array"),
        ([{"role": "user", "name": "Ann Lee", "content": "hello"}], "messages[0].name", "invalid_value"),
        ([{"role": "user", "name": "a" * 65, "content": "hi"}], "messages[0].name", "string_above_max_length"),
        ([USER, {"role": "tool", "content": "5"}], "messages[1].tool_call_id", "missing_required_parameter"),
        ([USER, RESULT], "messages[1].role", None),
        ([USER, CALLS], "messages[1]", None),
        ([USER, CALLS, USER], "messages[1]", None),
        ([USER, CALLS, {**RESULT, "tool_call_id": "call_2"}], "messages[2].tool_call_id", None),
        ([USER, CALLS, RESULT, RESULT], "messages[3].tool_call_id", None),
        ([USER, CALLS, RESULT, USER, RESULT], "messages[4].role", None),
        (
            [{**CALLS, "tool_calls": [{**CALL, "id": "c" * 41}]}],
            "messages[0].tool_calls[0].id",
            "string_above_max_length",
        ),
        (
            [{**CALLS, "tool_calls": [{**CALL, "function": {"name": "a b", "arguments": "{}"}}]}],
            "messages[0].tool_calls[0].function.name",
            "invalid_value",
        ),
        (
            [{**CALLS, "tool_calls": [{**CALL, "function": {"name": "add"}}]}],
            "messages[0].tool_calls[0].function.arguments",
            "missing_required_parameter",
        ),
    ],
)
async def test_messages_that_the_api_refuses(emulator, messages, param, code):
    status, error = await _post(emulator, "/chat/completions", json={"model": "gpt-4o-mini", "messages": messages})

    assert status == 400
    assert (error["param"], error["code"]) == (param, code)
    assert emulator.requests[0].outcome == "refused"


@pytest.mark.parametrize(
    ("options", "param", "code"),
    [
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({"temperature": -1}, "temperature", "decimal_below_min_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_p": 1.5}, "top_p", "decimal_above_max_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ({"metadata": {"k": 1}}, "metadata.k", "invalid_type"),
        ({"metadata": {"k" * 65: "v"}}, f"metadata.{'k' * 65}", "string_above_max_length"),
        ({"metadata": {str(number): "v" for number in range(17)}}, "metadata", "object_above_max_properties"),
        ({"response_format": {"type": "xml"}}, "type", "invalid_value"),
        ({"frobnicate": 1}, None, None),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
        ({"tools": []}, "tools", "empty_array"),
        ({"tools": [_tool("no spaces")]}, "tools[0].function.name", "invalid_value"),
        ({"tools": [_tool("a.b")]}, "tools[0].function.name", "invalid_value"),
        ({"tools": [_tool("")]}, "tools[0].function.name", "empty_string"),
        ({"tools": [_tool("a" * 65)]}, "tools[0].function.name", "string_above_max_length"),
        ({"tools": [_tool(), _tool()]}, "tools[1]", "invalid_value"),
        ({"tools": [{"type": "function", "name": "add"}]}, "tools[0].function", "missing_required_parameter"),
        ({"tools": [_tool(f"t{number}") for number in range(129)]}, "tools", "array_above_max_length"),
        (
            {"tools": [_tool(parameters={"type": "string"})]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {"tools": [_tool(strict=True, parameters={"type": "object", "properties": {}})]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        ({"tools": [{"function": {"name": "add"}}]}, "tools[0].type", "missing_required_parameter"),
        ({"tools": [{"type": "gadget"}]}, "tools[0].type", "invalid_value"),
        ({"tools": [_tool(description=5)]}, "tools[0].function.description", "invalid_type"),
        (
            {"tools": [_tool(strict=True, parameters={**STRICT, "required": []})]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {"tools": [_tool(strict=True, parameters=_nested({"type": "object"}))]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        ({"tool_choice": "auto"}, "tool_choice", None),
        ({"parallel_tool_calls": True}, "parallel_tool_calls", None),
        ({"tools": [_tool()], "tool_choice": "always"}, "tool_choice", "invalid_value"),
        (
            {"tools": [_tool()], "tool_choice": {"type": "function", "function": {"name": "sub"}}},
            "tool_choice",
            None,
        ),
    ],
)
async def test_settings_that_the_api_refuses(emulator, options, param, code):
    body = {"model": "gpt-4o-mini", "messages": [USER], **options}

    status, error = await _post(emulator, "/chat/completions", json=body)

    assert status == 400
    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize(
    ("model", "options", "param"),
    [
        ("gpt-5-mini", {"max_tokens": 5}, "max_tokens"),
        ("gpt-5-mini", {"temperature": 0.2}, "temperature"),
        ("gpt-5.4-mini", {"temperature": 0.2, "reasoning_effort": "low"}, "temperature"),
        ("gpt-5.4-mini", {"tools": [_tool()], "reasoning_effort": "low"}, "reasoning_effort"),
        ("gpt-5.6", {"tools": [_tool()]}, "reasoning_effort"),
    ],
)
async def test_reasoning_models_refuse_what_others_take(emulator, model, options, param):
    status, error = await _post(emulator, "/chat/completions", json={"model": model, "messages": [USER], **options})

    assert status == 400
    assert error["param"] == param


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt-5-mini", {"max_completion_tokens": 50, "temperature": 1, "tools": [_tool()], "reasoning_effort": "low"}),
        ("gpt-5.4-mini", {"temperature": 0.2, "tools": [_tool()]}),
        ("gpt-5.6", {"reasoning_effort": "none", "tools": [_tool()]}),
        ("gpt-4o", {"tools": [_tool(strict=True, parameters=_nested(STRICT))], "tool_choice": "auto", "stop": ["x"]}),
        ("gpt-4o", {"metadata": {"run": "r1"}, "response_format": {"type": "text"}, "n": 1}),
        ("gpt-4o-mini", {"max_tokens": 5, "temperature": 0.2, "stop": "x", "user": "u", "seed": 1}),
    ],
)
async def test_what_each_family_takes_is_accepted(client, model, options):
    completion = await client.chat.completions.create(model=model, messages=[USER], **options)

    assert completion.choices[0].message.content


async def test_a_well_formed_tool_conversation_is_accepted(client):
    two = {**CALLS, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    history = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "hello"}]},
        two,
        {**RESULT, "tool_call_id": "call_2"},
        RESULT,
        {"role": "assistant", "content": "5 and 5"},
        {"role": "user", "content": ""},
    ]

    completion = await client.chat.completions.create(model="offline", messages=history)

    assert completion.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("options", "param", "code"),
    [
        ({}, "input", "missing_required_parameter"),
        ({"input": []}, "input", "empty_array"),
        ({"input": "hi", "messages": [USER]}, "messages", "unknown_parameter"),
        ({"input": "hi", "max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ({"input": "hi", "temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"input": [{**USER, "name": "Ann"}]}, "input[0].name", "unknown_parameter"),
        ({"input": [{**USER, "role": "tool"}]}, "input[0].role", "invalid_value"),
        (
            {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "hi"}]}]},
            "input[0].content[0].type",
            "invalid_value",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
            "input[0].content[0].type",
            "invalid_value",
        ),
        ({"input": [{"type": "function_call_output", "call_id": "call_1", "output": "5"}]}, "input", None),
        ({"input": [USER, _item()]}, "input", None),
        ({"input": [_item(id="call_1")]}, "input[0].id", "invalid_value"),
        ({"input": [_item(call_id="c" * 65)]}, "input[0].call_id", "string_above_max_length"),
        ({"input": [_item(arguments=None)]}, "input[0].arguments", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": [{"role": "user"}]}, "input[0].content", "invalid_type"),
        ({"input": [{"content": "hi"}]}, "input[0].role", "missing_required_parameter"),
        ({"input": "hi", "instructions": 5}, "instructions", "invalid_type"),
        ({"input": "hi", "stream_options": {}}, "stream_options", None),
        ({"input": "hi", "tools": [_tool()]}, "tools[0].name", "missing_required_parameter"),
        ({"input": "hi", "tool_choice": "required"}, "tool_choice", None),
        ({"input": "hi", "previous_response_id": "resp_x"}, "previous_response_id", "previous_response_not_found"),
        ({"input": "hi", "reasoning": {"effort": "low"}}, "reasoning.effort", "unsupported_parameter"),
    ],
)
async def test_responses_that_the_api_refuses(emulator, options, param, code):
    status, error = await _post(emulator, "/responses", json={"model": "gpt-4o-mini", **options})

    assert status == 400
    assert (error["param"], error["code"]) == (param, code)


async def test_a_well_formed_item_list_is_accepted(client):
    items = [
        USER,
        {"type": "reasoning", "id": "rs_1", "summary": []},
        _item(id="fc_1"),
        {"type": "function_call_output", "call_id": "call_1", "output": "5"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "5"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "My name is Ann."}]},
    ]

    response = await client.responses.create(
        model="gpt-5.6", input=items, tools=[{**_tool()["function"], "type": "function", "strict": None}]
    )

    assert response.output_text == "Nice to meet you, Ann."


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/chat/completions", {"messages": [USER], "n": 2}),
        ("/chat/completions", {"messages": [USER], "functions": [{"name": "add"}]}),
        ("/chat/completions", {"messages": [{"role": "function", "name": "add", "content": "5"}]}),
        ("/chat/completions", {"messages": [USER], "tools": [{"type": "custom", "custom": {"name": "add"}}]}),
        ("/responses", {"input": "hi", "tools": [{"type": "web_search"}]}),
        ("/responses", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
        ("/responses", {"input": "hi", "conversation": "conv_1"}),
    ],
)
async def test_what_the_emulator_leaves_out_is_not_silently_ignored(emulator, path, options):
    status, error = await _post(emulator, path, json={"model": "gpt-4o", **options})

    assert (status, error["type"]) == (501, "emulator_error")


async def test_what_is_not_emulated_is_said_to_be_so_and_not_retried(emulator):
    async with AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key, max_retries=2) as client:
        with pytest.raises(APIStatusError) as caught:
            await client.responses.create(model="offline", input="hello", background=True)

    assert caught.value.status_code == 501
    assert len(emulator.requests) == 1


async def test_the_error_names_the_calls_that_lack_a_result(client):
    two = {**CALLS, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}

    with pytest.raises(BadRequestError, match="call_2"):
        await client.chat.completions.create(model="offline", messages=[USER, two, RESULT])
