"""Commands that are given while a run waits for people."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from threadkeep import RunStatus
from threadkeep.chat.adapter import ReplyState
from threadkeep.chat.commands import Command, command_table
from threadkeep.errors import PlatformUnavailableError
from threadkeep.runtime.story import Verdict

DEPLOY = ("deploy", '{"environment": "staging"}')


@pytest.fixture
def scene(platform, open_store, calling, deploys, working, wait_for, load_runs):
    """A bot with a tool that needs an approval."""

    class Scene:
        made = deploys.made

        async def open(self, **settings):
            self.store = await open_store(**settings)

        @asynccontextmanager
        async def at_work(self, *, call=DEPLOY, tools=None, **settings):
            model = calling(call, text="I deploy now.")
            async with working(model, self.store, agent={"tools": tools or [deploys()]}, **settings) as worker:
                self.worker = worker
                yield worker

        async def hear(self, *events):
            for event in events:
                await self.store.inbox.accept(event)

        def command(self, name):
            return replace(platform.said(f"!{name}"), command=name, text="")

        async def runs(self, count=None):
            return await wait_for(lambda: load_runs(self.store, count=count))

        async def is_asleep(self, text=""):
            """Wait until the run waits for people, nobody holds it, and that is to be read under it."""
            await wait_for(lambda: self.worker.running == 0 and platform.waiting and text in platform.waiting.text)
            return platform.waiting.text

    return Scene()


@pytest.fixture(autouse=True)
async def opened(scene):
    await scene.open()


async def test_a_command_is_answered_while_a_run_waits_and_is_no_answer(scene, platform, asks, store, why):
    async with scene.at_work(call=("deploy", "{}"), tools=[asks(second=False, choices=())]):
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        given = scene.command("help")
        await scene.hear(given)
        (run,) = await scene.runs(1)
        assert run.command == "help"
        assert (await why(given)).verdict is Verdict.ANSWERED
        assert "waiting" not in await scene.is_asleep()
        await scene.hear(platform.said("staging"))
        runs = await scene.runs(2)
    assert [run.command for run in runs] == ["help", None]
    assert runs[1].content.endswith("staging")
    assert asks.log == ["called", "called", "staging"]


async def test_commands_go_before_the_messages_that_wait(scene, platform):
    async with scene.at_work():
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        await scene.hear(platform.said("again"), scene.command("usage"))
        await scene.runs(1)
        await scene.is_asleep("1 message waiting")
        await scene.hear(platform.pressed("Approve"))
        runs = await scene.runs(3)
    assert [run.command for run in runs] == ["usage", None, None]
    assert [run.content for run in runs[1:]] == ["I deploy now.\n\ndeployed to staging", "hello again"]


async def test_a_command_that_came_before_the_run_began_to_wait_is_answered_too(scene, platform):
    await scene.hear(platform.said("deploy"), scene.command("help"))
    async with scene.at_work():
        (run,) = await scene.runs(1)
        await scene.is_asleep()
    assert run.command == "help"


async def test_a_bots_own_command_is_answered_with_its_failure(scene, platform):
    async def status(context, text):
        raise ValueError("no status today")

    commands = command_table([Command(name="status", help="Tells the status.", run=status)])
    async with scene.at_work(commands=commands):
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        await scene.hear(scene.command("status"))
        (run,) = await scene.runs(1)
        await scene.is_asleep()
        await scene.hear(platform.pressed("Approve"))
        runs = await scene.runs(2)
    assert (run.command, run.status, run.error) == ("status", RunStatus.FAILED, "ValueError")
    assert runs[1].content.endswith("deployed to staging")


@pytest.mark.parametrize("name", ["retry", "summary"])
async def test_a_command_that_asks_the_model_waits(scene, platform, name):
    async with scene.at_work():
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        await scene.hear(scene.command(name))
        await scene.is_asleep("1 message waiting")
        await scene.hear(platform.pressed("Approve"))
        run, *_ = await scene.runs()
    assert (run.command, run.status) == (None, RunStatus.COMPLETED)


@pytest.mark.parametrize("is_early", [False, True])
async def test_a_new_conversation_withdraws_the_run_that_waits(scene, platform, is_early):
    await scene.hear(platform.said("deploy"))
    if is_early:
        await scene.hear(scene.command("new"))
    async with scene.at_work():
        if not is_early:
            await scene.is_asleep()
            await scene.hear(scene.command("new"))
        withdrawn, new = await scene.runs(2)
    assert (withdrawn.status, withdrawn.command) == (RunStatus.CANCELLED, None)
    assert (new.command, new.is_boundary) == ("new", True)
    assert scene.made == []
    stopped = next(one for one in platform.finished if one.state is ReplyState.STOPPED)
    assert stopped.text == "I deploy now.\n\n_Withdrawn: a new conversation was begun._"
    assert stopped.elements == ()


async def test_a_command_that_cannot_be_shown_now_is_answered_later(scene, platform):
    async with scene.at_work(retry_seconds=0.01):
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        platform.refusals.append(PlatformUnavailableError("down"))
        await scene.hear(scene.command("help"))
        (run,) = await scene.runs(1)
        await scene.is_asleep()
        await scene.hear(platform.pressed("Approve"))
        await scene.runs(2)
    assert run.command == "help"
    assert [reply.request.run_id for reply in platform.replies].count(run.run_id) == 2
    assert scene.made == ["staging"]


async def test_a_process_that_dies_over_a_command_answers_it_once(scene, platform, wait_for):
    carried_out, dead = [], []

    async def note(context, text):
        carried_out.append(context.run_id)
        return "noted"

    async def die(lease, run, message):
        dead.append(run)
        raise SystemError("the process dies")

    await scene.open(lease_seconds=0.3)
    commands = command_table([Command(name="note", help="Notes something.", run=note)])
    async with scene.at_work(commands=commands):
        await scene.hear(platform.said("deploy"))
        await scene.is_asleep()
        answer_aside, scene.store.control.answer_aside = scene.store.control.answer_aside, die
        await scene.hear(scene.command("note"))
        await wait_for(lambda: dead)
        scene.store.control.answer_aside = answer_aside
        (run,) = await scene.runs(1)
        await scene.is_asleep()
        await scene.hear(platform.pressed("Approve"))
        runs = await scene.runs(2)
    assert carried_out == [run.run_id] == [dead[0].run_id]
    assert [run.content for run in runs] == ["noted", "I deploy now.\n\ndeployed to staging"]
