"""Servers that go down and come back, tell of new tools, and know their users."""

import asyncio
import subprocess
import sys

import pytest

from threadkeep import Agent, ConfigError, ScriptedModel
from threadkeep.mcp import server as server_module
from threadkeep.mcp.connections import Connections
from threadkeep.mcp.opening import Address


async def test_a_program_that_ends_in_a_call_is_started_again(program, opened, ask, call):
    server = opened(command=program)
    done, offered = await ask([server], call("tracker__crash"))
    assert done[0].is_error
    assert "the connection to the server tracker broke" in done[0].result
    done, offered_again = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"
    assert offered_again == offered


async def test_a_server_that_is_down_makes_its_tools_answer_with_an_error(http, opened, ask, call):
    server = opened(url=http.url)
    done, offered = await ask([server], call("tracker__add", left=1, right=2))
    await http.stop()
    try:
        done, still_offered = await ask([server], call("tracker__add", left=1, right=2))
        assert still_offered == offered
        assert done[0].is_error
        again, _ = await ask([server], call("tracker__add", left=1, right=2))
        assert again[0].result == "the server tracker is out of reach; it will be tried again"
    finally:
        await http.start()
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"


async def test_a_server_that_was_never_reached_keeps_nobody_from_answering(opened, ask, http, until, context):
    await http.stop()
    server = opened(url=http.url)
    agent = Agent(model=ScriptedModel("Hello."), tools=[server])
    await agent.prepare()
    assert (await agent.arun("Hi")).content == "Hello."
    _, offered = await ask([server])
    assert offered == set()
    await http.start()
    assert await until(lambda: server.tools_for(context))


async def test_a_program_that_does_not_exist_is_a_server_out_of_reach(opened, ask):
    _, offered = await ask([opened(command=["/nonexistent/server"])])
    assert offered == set()


async def test_new_tools_are_offered_when_the_server_says_so(http, opened, ask, call, until, context):
    server = opened(url=http.url)
    await ask([server], call("tracker__grow"))
    await until(offers(server, context, "tracker__grown"))
    done, _ = await ask([server], call("tracker__grown"))
    assert done[0].result == "grown"


def offers(server, context, name):
    async def is_offered():
        return any(tool.name == name for tool in await server.tools_for(context))

    return is_offered


async def test_a_server_that_came_back_is_listed_again_without_a_call(http, opened, until, context):
    server = opened(url=http.url)
    assert await server.tools_for(context)
    await http.stop()
    await http.start()
    http.server.add_tool(lambda: "later", name="later", description="New")
    await until(offers(server, context, "tracker__later"))


async def test_a_server_may_have_no_way_to_tell_of_new_tools(http, opened, ask, call, context, until):
    await http.stop()
    http.settings = {"subscriptions": False}
    await http.start()
    server = opened(url=http.url)
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"
    # Every so often it is asked.
    http.server.add_tool(lambda: "later", name="later", description="New")
    connection = await server._connections[asyncio.get_running_loop()].of(None)
    connection._change()
    await until(offers(server, context, "tracker__later"))


async def test_a_list_that_cannot_be_read_anew_makes_a_new_connection(http, opened, ask, call, context):
    server = opened(url=http.url)
    assert await server.tools_for(context)
    connection = await server._connections[asyncio.get_running_loop()].of(None)
    await http.stop()
    connection._change()
    _, offered = await ask([server])
    await http.start()
    assert "tracker__add" in offered
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"


async def test_calls_share_one_connection(http, opened, ask, call):
    server = opened(url=http.url)
    await asyncio.gather(*(ask([server], call("tracker__add", left=1, right=2)) for _ in range(5)))
    assert len(server._connections[asyncio.get_running_loop()]._open) == 1


async def test_headers_stand_in_each_request(http, opened, ask, call):
    done, _ = await ask([opened(url=http.url, headers={"Authorization": "Bearer all"})], call("tracker__whoami"))
    assert done[0].result == "Bearer all"
    assert set(http.requests) == {"Bearer all"}


async def test_each_user_is_known_by_their_own_credentials(http, opened, ask, call):
    async def auth(user_id):
        return None if user_id == "mallory" else {"Authorization": f"Bearer {user_id}"}

    server = opened(url=http.url, auth=auth)
    answers = await asyncio.gather(*(ask([server], call("tracker__whoami"), user_id=user) for user in ("ann", "bob")))
    assert [done[0].result for done, _ in answers] == ["Bearer ann", "Bearer bob"]
    for nobody in ("mallory", None):
        done, offered = await ask([server], call("tracker__whoami"), user_id=nobody)
        assert offered == set()
        assert "there is no tool" in done[0].result
    assert set(http.requests) == {"Bearer ann", "Bearer bob"}


async def test_new_credentials_are_fetched_when_the_old_ones_are_refused(http, opened, ask, call):
    given = iter(["Bearer old", "Bearer old", "Bearer new"])
    server = opened(url=http.url, auth=lambda _user: {"Authorization": next(given, "Bearer new")})
    await ask([server], call("tracker__whoami"), user_id="ann")
    http.refused.add("Bearer old")
    done, _ = await ask([server], call("tracker__whoami"), user_id="ann")
    assert done[0].result == "Bearer new"


async def test_credentials_that_cannot_be_fetched_leave_the_tools_out(http, opened, ask, caplog):
    def auth(_user):
        raise RuntimeError("token-of-ann")

    _, offered = await ask([opened(url=http.url, auth=auth)], user_id="ann")
    assert offered == set()
    assert "mcp_auth_failed" in caplog.text
    assert "token-of-ann" not in caplog.text


async def test_the_connections_of_users_are_bounded(http):
    address = Address(url=http.url, headers={}, env={})
    connections = Connections("tracker", address, lambda user: {"Authorization": user}, most=2)
    first = await connections.of("ann")
    await connections.of("bob")
    assert await connections.of("ann") is first
    await connections.of("cid")
    assert set(connections._open) == {"ann", "cid"}
    await connections.aclose()
    assert not connections._open


async def test_a_server_is_opened_again_after_it_was_closed(http, opened, ask, call):
    server = opened(url=http.url)
    agent = Agent(model=ScriptedModel("Hello."), tools=[server])
    await agent.prepare()
    await agent.aclose()
    await agent.aclose()
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"


def test_the_library_is_not_loaded_before_a_server_is_opened():
    program = (
        "import sys; from threadkeep.mcp import MCPServer; MCPServer('a', command=['x']); print('mcp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"


async def test_without_the_library_it_is_said_what_to_install(opened, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="mcp")

    monkeypatch.setattr(server_module.importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r'pip install "threadkeep\[mcp\]"'):
        await Agent(model=ScriptedModel(), tools=[opened(command=["x"])]).prepare()
