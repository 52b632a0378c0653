"""A platform where people press, a model that calls tools, and tools that ask."""

import pytest

from threadkeep import RunContext, tool
from threadkeep.chat.adapter import ReplyState
from threadkeep.chat.events import ActionPressed
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.sessions import MessageKey, UserKey
from threadkeep_emulators.openai import OpenAIEmulator


@pytest.fixture
def platform(platform):
    """The test's platform, which can whisper and send files too, and keeps whole contents."""

    class Hall(type(platform)):
        def __init__(self):
            super().__init__()
            self.whispers = []
            self.files = []
            self.finished = []
            self._presses = 0

        def open_reply(self, request):
            reply = super().open_reply(request)
            finish = reply.finish

            async def keep(content):
                await finish(content)
                if not reply.shown and 0 not in request.posted:
                    await request.on_posted(0, f"message-{request.run_id[:4]}")
                self.finished.append(content)

            reply.finish = keep
            return reply

        async def whisper(self, place, user, text):
            self.whispers.append((user.user, text))

        async def send_file(self, place, file, *, caption=""):
            self.files.append((file.name, file.data, caption))
            return f"F{len(self.files)}"

        def pressed(self, label, *, user="Ann", content=None, roles=(), fields=None, channel="C1"):
            """Press what is visible under a reply, by its label."""
            shown = content or self.finished[-1]
            button = next(one for one in shown.elements if one.label == label)
            self._presses += 1
            place = self.said("", channel=channel).place
            key = MessageKey(
                platform="test", workspace="W", channel=channel, message="reply", revision=f"press-{self._presses}"
            )
            return ActionPressed(
                key=key,
                place=place,
                user=UserKey(platform="test", user=user),
                speaker=user,
                action=button.action,
                value=button.value,
                label=button.label,
                fields=fields or {},
                roles=roles,
            )

        @property
        def waiting(self):
            return self.finished and self.finished[-1].state is ReplyState.WAITING and self.finished[-1]

        @property
        def ended(self):
            return [content for content in self.finished if content.state is not ReplyState.WAITING]

    return Hall()


@pytest.fixture
async def openai():
    async with OpenAIEmulator() as emulator:
        yield emulator


@pytest.fixture
def calling(make_model):
    """Makes a model that calls tools once, by name and JSON arguments, and then says what they gave."""

    def make(*calls, text=""):
        model = make_model()
        made = tuple(ToolCall(id=f"c{place}", name=name, arguments=given) for place, (name, given) in enumerate(calls))

        def script(_):
            asked = model.asked[-1]
            results = [message.content for message in asked if message.role is Role.TOOL]
            if results[-len(made) :] and asked[-1].role is Role.TOOL:
                return " | ".join(results[-len(made) :])
            if "again" in asked[-1].content:
                return "hello again"
            message = Message(role=Role.ASSISTANT, content=text, tool_calls=made)
            return ModelAnswer(message=message, usage=Usage(), finish_reason="tool_calls")

        model.script = script
        return model

    return make


@pytest.fixture
def deploys():
    """A tool that needs an approval, and the calls that were made."""
    made = []

    def make(approval=True):
        @tool(requires_approval=approval)
        async def deploy(environment: str, api_token: str = "") -> str:
            """Deploy."""
            made.append(environment)
            return f"deployed to {environment}"

        return deploy

    make.made = made
    return make


@pytest.fixture
def asks():
    """A tool that asks two questions, and what happened in it."""
    log = []

    def make(*, of=None, second=True, choices=("staging", "production")):
        async def deploy(context: RunContext) -> str:
            """Deploy."""
            log.append("called")
            environment = await context.ask("Which environment?", choices=choices, of=of)
            log.append(environment)
            if not second:
                return environment
            version = await context.ask("Which version?", of=of)
            return f"{environment} {version}"

        return deploy

    make.log = log
    return make
