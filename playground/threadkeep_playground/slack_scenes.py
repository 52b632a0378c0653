"""Places on Slack."""

from abc import abstractmethod
from collections.abc import Callable

from threadkeep.sessions import SessionKey
from threadkeep_emulators.slack import Conversation, MessageHandle, Person, Shown, Thread, Workspace
from threadkeep_playground.keys import Key, slack_fields, slack_keys, without_labels
from threadkeep_playground.scenes import FOREVER, Line, Scene


class _SlackScene(Scene):
    """Share what threads and direct messages of Slack have in common."""

    def __init__(self, workspace: Workspace, channel: Conversation) -> None:
        self._workspace = workspace
        self._channel = channel
        self._people: dict[str, Person] = {}

    @abstractmethod
    def _place(self) -> Conversation | Thread: ...

    def _seen(self) -> list[tuple[Shown, str]]:
        """Give the messages, oldest first, each with who alone sees it."""
        place = self._place()
        thread = place.root_ts if isinstance(place, Thread) else None
        private = [
            (seen, name)
            for name, person in self._people.items()
            for seen in person.sees_ephemerals(self._channel)
            if seen.thread_ts == thread
        ]
        return sorted([*((seen, "") for seen in place.messages), *private], key=lambda one: float(one[0].ts))

    def lines(self) -> list[Line]:
        """Give the messages of all sides."""
        return [_slack_line(seen, name) for seen, name in self._seen()]

    async def press(self, name: str, number: int, key: Key, words: str) -> str:
        """Press a button or choose from a select."""
        person, before = self._person(name), len(self._seen())
        message, _ = self._seen()[number]
        if key.select is None:
            await person.clicks(message, key.label)
        else:
            await person.chooses(message, key.select, key.label)
        await self.wait_until(lambda: person.modal is not None or self._whispered(name, before))
        modal = person.modal
        if modal is None:
            return self.lines()[-1].text
        await person.submits(slack_fields(modal, words))
        return ""

    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait for a change of the place."""
        await self._place().wait_for(lambda _: check(), timeout=FOREVER)

    def _whispered(self, name: str, before: int) -> bool:
        seen = self._seen()
        return len(seen) > before and seen[-1][1] == name

    def _person(self, name: str) -> Person:
        return self._people.setdefault(name, self._workspace.user(name))


def _slack_line(seen: Shown, only_for: str) -> Line:
    keys = slack_keys(seen.blocks) if seen.is_ours else ()
    text = without_labels(seen.text, keys)
    if only_for:
        return Line(seen.author, f"(only {only_for} sees this) {text}", seen.is_ours, is_private=True)
    return Line(seen.author, text, seen.is_ours, keys)


class SlackThread(_SlackScene):
    """A thread in a Slack channel; the first message mentions the bot, the others do not need to."""

    def __init__(self, workspace: Workspace, channel: str) -> None:
        super().__init__(workspace, workspace.channel(channel))
        self.title = f"Slack thread in #{channel}"
        self._root: MessageHandle | None = None

    @property
    def session_id(self) -> str | None:
        """The thread's session."""
        if self._root is None:
            return None
        key = SessionKey(platform="slack", workspace=self._workspace.id, channel=self._channel.id, thread=self._root.ts)
        return str(key)

    async def say(self, name: str, text: str) -> None:
        """Mention the bot at the top of the channel, or reply in the thread."""
        person = self._person(name)
        if self._root is None:
            self._root = await person.says(self._channel, f"{self._workspace.bot.mention} {text}")
        else:
            await person.replies(self._root, text)

    async def press(self, name: str, number: int, key: Key, words: str) -> str:
        """Press as somebody who is in the channel."""
        await self._person(name).joins(self._channel)
        return await super().press(name, number, key, words)

    def lines(self) -> list[Line]:
        """Give the thread's messages."""
        return super().lines() if self._root is not None else []

    def _place(self) -> Thread:
        if self._root is None:
            raise LookupError("nobody has begun this thread yet")
        return self._root.thread


class SlackDirect(_SlackScene):
    """A person's direct messages with the bot on Slack."""

    def __init__(self, workspace: Workspace, owner: str) -> None:
        super().__init__(workspace, workspace.user(owner).direct)
        self.title = f"Slack direct message of {owner}"
        self._owner = self._person(owner)

    @property
    def session_id(self) -> str | None:
        """The direct message's session."""
        return str(SessionKey(platform="slack", workspace=self._workspace.id, channel=self._owner.direct.id))

    async def say(self, name: str, text: str) -> None:  # noqa: ARG002 - a direct message has one speaker
        """Write to the bot."""
        await self._owner.dm(text)

    def _place(self) -> Conversation:
        return self._channel
