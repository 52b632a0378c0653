"""The places in which people talk with the bot, all with one face: say something, see what stands there."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from threadkeep.sessions import SessionKey
from threadkeep_emulators.discord import Channel, DiscordEmulator, Guild, Person
from threadkeep_emulators.slack import Conversation, MessageHandle, Thread, Workspace

_FOREVER = 3600.0


@dataclass(frozen=True, slots=True)
class Line:
    """One visible message."""

    author: str
    text: str
    is_bot: bool


class Scene(ABC):
    """A place where people talk with the bot.

    Attributes:
        title: How people call it.
    """

    title: str

    @property
    @abstractmethod
    def session_id(self) -> str | None:
        """The session of this place; None before anything was said that begins one."""

    @abstractmethod
    async def say(self, name: str, text: str) -> None:
        """Let a person say something to the bot."""

    @abstractmethod
    def lines(self) -> list[Line]:
        """Give what stands there now, oldest first."""

    @abstractmethod
    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Return when something changed here and the check holds."""


class SlackThread(Scene):
    """A thread in a Slack channel; the first message mentions the bot, the others do not need to."""

    def __init__(self, workspace: Workspace, channel: str) -> None:
        self.title = f"Slack thread in #{channel}"
        self._workspace = workspace
        self._channel: Conversation = workspace.channel(channel)
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
        person = self._workspace.user(name)
        if self._root is None:
            self._root = await person.says(self._channel, f"{self._workspace.bot.mention} {text}")
        else:
            await person.replies(self._root, text)

    def lines(self) -> list[Line]:
        """Give the thread's messages."""
        messages = self._thread().messages if self._root is not None else []
        return [Line(seen.author, seen.text, seen.is_ours) for seen in messages]

    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait for a change of the thread."""
        await self._thread().wait_for(lambda _: check(), timeout=_FOREVER)

    def _thread(self) -> Thread:
        if self._root is None:
            raise LookupError("nobody has begun this thread yet")
        return self._root.thread


class SlackDirect(Scene):
    """A person's direct messages with the bot on Slack."""

    def __init__(self, workspace: Workspace, owner: str) -> None:
        self.title = f"Slack direct message of {owner}"
        self._workspace = workspace
        self._owner = workspace.user(owner)

    @property
    def session_id(self) -> str | None:
        """The direct message's session."""
        return str(SessionKey(platform="slack", workspace=self._workspace.id, channel=self._owner.direct.id))

    async def say(self, name: str, text: str) -> None:  # noqa: ARG002 - a direct message has one speaker
        """Write to the bot."""
        await self._owner.dm(text)

    def lines(self) -> list[Line]:
        """Give the messages of both sides."""
        return [Line(seen.author, seen.text, seen.is_ours) for seen in self._owner.direct.messages]

    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait for a change of the conversation."""
        await self._owner.direct.wait_for(lambda _: check(), timeout=_FOREVER)


class _DiscordScene(Scene):
    """Share what channels and direct messages of Discord have in common."""

    def __init__(self, discord: DiscordEmulator, channel: Channel, workspace: str) -> None:
        self._discord = discord
        self._channel = channel
        self._session = SessionKey(platform="discord", workspace=workspace, channel=str(channel.id))

    @property
    def session_id(self) -> str | None:
        """The channel's session."""
        return str(self._session)

    def lines(self) -> list[Line]:
        """Give the channel's messages."""
        bot = self._discord.bot
        return [
            Line(
                message.author.name, message.text.replace(bot.mention, f"@{bot.user.name}"), message.author.id == bot.id
            )
            for message in self._channel.messages
        ]

    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait for a change of the channel."""
        await self._channel.wait_for(lambda _: check(), timeout=_FOREVER)


class DiscordChannel(_DiscordScene):
    """A channel of a Discord server; each message mentions the bot."""

    def __init__(self, discord: DiscordEmulator, guild: Guild, channel: str, people: Iterable[Person]) -> None:
        super().__init__(discord, guild.channel(channel), str(guild.id))
        self.title = f"Discord channel #{channel}"
        self._people = {person.user.display_name: person for person in people}

    async def say(self, name: str, text: str) -> None:
        """Mention the bot in the channel."""
        await self._people[name].says(self._channel, f"{self._discord.bot.mention} {text}")


class DiscordDirect(_DiscordScene):
    """A person's direct messages with the bot on Discord."""

    def __init__(self, discord: DiscordEmulator, owner: Person) -> None:
        super().__init__(discord, owner.dm_channel, "@me")
        self.title = f"Discord direct message of {owner.user.display_name}"
        self._owner = owner

    async def say(self, name: str, text: str) -> None:  # noqa: ARG002 - a direct message has one speaker
        """Write to the bot."""
        await self._owner.dm(text)
