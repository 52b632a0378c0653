"""Servers of the older protocol, which keep sessions and speak up by themselves."""

import pytest


@pytest.fixture
def older(http):
    http.is_older = True
    return http


async def test_an_older_server_is_called(older, opened, ask, call):
    server = opened(url=older.url)
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"


async def test_an_older_server_tells_of_new_tools(older, opened, ask, call, until, context):
    server = opened(url=older.url, tools=["grow*"])
    await ask([server], call("tracker__grow"))

    async def has_grown():
        return len(await server.tools_for(context)) == 2

    await until(has_grown)


async def test_a_lost_session_is_opened_again(older, opened, ask, call):
    server = opened(url=older.url)
    await ask([server], call("tracker__add", left=1, right=2))
    await older.stop()
    await older.start()
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert "the connection to the server tracker broke" in done[0].result
    done, _ = await ask([server], call("tracker__add", left=1, right=2))
    assert done[0].result == "3"


async def test_nobody_is_asked_while_a_call_is_open(older, opened, ask, call):
    done, _ = await ask([opened(url=older.url)], call("tracker__report", title="Fire"))
    assert done[0].is_error
