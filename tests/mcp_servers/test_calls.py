"""Calling the tools of real servers: results, errors, progress, files, limits."""

import asyncio

import pytest

from threadkeep import Agent, ConfigError, RunContext, ScriptedModel, Step, ToolError
from threadkeep.mcp import MCPServer
from threadkeep.mcp.failures import reason_of, told
from threadkeep.runs import ToolCallProgressed


async def test_a_tool_is_called_over_http(http, opened, ask, call):
    done, offered = await ask([opened(url=http.url)], call("tracker__add", left=1, right=2))
    assert (done[0].result, done[0].is_error) == ("3", False)
    assert {"tracker__add", "tracker__report"} <= offered


async def test_a_tool_is_called_over_stdio_without_the_bots_environment(program, opened, ask, call, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    server = opened(command=program, env={"TRACKER": "here"})
    calls = [call("tracker__environment", name=name) for name in ("TRACKER", "SLACK_BOT_TOKEN")]
    done, _ = await ask([server], *calls)
    assert sorted(one.result for one in done) == ["here", "unset"]


async def test_schemas_are_passed_through(http, opened, context):
    tools = {tool.name: tool for tool in await opened(url=http.url).tools_for(context)}
    spec = tools["tracker__add"].spec
    assert spec.description == "Add two numbers."
    assert spec.parameters["type"] == "object"
    assert spec.parameters["properties"]["left"]["type"] == "integer"
    assert spec.parameters["required"] == ["left", "right"]


async def test_structured_content_is_told_once_as_json(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url)], call("tracker__find", number=3))
    assert done[0].result.count("Broken") == 1
    assert '"number": 3' in done[0].result


async def test_wrong_arguments_and_failures_are_told_to_the_model(http, opened, ask, call):
    calls = [call("tracker__add", left="x", right=1), call("tracker__fail"), call("tracker__add", left=1, right=1)]
    done, _ = await ask([opened(url=http.url)], *calls)
    by_id = {one.call.id: one for one in done}
    wrong, failed, right = (by_id[one.id] for one in calls)
    assert wrong.is_error
    assert "left" in wrong.result
    assert failed.is_error
    assert "fail" in failed.result
    assert right.result == "2"


async def test_what_the_server_refuses_is_told_to_the_model(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url)], call("tracker__refuse"))
    assert done[0].is_error
    assert done[0].result == "the server tracker refuses the call: there is no such project"


async def test_the_tools_are_listed_again_when_the_server_says_that_ours_are_old(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url)], call("tracker__strict"))
    assert done[0].result == "listed"
    assert http.server.calls == ["strict", "strict"]


async def test_an_answer_that_cannot_be_read_is_told_as_such():
    reason = reason_of(RuntimeError("does not fit the schema of /secret"))
    assert str(told("tracker", reason)) == "the server tracker gave an answer that does not fit what it announced"
    assert reason_of(LookupError()) is None
    assert reason_of(OSError()).is_lost


async def test_arguments_that_are_no_object_are_refused(http, opened, context):
    tool = (await opened(url=http.url, tools=["add"]).tools_for(context))[0]
    assert tool.arguments.parse("") == tool.arguments.parse("null") == {}
    for text in ("[1]", "{", '"x"'):
        with pytest.raises(ToolError):
            tool.arguments.parse(text)


async def test_a_huge_result_is_cut(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url, max_result=1_000)], call("tracker__huge"))
    assert len(done[0].result) < 1_100
    assert "the first 1000 of 500000 characters" in done[0].result


async def test_progress_is_said(http, opened, call):
    model = ScriptedModel(Step(calls=(call("tracker__count"),)), "Done.")
    agent = Agent(model=model, tools=[opened(url=http.url)])
    events = [event async for event in agent.arun("Go", stream=True)]
    assert [event.details for event in events if isinstance(event, ToolCallProgressed)] == ["half"]


async def called(server: MCPServer, name: str, context: RunContext, **arguments) -> str:
    tools = {tool.name: tool for tool in await server.tools_for(context)}
    tool = tools[name]
    return (await tool.function(**arguments, **{tool.arguments.context: context})).text


async def test_images_are_posted_and_resources_are_told(http, opened, context, tracker):
    server = opened(url=http.url)
    told = await called(server, "tracker__picture", context)
    assert told == "[image: image.png, posted into the conversation]\na dot"
    assert [(file.name, file.data) for file in context.desk.sent] == [("image.png", tracker.PNG)]
    told = await called(server, "tracker__resources", context)
    assert told.startswith(
        "plan B\n[a file that cannot be read]\n[resource board, https://example.com/board: the board]"
    )


async def test_where_files_cannot_be_posted_the_model_is_told(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url)], call("tracker__picture"))
    assert done[0].result == "[image: image.png, not posted into the conversation: files cannot be sent here]\na dot"


async def test_a_call_that_takes_too_long_is_cancelled_on_the_server(http, opened, ask, call, until):
    done, _ = await ask([opened(url=http.url, timeout=2)], call("tracker__slow"))
    assert done[0].result == "the tool did not finish within 2 s"
    await until(lambda: "slow cancelled" in http.server.calls)


async def test_a_cancelled_run_cancels_the_call(http, opened, ask, call, until):
    run = asyncio.create_task(ask([opened(url=http.url)], call("tracker__slow")))
    await until(lambda: "slow" in http.server.calls)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await until(lambda: "slow cancelled" in http.server.calls)


async def test_calls_may_need_approval(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url, requires_approval=True)], call("tracker__add", left=1, right=2))
    assert done[0].is_error
    assert "nobody could be asked" in done[0].result


def test_synchronous_programs_use_servers_too(program, call):
    server = MCPServer("tracker", command=program)
    agent = Agent(model=ScriptedModel(Step(calls=(call("tracker__add", left=2, right=2),)), "4"), tools=[server])
    assert agent.run("Go").messages[-2].content == "4"
    agent.close()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "either url= or command="),
        ({"url": "http://x", "command": ["x"]}, "either url= or command="),
        ({"command": "npx server"}, "is a list"),
        ({"url": "ftp://x"}, "begins with https"),
        ({"url": "http://x", "tools": "read"}, r"tools=\['read'\]"),
        ({"command": ["x"], "headers": {"a": "b"}}, "need url="),
        ({"command": ["x"], "auth": dict}, "need url="),
        ({"url": "http://x", "timeout": 0}, "timeout"),
        ({"url": "http://x", "max_result": 0}, "max_result"),
        ({"url": "http://x", "prefix": "a__b"}, "cannot stand"),
        ({"url": "http://x", "prefix": "a b"}, "cannot stand"),
    ],
)
def test_settings_are_checked(settings, complaint):
    with pytest.raises(ConfigError, match=complaint):
        MCPServer("tracker", **settings)
