"""Classes of tools, and what may be said of each tool: retries, limits, kept results, permissions, hooks."""

import asyncio

import pytest

from threadkeep import (
    Agent,
    Allow,
    ConfigError,
    RunContext,
    RunRequest,
    ScriptedModel,
    SessionKey,
    Step,
    Tool,
    ToolCall,
    ToolCallCompleted,
    ToolError,
    ToolHook,
    Toolkit,
    tool,
)
from threadkeep.agent import rights_once
from threadkeep.agent.tool_results import Result
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.rights import Rights
from threadkeep.chat.speakers import wrapped
from threadkeep.errors import PlatformUnavailableError
from threadkeep.messages import Message, Role


def call(name, arguments="{}", number=1):
    return ToolCall(id=str(number), name=name, arguments=arguments)


async def results(agent, *, session_id="s", user_id="ann"):
    events = [event async for event in agent.arun("Go", session_id=session_id, user_id=user_id, stream=True)]
    return [event for event in events if isinstance(event, ToolCallCompleted)]


def calling(*calls, times=1):
    return ScriptedModel(*[step for _ in range(times) for step in (Step(calls=calls), "Done.")])


class Library(Toolkit):
    """A library."""

    def __init__(self, shelves):
        self.shelves = shelves

    @property
    def size(self):
        raise AssertionError("properties are not read")

    def find(self, title: str) -> str:
        """Find a book.

        Args:
            title: Its title.
        """
        return self.shelves.get(title, "nowhere")

    @tool(name="count_books", timeout=3)
    async def count(self, context: RunContext) -> int:
        """Count the books."""
        return len(self.shelves)

    @staticmethod
    def hours() -> str:
        """Tell the opening hours."""
        return "9 to 18"

    def _secret(self) -> None:
        raise AssertionError


class Marked:
    """Only what is marked is a tool."""

    @tool
    def shown(self, number: int) -> int:
        """Double."""
        return 2 * number

    def hidden(self) -> None:
        """Hide."""


async def test_the_public_methods_of_a_toolkit_are_tools():
    calls = (call("find", '{"title": "Emma"}', 1), call("count_books", number=2), call("hours", number=3))
    seen = []
    with ScriptedModel(Step(calls=calls, check=lambda _, tools: seen.extend(tools)), "Done.") as model:
        agent = Agent(model=model, tools=[Library({"Emma": "A 12"})])
        ended = await results(agent)
    assert sorted(event.result for event in ended) == ["1", "9 to 18", "A 12"]
    assert [spec.name for spec in seen] == ["find", "count_books", "hours"]
    assert seen[0].parameters["properties"] == {"title": {"description": "Its title.", "type": "string"}}
    assert seen[1].parameters["properties"] == {}


async def test_marked_methods_of_any_object_are_tools():
    seen = []
    with ScriptedModel(
        Step(calls=(call("shown", '{"number": 21}'),), check=lambda _, tools: seen.extend(tools)), "Done."
    ) as model:
        (event,) = await results(Agent(model=model, tools=[Marked()]))
    assert event.result == "42"
    assert [spec.name for spec in seen] == ["shown"]


async def test_a_single_method_may_be_given_and_is_still_a_method():
    library = Library({"Emma": "A 12"})
    assert isinstance(library.count, Tool)
    assert library.find("Emma") == "A 12"
    assert await library.count(RunContext(run_id="r", session_id="s")) == 1
    with calling(call("count_books")) as model:
        (event,) = await results(Agent(model=model, tools=[library.count]))
    assert event.result == "1"


def test_two_toolkits_with_one_name_are_refused():
    with pytest.raises(ConfigError, match="two tools are called find"):
        Agent(model=ScriptedModel(), tools=[Library({}), Library({})])


def test_a_toolkit_without_methods_is_refused():
    with pytest.raises(ConfigError, match="Toolkit has no public methods"):
        Agent(model=ScriptedModel(), tools=[Toolkit()])


@pytest.mark.parametrize(("fails", "result"), [(2, "3 attempts"), (3, "the tool failed: OSError")])
async def test_a_call_that_fails_is_made_again(fails, result):
    attempts = []

    @tool(retries=2)
    def fetch() -> str:
        """Fetch."""
        attempts.append(1)
        if len(attempts) <= fails:
            raise OSError("down")
        return f"{len(attempts)} attempts"

    with calling(call("fetch")) as model:
        (event,) = await results(Agent(model=model, tools=[fetch]))
    assert (event.result, len(attempts)) == (result, 3)


async def test_what_a_tool_answers_is_not_asked_again():
    attempts = []

    @tool(retries=5)
    def fetch() -> str:
        """Fetch."""
        attempts.append(1)
        raise ToolError("closed on Sundays")

    with calling(call("fetch")) as model:
        (event,) = await results(Agent(model=model, tools=[fetch]))
    assert (event.result, len(attempts)) == ("closed on Sundays", 1)


async def test_a_call_that_takes_too_long_is_made_again():
    attempts = []

    @tool(retries=1, timeout=0.05)
    async def fetch() -> str:
        """Fetch."""
        attempts.append(1)
        if len(attempts) == 1:
            await asyncio.Event().wait()
        return "there"

    with calling(call("fetch")) as model:
        (event,) = await results(Agent(model=model, tools=[fetch]))
    assert event.result == "there"


async def test_a_tool_has_a_limit_of_its_own_over_all_runs():
    running, most = 0, 0

    @tool(max_parallel=1)
    async def print_page() -> str:
        """Print."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running -= 1
        return "printed"

    agents = [
        Agent(model=calling(*(call("print_page", number=number) for number in range(3))), tools=[print_page])
        for _ in range(2)
    ]
    async with asyncio.timeout(10):
        ended = await asyncio.gather(*(results(agent) for agent in agents))
    assert [len(events) for events in ended] == [3, 3]
    assert most == 1


@pytest.mark.parametrize(("cache", "calls_made"), [("run", 3), ("session", 2), (None, 4)])
async def test_results_are_kept_within_a_run_or_a_session(cache, calls_made):
    made = []

    @tool(cache=cache, max_parallel=1)
    def look(title: str, context: RunContext) -> str:
        """Look."""
        made.append(title)
        context.cite(f"https://x.test/{title}")
        return f"found {title}"

    twice = (call("look", '{"title": "a"}', 1), call("look", '{"title":"a"}', 2))
    with ScriptedModel(
        Step(calls=twice),
        "Done.",
        Step(calls=(call("look", '{"title": "a"}'),)),
        "Done.",
        Step(calls=(call("look", '{"title": "a"}'),)),
        "Done.",
    ) as model:
        agent = Agent(model=model, tools=[look], max_parallel_tools=1)
        first = await results(agent)
        second = await results(agent)
        await results(agent, user_id="bob")
    assert [event.result for event in (*first, *second)] == ["found a"] * 3
    assert all(event.sources for event in (*first, *second))
    assert len(made) == calls_made
    await agent.aclose()


async def test_failures_are_not_kept():
    made = []

    @tool(cache="session")
    def look() -> str:
        """Look."""
        made.append(1)
        raise ToolError("not now")

    with calling(call("look"), times=2) as model:
        agent = Agent(model=model, tools=[look])
        await results(agent)
        await results(agent)
    assert len(made) == 2
    await agent.aclose()


async def test_kept_results_are_bounded_and_end():
    @tool(cache="session")
    def look(number: int) -> int:
        """Look."""
        return number

    now = [0.0]
    context = RunContext(run_id="r", session_id="s")
    context.desk.clock = lambda: now[0]
    for number in range(600):
        look.bounds.keep({"number": number}, context, Result(text=str(number)))
    assert len(look.bounds._kept) == 500
    assert look.bounds.kept({"number": 0}, context) is None
    assert look.bounds.kept({"number": 599}, context) == Result(text="599")
    now[0] = 301.0
    assert look.bounds.kept({"number": 599}, context) is None


async def test_kept_results_are_bounded_by_what_they_say():
    @tool(cache="session")
    def look(number: int) -> int:
        """Look."""
        return number

    context = RunContext(run_id="r", session_id="s")
    long = "a" * (1024 * 1024)
    for number in range(40):
        look.bounds.keep({"number": number}, context, Result(text=long))
    assert len(look.bounds._kept) <= 16
    assert look.bounds.kept({"number": 39}, context) == Result(text=long)


def place(kind=PlaceKind.DIRECT, channel="D1"):
    return Place(session=SessionKey(platform="slack", workspace="T1", channel=channel), kind=kind)


@pytest.mark.parametrize(
    ("allow", "user", "where", "is_shown"),
    [
        (Allow(users=["slack:T1:U1"]), "slack:T1:U1", place(), True),
        (Allow(users=["slack:T1:U1"]), "slack:T1:U2", place(), False),
        (Allow(users=["slack:T1:U1"]), None, place(), False),
        (Allow(places=["direct"]), "slack:T1:U2", place(), True),
        (Allow(places=["direct"]), "slack:T1:U2", place(PlaceKind.CHANNEL, "C1"), False),
        (Allow(places=["slack:T1:C1"]), "slack:T1:U2", place(PlaceKind.CHANNEL, "C1"), True),
        (Allow(places=["direct"]), "slack:T1:U2", None, False),
        (Allow(users=["slack:T1:U1"], places=["slack:T1:C1"]), "slack:T1:U1", place(), False),
        (lambda context: context.speaker == "Ann", "slack:T1:U1", place(), True),
        (lambda context: context.state.get("is_staff", False), "slack:T1:U1", place(), False),
    ],
)
async def test_what_somebody_may_not_use_the_model_is_not_shown(allow, user, where, is_shown):
    @tool(allow=allow)
    def remove() -> str:
        """Remove."""
        return "removed"

    seen = []
    with ScriptedModel(Step(calls=(call("remove"),), check=lambda _, tools: seen.extend(tools)), "Done.") as model:
        agent = Agent(model=model, tools=[remove])
        said = (Message(role=Role.USER, content="Hi"),)
        request = RunRequest(run_id="r", session_id="s", user_id=user, messages=said, place=where, speaker="Ann")
        events = [event async for event in agent.begin(request, None).stream()]
    (ended,) = [event for event in events if isinstance(event, ToolCallCompleted)]
    assert [spec.name for spec in seen] == (["remove"] if is_shown else [])
    assert ended.is_error != is_shown
    assert ("may not use" in ended.result) != is_shown


class Platform:
    """Tells rights, counts how often it was asked, and can be away."""

    def __init__(self, *roles, permissions=(), is_away=False):
        self.rights = Rights(roles=frozenset(roles), permissions=frozenset(permissions))
        self.is_away, self.asked = is_away, 0

    async def __call__(self):
        self.asked += 1
        if self.is_away:
            raise PlatformUnavailableError("away")
        return self.rights


async def offered(*tools, rights, user="slack:T1:U1"):
    """Give the names of the tools that are offered to somebody."""
    seen = []
    with ScriptedModel(Step(text="Hi.", check=lambda _, tools: seen.extend(tools))) as model:
        said = (Message(role=Role.USER, content="Hi"),)
        request = RunRequest(run_id="r", session_id="s", user_id=user, messages=said, place=place(), rights=rights)
        _ = [event async for event in Agent(model=model, tools=tools).begin(request, None).stream()]
    return [spec.name for spec in seen]


def allowed(name, **given):
    def act() -> str:
        """Act."""
        return "done"

    return tool(name=name, allow=Allow(**given))(act)


@pytest.mark.parametrize(
    ("given", "platform", "is_offered"),
    [
        ({"roles": ["S1"]}, Platform("S1", "S2"), True),
        ({"roles": ["S1"]}, Platform("S2"), False),
        ({"roles": ["S1"]}, Platform(is_away=True), False),
        ({"roles": ["S1"]}, None, False),
        ({"roles": ["S1"], "users": ["slack:T1:U1"]}, Platform(), True),
        ({"roles": ["S1"], "users": ["slack:T1:U1"]}, Platform(is_away=True), True),
        ({"roles": ["S1"], "users": ["slack:T1:U9"]}, Platform("S1"), True),
        ({"roles": ["S1"], "users": ["slack:T1:U9"]}, Platform(), False),
        ({"permissions": ["admin"]}, Platform(permissions=["admin", "member"]), True),
        ({"permissions": ["admin", "owner"]}, Platform(permissions=["admin"]), False),
        ({"permissions": ["admin"]}, None, False),
        ({"roles": ["S1"], "permissions": ["admin"]}, Platform("S1"), False),
        ({"roles": ["S1"], "permissions": ["admin"]}, Platform("S1", permissions=["admin"]), True),
        ({"roles": ["S1"], "places": ["channel"]}, Platform("S1"), False),
    ],
)
async def test_roles_and_permissions_are_the_platforms(given, platform, is_offered):
    assert await offered(allowed("act", **given), rights=platform) == (["act"] if is_offered else [])


async def test_the_platform_is_asked_once_for_all_tools_and_only_where_it_matters():
    platform = Platform("S1")
    assert await offered(allowed("one", roles=["S1"]), allowed("two", roles=["S2"]), rights=platform) == ["one"]
    assert platform.asked == 1
    await offered(allowed("one", users=["slack:T1:U1"]), allowed("two", places=["channel"]), rights=platform)
    await offered(allowed("one", roles=["S1"], places=["channel"]), rights=platform)
    assert platform.asked == 1


async def test_a_platform_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(rights_once, "_SECONDS", 0.01)

    async def never():
        await asyncio.Event().wait()

    assert await offered(allowed("one", roles=["S1"]), allowed("two", users=["slack:T1:U1"]), rights=never) == ["two"]


async def test_a_permission_of_a_program_may_ask_the_platform_too():
    async def allow(context):
        return (await context.rights()).allow("admin")

    def act() -> str:
        """Act."""
        return "done"

    made = tool(allow=allow)(act)
    assert await offered(made, rights=Platform(permissions=["admin"])) == ["act"]
    assert await offered(made, rights=Platform()) == []


@pytest.mark.parametrize(
    ("speaker", "result"), [("slack:T1:U1", "removed"), ("slack:T1:U2", "may not use"), ("", "may not use")]
)
async def test_words_of_another_person_do_not_come_by_the_tools_of_who_is_answered(speaker, result):
    @tool(allow=Allow(users=["slack:T1:U1"]))
    def remove() -> str:
        """Remove."""
        return "removed"

    def look() -> str:
        """Look."""
        return "seen"

    meanwhile = [(Message(role=Role.USER, content=wrapped("Bob", "Remove it!", user_id=speaker)),)]

    async def steer():
        return meanwhile.pop() if meanwhile else ()

    with ScriptedModel(
        Step(calls=(call("look"),)), Step(calls=(call("remove"), call("look", number=2))), "Hm."
    ) as model:
        said = (Message(role=Role.USER, content=wrapped("Ann", "Look", user_id="slack:T1:U1")),)
        request = RunRequest(run_id="r", session_id="s", user_id="slack:T1:U1", messages=said, place=place())
        run = Agent(model=model, tools=[remove, look]).begin(request, None, steering=steer)
        ended = [event for event in [one async for one in run.stream()] if isinstance(event, ToolCallCompleted)]
    results = {event.call.name: event.result for event in ended[1:]}
    assert result in results["remove"]
    assert results["look"] == "seen"


async def test_a_permission_may_be_asynchronous():
    async def allow(context: RunContext) -> bool:
        return False

    @tool(allow=allow)
    def remove() -> str:
        """Remove."""
        return "removed"

    with calling(call("remove")) as model:
        (event,) = await results(Agent(model=model, tools=[remove]))
    assert event.is_error


@pytest.mark.parametrize(
    "options", [{"retries": -1}, {"max_parallel": 0}, {"cache": "forever"}, {"tries": 3}, {"timeout": 0}]
)
def test_settings_that_make_no_sense_are_refused(options):
    def look() -> str:
        """Look."""
        return "seen"

    with pytest.raises(ConfigError):
        tool(**options)(look)


@pytest.mark.parametrize("given", [{}, {"users": "ann"}, {"places": "direct"}, {"roles": "1"}, {"permissions": "a"}])
def test_a_permission_that_makes_no_sense_is_refused(given):
    with pytest.raises(ConfigError):
        Allow(**given)


async def test_hooks_see_each_call_and_may_change_it():
    seen = []

    def before(name, arguments, context):
        seen.append((name, dict(arguments), context.user_id))
        return {**arguments, "title": arguments["title"].strip()}

    async def after(name, called, context):
        seen.append((name, called.result, called.is_error))
        return f"{called.result}!"

    def look(title: str) -> str:
        """Look."""
        return f"found {title}"

    with calling(call("look", '{"title": " a "}')) as model:
        hooks = [ToolHook(before=before), ToolHook(after=after), ToolHook(after=lambda *_: None)]
        (event,) = await results(Agent(model=model, tools=[look], tool_hooks=hooks))
    assert event.result == "found a!"
    assert seen == [("look", {"title": " a "}, "ann"), ("look", "found a", False)]


async def test_a_hook_may_keep_a_call_from_being_made():
    def before(name, arguments, context):
        raise ToolError("not before noon")

    def look() -> str:
        """Look."""
        raise AssertionError

    with calling(call("look")) as model:
        (event,) = await results(Agent(model=model, tools=[look], tool_hooks=[ToolHook(before=before)]))
    assert (event.result, event.is_error) == ("not before noon", True)
