"""What tools give back besides text: data, images and files; for the model, for later runs, and for a later attempt."""

import json
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from threadkeep import (
    Agent,
    ContextTooLongError,
    File,
    FileLimits,
    Message,
    ModelRequestError,
    OpenAIChat,
    OpenAIResponses,
    Redactor,
    RefusedError,
    Role,
    RunContext,
    RunRequest,
    RunStatus,
    ScriptedModel,
    Step,
    ToolCall,
    ToolCallCompleted,
    ToolError,
    ToolHook,
    tool,
)
from threadkeep.agent.window import within_tokens
from threadkeep.messages import Attachment
from threadkeep.models.base import ModelSettings
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.base import Transcript
from threadkeep.stores.codec import decode_run, encode_run
from threadkeep_emulators.openai import Answer
from threadkeep_emulators.openai import ToolCall as Wish


def call(name, number=1):
    return ToolCall(id=str(number), name=name, arguments="{}")


def giving(value, **options):
    @tool(name="look", **options)
    def look() -> object:
        """Look."""
        return value

    return look


async def shown_after(value, *, takes=("image", "pdf", "audio"), **settings):
    """Give what the model is shown of a tool's result, and the event that tells of it."""
    with ScriptedModel(Step(calls=(call("look"),)), "Done.", takes=takes) as model:
        agent = Agent(model=model, tools=[giving(value)], **settings)
        events = [event async for event in agent.arun("Go", stream=True)]
    (ended,) = [event for event in events if isinstance(event, ToolCallCompleted)]
    return model.asked[1][-1], ended


@dataclass
class Shelf:
    name: str
    books: int


class Book(BaseModel):
    title: str
    pages: int = 0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (Shelf(name="A", books=2), '{"name":"A","books":2}'),
        ([Book(title="Emma")], '[{"title":"Emma","pages":0}]'),
        ("text", "text"),
    ],
)
async def test_data_is_told_as_json(value, told):
    shown, _ = await shown_after(value)
    assert (shown.content, shown.files) == (told, ())


async def test_an_image_is_shown_to_the_model_beside_the_text(samples):
    shown, ended = await shown_after(["Here it is:", File(name="chart.png", data=samples.png()), {"points": 3}])
    assert shown.content == 'Here it is:\n{"points":3}\n\n[image: chart.png]'
    assert [(file.name, file.media_type, file.data) for file in shown.files] == [
        ("chart.png", "image/png", samples.png())
    ]
    assert (ended.result, ended.is_error) == ('Here it is:\n{"points":3}', False)
    assert [(one.name, one.media_type) for one in ended.attachments] == [("chart.png", "image/png")]


async def test_files_may_stand_in_data(samples):
    value = {"found": [{"title": "Emma", "cover": File(name="emma.png", data=samples.png())}]}
    shown, _ = await shown_after(value)
    assert shown.content == '{"found":[{"title":"Emma","cover":"emma.png"}]}\n\n[image: emma.png]'
    assert [file.name for file in shown.files] == ["emma.png"]


async def test_plain_bytes_are_what_they_are(samples):
    shown, _ = await shown_after(samples.jpeg())
    assert (shown.content, shown.files[0].media_type) == ("[image: result]", "image/jpeg")


async def test_files_of_text_and_pdfs_are_read_where_the_model_does_not_take_them(samples):
    files = [File(name="a.csv", data=b"x,y\n1,2"), File(name="b.pdf", data=samples.pdf("Dear Ann"))]
    shown, _ = await shown_after(files, takes=())
    assert "[file: a.csv]\n```csv\nx,y\n1,2\n```" in shown.content
    assert "Dear Ann" in shown.content
    assert shown.files == ()


async def test_what_the_model_does_not_take_and_what_is_too_much_is_told(samples):
    png = samples.png()
    shown, _ = await shown_after(File(name="a.png", media_type="image/png", data=png), takes=())
    assert shown.content == "[image: a.png, not read: the language model takes no images]"
    limits = FileLimits(max_files=2, max_request_bytes=len(png))
    shown, ended = await shown_after([File(name=f"{number}.png", data=png) for number in range(3)], files=limits)
    assert [file.name for file in shown.files] == ["0.png"]
    assert [one.note for one in ended.attachments] == [
        "",
        "the tools have given too much for one answer",
        "I read at most 2 files at a time",
    ]


@pytest.mark.parametrize("model", [OpenAIChat, OpenAIResponses])
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_both_endpoints_of_a_server_take_it(openai, samples, model, is_streamed):
    @tool
    def chart() -> list[object]:
        """Draw."""
        return ["drawn", File(name="chart.png", data=samples.png()), File(name="data.pdf", data=samples.pdf("x"))]

    @tool
    def count() -> int:
        """Count."""
        return 3

    openai.answers(Answer(tool_calls=[Wish(name="chart"), Wish(name="count")]), Answer(text="I see."))
    made = model("gpt-4o-mini", base_url=openai.url, api_key=openai.api_key, max_retries=0)
    agent = Agent(model=made, tools=[chart, count], add_history_to_messages=True)
    if is_streamed:
        _ = [event async for event in agent.arun("Draw", session_id="s", stream=True)]
    else:
        await agent.arun("Draw", session_id="s")
    sent = openai.messages(-1)
    if model is OpenAIChat:
        assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool", "user"]
        assert sent[2]["content"] == "drawn\n\n[image: chart.png]\n\n[PDF: data.pdf]"
        assert [part["type"] for part in sent[-1]["content"]] == ["text", "image_url", "file"]
        assert "Nobody said this" in sent[-1]["content"][0]["text"]
    else:
        (output, other) = [item for item in sent if item["type"] == "function_call_output"]
        assert [part["type"] for part in output["output"]] == ["input_text", "input_image", "input_file"]
        assert other["output"] == "3"
    await agent.aclose()


async def test_the_next_question_is_asked_with_the_files_and_the_server_takes_it(openai, make_agent, samples):
    agent = make_agent(tools=[giving(File(name="a.png", data=samples.png()))], add_history_to_messages=True)
    openai.answers(Answer(tool_calls=[Wish(name="look")]), Answer(text="I see."), Answer(text="Blue."))
    await agent.arun("Look", session_id="s")
    await agent.arun("And its colour?", session_id="s")
    roles = [message["role"] for message in openai.messages(-1)]
    assert roles == ["user", "assistant", "tool", "user", "assistant", "user"]
    assert openai.messages(-1)[3]["content"][1]["type"] == "image_url"


async def test_history_keeps_a_reference_and_another_process_names_it(make_agent, openai, samples):
    agent = make_agent(tools=[giving(File(name="a.png", data=samples.png()))], add_history_to_messages=True)
    openai.answers(Answer(tool_calls=[Wish(name="look")]), Answer(text="I see."), Answer(text="Hm."))
    await agent.arun("Look", session_id="s")
    (run,) = await agent.sessions.runs("s")
    stored = encode_run(run)
    assert len(stored) < 2_000
    assert b"base64" not in stored
    assert run.messages[2].files == ()
    other = make_agent(store=agent.store, add_history_to_messages=True)
    await other.arun("And its colour?", session_id="s")
    assert openai.messages(-1)[2] | {"tool_call_id": ""} == {
        "role": "tool",
        "tool_call_id": "",
        "content": "[image: a.png, shown earlier]",
    }
    assert [message["role"] for message in openai.messages(-1)] == ["user", "assistant", "tool", "assistant", "user"]


async def test_files_beyond_the_budget_of_the_past_are_not_sent_again(samples):
    attachment = Attachment(id="result:r:0.0.0", name="a.png", media_type="image/png")
    messages = (
        Message(role=Role.USER, content="Look"),
        Message(role=Role.ASSISTANT, tool_calls=(call("look"),)),
        Message(role=Role.TOOL, content="here", tool_call_id="1", attachments=(attachment,)),
        Message(role=Role.ASSISTANT, content="I see."),
    )
    runs = [Run(run_id=f"r{number}", session_id="s", messages=messages) for number in range(2)]

    def measure(message):
        return 10 + sum(1000 for one in message.attachments if not one.note)

    shown = within_tokens(runs, 1_100, measure)
    notes = [one.note for run in shown for message in run.messages for one in message.attachments]
    assert notes == ["it was shown earlier", ""]


async def test_a_later_attempt_has_the_files_and_does_not_call_again(notebook, samples):
    calls = []

    @tool
    def chart() -> File:
        """Draw."""
        calls.append(1)
        return File(name="chart.png", data=samples.png())

    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Draw"),))
    first = Agent(model=ScriptedModel(Step(calls=(call("chart"),)), takes=["image"]), tools=[chart])
    async for event in first.begin(request, None, journal=notebook).stream():
        if isinstance(event, ToolCallCompleted):
            break
    assert {name.partition(":")[0] for name in notebook.steps} == {"answer", "tool", "file"}
    # Nothing is left but what was recorded, as text.
    notebook.steps = json.loads(json.dumps(notebook.steps))
    with ScriptedModel("I see it.", takes=["image"]) as model:
        second = Agent(model=model, tools=[chart])
        run = second.begin(request, None, journal=notebook)
        events = [event async for event in run.stream()]
    assert calls == [1]
    assert [file.data for file in model.asked[0][-1].files] == [samples.png()]
    (ended,) = [event for event in events if isinstance(event, ToolCallCompleted)]
    assert [one.name for one in ended.attachments] == ["chart.png"]
    kept = decode_run(encode_run(run.close(RunStatus.COMPLETED)))
    assert [one.name for one in kept.messages[2].attachments] == ["chart.png"]


async def test_a_damaged_record_of_a_file_is_named_and_the_run_goes_on(notebook, samples):
    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Draw"),))
    look = giving(File(name="chart.png", data=samples.png()))
    first = Agent(model=ScriptedModel(Step(calls=(call("look"),)), takes=["image"]), tools=[look])
    async for event in first.begin(request, None, journal=notebook).stream():
        if isinstance(event, ToolCallCompleted):
            break
    (name,) = [name for name in notebook.steps if name.startswith("file:")]
    notebook.steps[name] = "%"
    with ScriptedModel("Hm.", takes=["image"]) as model:
        _ = [event async for event in Agent(model=model, tools=[look]).begin(request, None, journal=notebook).stream()]
    assert (model.asked[0][-1].content, model.asked[0][-1].files) == ("[image: chart.png, shown earlier]", ())


async def test_a_file_of_a_tool_is_never_looked_for_at_the_platform(samples):
    async def fetch(attachment, *, most):
        raise AssertionError(attachment)

    attachment = Attachment(id="result:other:0.0.0", name="a.png", media_type="image/png")
    messages = (
        Message(role=Role.USER, content="Look"),
        Message(role=Role.ASSISTANT, tool_calls=(call("look"),)),
        Message(role=Role.TOOL, tool_call_id="1", attachments=(attachment,)),
        Message(role=Role.ASSISTANT, content="I see."),
    )
    past = Transcript(
        session=Session(session_id="s", run_count=1), runs=(Run(run_id="other", session_id="s", messages=messages),)
    )
    with ScriptedModel("Hm.", takes=["image"]) as model:
        agent = Agent(model=model, add_history_to_messages=True)
        request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Go"),), fetch=fetch)
        _ = [event async for event in agent.begin(request, past).stream()]
    assert model.asked[0][2].content == "[image: a.png, shown earlier]"


async def test_a_request_that_the_server_refuses_does_not_poison_the_session(openai, make_agent, samples):
    agent = make_agent(tools=[giving(File(name="a.png", data=samples.png()))], add_history_to_messages=True)
    openai.answers(Answer(tool_calls=[Wish(name="look")]), Answer(status=400, error_message="bad image"))
    with pytest.raises(ModelRequestError):
        await agent.arun("Look", session_id="s")
    await agent.arun("Are you there?", session_id="s")
    assert openai.messages(-1)[2]["content"].endswith("not read: the model's server refused the request with it]")


async def test_a_request_that_is_too_long_is_made_without_the_files_of_tools(samples):
    image = File(name="a.png", media_type="image/png", data=samples.png())
    messages = (
        Message(role=Role.USER, content="Look"),
        Message(role=Role.ASSISTANT, tool_calls=(call("look"),)),
        Message(role=Role.TOOL, content="[image: a.png]", tool_call_id="1", files=(image,)),
    )
    from threadkeep.models.fitting import Fitting  # noqa: PLC0415 - beside its only use

    with ScriptedModel(Step(error=ContextTooLongError("too long")), "Hm.", takes=["image"]) as model:
        _ = [event async for event in Fitting(model).stream(messages, (), ModelSettings())]
    assert model.asked[1][-1].files == ()


async def test_kept_results_have_their_files_and_are_bounded_in_bytes(samples):
    made = []

    @tool(cache="session")
    def look() -> File:
        """Look."""
        made.append(1)
        return File(name="a.png", data=samples.png())

    twice = [step for _ in range(2) for step in (Step(calls=(call("look"),)), "Done.")]
    with ScriptedModel(*twice, takes=["image"]) as model:
        agent = Agent(model=model, tools=[look])
        for _ in range(2):
            await agent.arun("Look", session_id="s")
    assert made == [1]
    assert [len(asked[-1].files) for asked in model.asked[1::2]] == [1, 1]
    await agent.aclose()


async def test_large_results_are_kept_as_long_as_there_is_room():
    from threadkeep.agent.tool_results import Result  # noqa: PLC0415 - the same

    look, context = giving("", cache="session"), RunContext(run_id="r", session_id="s")
    large = Result(files=(File(name="a", data=bytes(6 * 1024 * 1024)),))
    for number in range(4):
        look.bounds.keep({"number": number}, context, large)
    kept = [number for number in range(4) if look.bounds.kept({"number": number}, context) is not None]
    assert kept == [2, 3]


async def test_hooks_see_the_files_and_may_take_them_away(samples):
    seen = []

    def after(name, called, context):
        seen.append([file.name for file in called.files])
        return None if len(seen) == 1 else type(called)(arguments={}, result="no files", is_error=False)

    value = File(name="a.png", data=samples.png())
    hooks = [ToolHook(after=after), ToolHook(after=after)]
    shown, ended = await shown_after(value, tool_hooks=hooks)
    assert seen == [["a.png"], ["a.png"]]
    assert (shown.content, shown.files, ended.attachments) == ("no files", (), ())


async def test_a_redactor_sees_results_before_the_model_the_store_and_the_people(notebook, samples):
    @tool
    async def look(context: RunContext) -> list[object]:
        """Look."""
        context.say("reading ann@example.org")
        return ["write to ann@example.org", File(name="a.txt", data=b"or to bob@example.org")]

    with ScriptedModel(Step(calls=(call("look"),)), "Done.") as model:
        agent = Agent(model=model, tools=[look], result_hooks=[Redactor(kinds=["email"])])
        request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Go"),))
        run = agent.begin(request, None, journal=notebook)
        events = [event async for event in run.stream()]
    everything = f"{model.asked}{notebook.steps}{events}{run.close(RunStatus.COMPLETED)}"
    assert "example.org" not in everything
    assert everything.count("[email]") > 5


async def test_errors_of_tools_are_looked_at_too():
    def failing() -> str:
        """Look."""
        raise ToolError("ann@example.org is not known")

    with ScriptedModel(Step(calls=(call("failing"),)), "Done.") as model:
        await Agent(model=model, tools=[failing], result_hooks=[Redactor()]).arun("Go")
    assert model.asked[1][-1].content == "[email] is not known"


async def test_a_result_may_be_refused(samples):
    def hook(text, context):
        if "salary" in text:
            raise RefusedError("salaries are private")
        return text

    shown, ended = await shown_after(["salary: 3", File(name="a.png", data=samples.png())], result_hooks=[hook])
    assert (shown.content, shown.files) == ("the result is not shown: salaries are private", ())
    assert (ended.is_error, ended.attachments) == (True, ())


async def test_a_hook_on_results_that_fails_lets_nothing_through(notebook):
    def hook(text, context):
        raise LookupError

    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="Go"),))
    agent = Agent(model=ScriptedModel(Step(calls=(call("look"),))), tools=[giving("secret")], result_hooks=[hook])
    with pytest.raises(LookupError):
        _ = [event async for event in agent.begin(request, None, journal=notebook).stream()]
    assert "secret" not in str(notebook.steps)
