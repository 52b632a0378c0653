"""Files in messages: what the model is shown of them, now and later, and what is kept."""

import asyncio

import pytest

from threadkeep import Agent, Attachment, File, FileLimits, FileNotRead, Message, OpenAIChat, Role, RunCompleted
from threadkeep.agent.request import RunRequest
from threadkeep.errors import FileNotReadError, ModelRequestError, PlatformUnavailableError
from threadkeep.runs import Run, RunStatus
from threadkeep.sessions import Session
from threadkeep.stores.base import Transcript
from threadkeep_emulators.openai import Answer


def asked(text="What is this?", *files):
    return Message(role=Role.USER, content=text, files=files)


def posted(text, *attachments):
    return Message(role=Role.USER, content=text, attachments=attachments, source="slack:T:C:1")


def parts(message):
    content = message["content"]
    return [part["type"] for part in content] if isinstance(content, list) else content


class Platform:
    """Has files by id, counts what is fetched, and can be away."""

    def __init__(self, **files):
        self.files, self.fetched, self.is_away = files, [], False

    async def __call__(self, attachment, *, most):
        self.fetched.append(attachment.id)
        if self.is_away:
            raise PlatformUnavailableError("away")
        if attachment.id not in self.files:
            raise FileNotReadError("it is not there any more")
        return File(name=attachment.name, data=self.files[attachment.id])


def attached(file_id, name, **fields):
    return Attachment(id=file_id, name=name, **fields)


async def follow(agent, *messages, fetch=None, runs=(), session_id="s"):
    """Make a run as a bot does; give its events, its record and the error."""
    session = Session(session_id=session_id, created_at=0.0, updated_at=0.0)
    request = RunRequest(run_id="r", session_id=session_id, messages=messages, fetch=fetch)
    run = agent.begin(request, Transcript(session=session, runs=tuple(runs)))
    events = [event async for event in run.stream()]
    return events, run.close(RunStatus.COMPLETED)


async def test_a_program_gives_files_with_its_message(openai, make_agent, samples):
    agent = make_agent()
    response = await agent.arun(asked("What is this?", File(name="a.png", data=samples.png())))
    assert response.content == "I see an image of 12x10 pixels."
    assert parts(openai.messages(-1)[-1]) == ["text", "image_url"]


def test_a_file_is_read_from_the_disk(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-")
    assert File.from_path(path) == File.from_path(str(path)) == File(name="report.pdf", data=b"%PDF-")


async def test_files_of_a_program_are_shown_again_as_long_as_they_are_in_memory(openai, make_agent, samples):
    agent = make_agent(add_history_to_messages=True)
    await agent.arun(asked("What is this?", File(name="a.png", data=samples.png())), session_id="s")
    await agent.arun("And its colour?", session_id="s")
    assert parts(openai.messages(-1)[0]) == ["text", "image_url"]
    (kept, *_) = await agent.sessions.messages("s")
    assert (kept.content, kept.files) == ("What is this?", ())
    assert [(one.name, one.media_type) for one in kept.attachments] == [("a.png", "image/png")]
    other = make_agent(add_history_to_messages=True, store=agent.store)
    await other.arun("And its size?", session_id="s")
    assert openai.messages(-1)[0]["content"] == "What is this?\n\n[image: a.png, shown earlier]"


async def test_what_is_not_read_is_told_to_the_model_and_to_the_program(openai, make_agent, samples):
    agent = make_agent()
    message = asked("Read this", File(name="a.zip", data=samples.ZIP), File(name="b.txt", data=b"words " * 100))
    limited = make_agent(files=FileLimits(max_text=12))
    events = [event async for event in limited.arun(message, stream=True)]
    told = [event for event in events if isinstance(event, FileNotRead)]
    assert [(event.name, event.is_partial) for event in told] == [("a.zip", False), ("b.txt", True)]
    assert told[1].reason == "the first 12 of 600 characters"
    assert isinstance(events[-1], RunCompleted)
    assert "".join(event.content for event in events[:-1]) == events[-1].response.content
    shown = openai.messages(-1)[-1]["content"]
    assert "[file: a.zip, not read: it is no image (PNG, JPEG, GIF, WebP), no PDF and no text]" in shown
    assert "[file: b.txt, the first 12 of 600 characters]\n```\nwords words\n```" in shown
    await agent.arun(message)
    assert openai.messages(-1)[-1]["content"].count("words") == 100


async def test_files_of_people_are_fetched_and_their_text_is_kept(make_agent, openai):
    agent, platform = make_agent(), Platform(F1=b"print(1)")
    _, run = await follow(agent, posted("Explain", attached("F1", "a.py")), fetch=platform)
    assert openai.messages(-1)[-1]["content"] == "Explain\n\n[file: a.py]\n```py\nprint(1)\n```"
    assert run.messages[0].content == "Explain"
    assert run.messages[0].attachments[0].text == "print(1)"


async def test_pictures_of_earlier_runs_are_fetched_once_in_each_process(make_agent, openai, samples):
    agent, platform = make_agent(add_history_to_messages=True), Platform(F1=samples.png())
    _, run = await follow(agent, posted("Look", attached("F1", "a.png")), fetch=platform)
    await follow(agent, posted("And?"), fetch=platform, runs=[run])
    assert (parts(openai.messages(-1)[0]), platform.fetched) == (["text", "image_url"], ["F1"])
    fresh = make_agent(add_history_to_messages=True)
    await follow(fresh, posted("And?"), fetch=platform, runs=[run])
    assert (parts(openai.messages(-1)[0]), platform.fetched) == (["text", "image_url"], ["F1", "F1"])


async def test_pictures_that_cannot_be_fetched_again_are_named(make_agent, openai, samples):
    platform = Platform(F1=samples.png())
    _, run = await follow(make_agent(), posted("Look", attached("F1", "a.png")), fetch=platform)
    platform.is_away = True
    agent = make_agent(add_history_to_messages=True)
    events, _ = await follow(agent, posted("And?"), fetch=platform, runs=[run])
    assert openai.messages(-1)[0]["content"] == "Look\n\n[image: a.png, shown earlier]"
    assert not any(isinstance(event, FileNotRead) for event in events)


async def test_old_pictures_make_room_for_new_ones(make_agent, openai, samples):
    size = len(samples.png())
    limits = FileLimits(max_request_bytes=2 * size)
    agent = make_agent(add_history_to_messages=True, files=limits)
    platform = Platform(F1=samples.png(), F2=samples.png(), F3=samples.png())
    runs = []
    for number in (1, 2, 3):
        message = posted(f"Look {number}", attached(f"F{number}", "a.png"))
        _, run = await follow(agent, message, fetch=platform, runs=runs)
        runs.append(run)
    said = [message for message in openai.messages(-1) if message["role"] == "user"]
    assert [parts(message) for message in said[1:]] == [["text", "image_url"]] * 2
    assert said[0]["content"] == "Look 1\n\n[image: a.png, shown earlier]"


async def test_at_most_so_many_files_are_read_the_newest_first(make_agent, openai):
    agent = make_agent(files=FileLimits(max_files=3))
    platform = Platform(**{f"F{number}": b"text" for number in range(5)})
    messages = [
        posted("first", *(attached(f"F{number}", f"{number}.txt") for number in (0, 1))),
        posted("second", *(attached(f"F{number}", f"{number}.txt") for number in (2, 3))),
    ]
    events, _ = await follow(agent, *messages, fetch=platform)
    assert sorted(platform.fetched) == ["F0", "F2", "F3"]
    told = [(event.name, event.reason) for event in events if isinstance(event, FileNotRead)]
    assert told == [("1.txt", "I read at most 3 files at a time")]


async def test_files_in_what_others_said_are_no_matter_for_the_person_who_asks(make_agent, samples):
    platform = Platform(F1=samples.ZIP, F2=samples.ZIP)
    messages = [
        posted('<message from="Bob">mine</message>', attached("F1", "bob.zip")),
        posted('<message from="Ann">and mine?</message>', attached("F2", "ann.zip")),
    ]
    events, run = await follow(make_agent(), *messages, fetch=platform)
    assert [event.name for event in events if isinstance(event, FileNotRead)] == ["ann.zip"]
    assert all(message.attachments[0].note for message in run.messages[:2])


async def test_a_request_that_the_server_refuses_does_not_poison_the_session(openai, make_agent, samples):
    agent = make_agent(add_history_to_messages=True)
    openai.answers(Answer(status=400, error_message="bad image"))
    with pytest.raises(ModelRequestError):
        await agent.arun(asked("Look", File(name="a.png", data=samples.png())), session_id="s")
    await agent.arun("Are you there?", session_id="s")
    shown = openai.messages(-1)[0]["content"]
    assert shown == "Look\n\n[image: a.png, not read: the model's server refused the request with it]"


async def test_without_a_way_to_fetch_files_they_are_named_as_not_read(make_agent, openai):
    events, _ = await follow(make_agent(), posted("Look", attached("F1", "a.png", media_type="image/png")))
    assert [event.reason for event in events if isinstance(event, FileNotRead)] == ["files cannot be read here"]
    assert openai.messages(-1)[-1]["content"] == "Look\n\n[image: a.png, not read: files cannot be read here]"


async def test_a_run_that_is_closed_before_its_files_are_read_keeps_references(scripted, samples):
    agent = Agent(model=scripted())
    request = RunRequest(run_id="r", session_id="s", messages=(asked("Look", File(name="a.png", data=samples.png())),))
    run = agent.begin(request, None).close(RunStatus.CANCELLED)
    assert run.messages[0].files == ()
    assert [one.name for one in run.messages[0].attachments] == ["a.png"]


async def test_what_is_said_during_a_run_may_hold_files(scripted, script, samples):
    from threadkeep import ToolCall  # noqa: PLC0415 - beside its only use

    def wait() -> str:
        """Wait."""
        return "waited"

    platform = Platform(F1=samples.png(), F2=b"notes")
    model = scripted(script("", calls=[ToolCall(id="1", name="wait", arguments="{}")]), script("done"))
    model.takes = ("image",)
    later = [posted("and this", attached("F1", "a.png"), attached("F2", "a.txt"), attached("F3", "gone.txt"))]

    async def steer():
        return tuple(later)

    agent = Agent(model=model, tools=[wait])
    request = RunRequest(run_id="r", session_id="s", messages=(posted("Go"),), fetch=platform)
    run = agent.begin(request, None, steering=steer)
    told = [event.name async for event in run.stream() if isinstance(event, FileNotRead)]
    assert told == ["gone.txt"]
    heard = model.asked[1][-1]
    assert [file.name for file in heard.files] == ["a.png"]
    assert "notes" in heard.content
    assert run.close(RunStatus.COMPLETED).messages[3].attachments[1].text == "notes"


async def test_an_edited_question_keeps_its_files_and_a_deleted_one_does_not():
    from threadkeep.agent.history import amended  # noqa: PLC0415 - beside its only use

    message = posted("Look", attached("F1", "a.txt", text="words"))
    run = Run(run_id="r", session_id="s", messages=(message,))
    edit = Message(role=Role.USER, content="Look here", source=message.source)
    (edited,) = amended([run], {message.source: edit})
    assert edited.messages[0].content == "Look here"
    assert edited.messages[0].attachments == message.attachments
    (deleted,) = amended([run], {message.source: None})
    assert deleted.messages[0].attachments == ()


async def test_messages_without_files_cost_nothing(scripted, script):
    model = scripted(script("ok"))
    message = posted("Hello")
    await follow(Agent(model=model), message)
    assert model.asked[0][-1] is message


async def test_a_cancelled_run_leaves_no_fetch_behind(make_agent):
    began = asyncio.Event()

    async def never(_attachment, *, most):
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(follow(make_agent(), posted("Look", attached("F1", "a.png")), fetch=never))
    await began.wait()
    before = asyncio.all_tasks()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [one for one in before if one is not asyncio.current_task() and not one.done()]


async def test_a_model_says_what_it_takes():
    assert OpenAIChat("gpt-5.4-mini").takes == {"image", "pdf"}
    assert OpenAIChat("gpt-5.4-mini", takes=()).takes == frozenset()


async def test_a_scanned_pdf_is_seen_page_by_page_now_and_at_the_next_question(scripted, script, samples):
    platform = Platform(F1=samples.scanned_pdf(samples.photo(), "Dear Ann"))
    model = scripted(script("I see."), script("Hm."), script("Hm."))
    model.takes = ("image",)
    agent = Agent(model=model, add_history_to_messages=True)
    _, run = await follow(agent, posted("Read", attached("F1", "scan.pdf")), fetch=platform)
    _, later = await follow(agent, posted("Again"), fetch=platform, runs=[run])
    shown = "Read\n\n[file: scan.pdf]\n```\n[a picture of the page is shown]\n\nDear Ann\n```"
    for asked_with in model.asked:
        assert asked_with[0].content == shown
        assert [(file.name, file.media_type) for file in asked_with[0].files] == [("page 1", "image/jpeg")]
    platform.is_away = True
    fresh = Agent(model=model, add_history_to_messages=True)
    await follow(fresh, posted("And?"), fetch=platform, runs=[run, later])
    assert (model.asked[2][0].content, model.asked[2][0].files) == (shown, ())


async def test_a_scanned_pdf_is_not_read_where_the_model_sees_nothing(scripted, script, samples):
    platform = Platform(F1=samples.scanned_pdf(samples.photo()))
    events, _ = await follow(
        Agent(model=scripted(script("Hm."))), posted("Read", attached("F1", "scan.pdf")), fetch=platform
    )
    told = [event.reason for event in events if isinstance(event, FileNotRead)]
    assert told == ["there is no text in the PDF; its pages are perhaps pictures"]


async def test_of_a_long_scan_so_many_pages_are_shown_and_it_is_told(scripted, script, samples):
    platform = Platform(F1=samples.scanned_pdf(*[samples.photo()] * 3))
    model = scripted(script("Hm."))
    model.takes = ("image",)
    agent = Agent(model=model, files=FileLimits(max_page_images=2))
    events, _ = await follow(agent, posted("Read", attached("F1", "scan.pdf")), fetch=platform)
    assert len(model.asked[0][0].files) == 2
    assert [event.reason for event in events if isinstance(event, FileNotRead)] == ["the first 2 of 3 pages"]


async def test_a_scan_that_the_server_refuses_does_not_poison_the_session(openai, make_agent, samples):
    model = OpenAIChat("gpt-4o-mini", base_url=openai.url, api_key=openai.api_key, max_retries=0, takes=["image"])
    agent = make_agent(model=model, add_history_to_messages=True)
    openai.answers(Answer(status=400, error_message="bad image"))
    with pytest.raises(ModelRequestError):
        await agent.arun(asked("Read", File(name="a.pdf", data=samples.scanned_pdf(samples.photo()))), session_id="s")
    await agent.arun("Are you there?", session_id="s")
    assert "[the model's server refused the request with it]" in openai.messages(-1)[0]["content"]


async def test_who_takes_a_conversation_over_is_shown_what_its_own_model_takes(script, scripted, samples):
    from threadkeep import ToolCall  # noqa: PLC0415 - beside its only use
    from threadkeep.agent.crew import crew_of  # noqa: PLC0415 - the same

    seeing = scripted(script(calls=[ToolCall(id="1", name="hand_over", arguments='{"to": "blind"}')]))
    seeing.takes = ("image",)
    blind = scripted(script("Hm."))
    agents = {"seeing": Agent(model=seeing), "blind": Agent(model=blind)}
    crew = crew_of({name: agent.plan for name, agent in agents.items()}, {})
    message = asked("What is this?", File(name="a.png", media_type="image/png", data=samples.png()))
    request = RunRequest(run_id="r", session_id="s", messages=(message,))
    run = agents["seeing"].begin(request, None, plan=crew["seeing"])
    _ = [event async for event in run.stream()]
    assert len(seeing.asked[0][0].files) == 1
    assert (blind.asked[0][0].files, blind.asked[0][0].content) == (
        (),
        "What is this?\n\n[image: a.png, shown earlier]",
    )


async def test_who_takes_over_from_an_agent_that_sees_nothing_is_shown_the_picture(script, scripted, samples):
    from threadkeep import ToolCall  # noqa: PLC0415 - beside its only use
    from threadkeep.agent.crew import crew_of  # noqa: PLC0415 - the same

    blind = scripted(script(calls=[ToolCall(id="1", name="hand_over", arguments='{"to": "seeing"}')]))
    seeing = scripted(script("A cat."), script("Grey."))
    seeing.takes = ("image",)
    agents = {
        name: Agent(model=model, add_history_to_messages=True) for name, model in (("blind", blind), ("seeing", seeing))
    }
    crew = crew_of({name: agent.plan for name, agent in agents.items()}, {})
    platform = Platform(F1=samples.png())
    message = posted("What is this?", attached("F1", "a.png", media_type="image/png"))
    request = RunRequest(run_id="r", session_id="s", messages=(message,), fetch=platform)
    run = agents["blind"].begin(request, None, plan=crew["blind"])
    _ = [event async for event in run.stream()]
    assert "not read: the language model takes no images" in blind.asked[0][0].content
    await follow(agents["seeing"], posted("Its colour?"), fetch=platform, runs=[run.close(RunStatus.COMPLETED)])
    for shown in seeing.asked:
        assert shown[0].content == "What is this?\n\n[image: a.png]"
        assert len(shown[0].files) == 1
