"""The names under which a model sees a server's tools."""

import re

from hypothesis import given
from hypothesis import strategies as st

from threadkeep import tool
from threadkeep.mcp.names import is_chosen, name_of

PREFIXES = st.from_regex(r"[a-z](-?[a-z0-9]){0,14}", fullmatch=True)


@given(PREFIXES, st.lists(st.text(min_size=1, max_size=90), min_size=2, unique=True))
def test_names_are_valid_and_differ_for_different_tools(prefix, tools):
    names = [name_of(prefix, one) for one in tools]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
    assert len(set(names)) == len(names)
    assert names == [name_of(prefix, one) for one in tools]


@given(
    PREFIXES,
    PREFIXES,
    st.text(alphabet="abc_", min_size=1, max_size=9),
    st.text(alphabet="abc_", min_size=1, max_size=9),
)
def test_names_of_two_servers_never_meet(first, second, left, right):
    assert first == second or name_of(first, left) != name_of(second, right)


def test_a_filter_has_names_and_patterns():
    assert is_chosen("read_page", None)
    assert is_chosen("read_page", ["write", "read_*"])
    assert not is_chosen("Read_page", ["read_*"])
    assert not is_chosen("read_page", [])


async def test_only_chosen_tools_are_offered(http, opened, ask):
    _, offered = await ask([opened(url=http.url, tools=["add", "odd*"], prefix="t")])
    assert {name.rpartition("_")[0] if "odd" in name else name for name in offered} == {"t__add", "t__odd_name"}
    assert len(offered) == 3


async def test_tools_whose_names_look_alike_are_told_apart(http, opened, ask, call):
    server = opened(url=http.url)
    _, offered = await ask([server])
    odd = sorted(name for name in offered if "odd" in name)
    done, _ = await ask([server], *(call(name) for name in odd))
    assert sorted(one.result for one in done) == ["dotted", "spaced"]


async def test_servers_with_the_same_tools_do_not_clash(http, opened, ask, call):
    servers = [opened("first", url=http.url, tools=["add"]), opened("second", url=http.url, tools=["add"])]
    done, offered = await ask(servers, call("first__add", left=1, right=1), call("second__add", left=2, right=2))
    assert offered == {"first__add", "second__add"}
    assert sorted(one.result for one in done) == ["2", "4"]


async def test_a_function_of_the_agent_comes_before_a_servers_tool(http, opened, ask, call, caplog):
    @tool
    def add(left: int, right: int) -> str:
        """Add in our own way."""
        return "ours"

    done, offered = await ask([opened(url=http.url, tools=["add"], prefix=""), add], call("add", left=1, right=1))
    assert (done[0].result, offered) == ("ours", {"add"})
    assert "tool_left_out" in caplog.text
