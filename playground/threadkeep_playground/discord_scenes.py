"""Places on Discord."""

from abc import abstractmethod
from collections.abc import Callable, Iterable

from threadkeep.sessions import SessionKey
from threadkeep_emulators.discord import Channel, DiscordEmulator, Guild, Message, Person
from threadkeep_playground.keys import Key, discord_fields, discord_keys
from threadkeep_playground.scenes import FOREVER, Line, Scene


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

    @abstractmethod
    def _person(self, name: str) -> Person: ...

    def lines(self) -> list[Line]:
        """Give the channel's messages."""
        return [self._line(message) for message in self._channel.messages]

    async def press(self, name: str, number: int, key: Key, words: str) -> str:
        """Press a button or choose from a select."""
        person, message = self._person(name), self._channel.messages[number]
        if key.select is None:
            used = await person.clicks(message, key.label)
        else:
            used = await person.selects(message, key.select, [key.value])
        await used.wait_answered(timeout=FOREVER)
        if used.modal is not None:
            used = await person.submits(used, discord_fields(used.modal, words))
        await self.wait_until(lambda: bool(used.messages))
        return f"(only {name} sees this) {used.messages[-1].text}"

    def _line(self, message: Message) -> Line:
        bot = self._discord.bot
        text = message.text.replace(bot.mention, f"@{bot.user.name}")
        return Line(message.author.name, text, message.author.id == bot.id, discord_keys(message))

    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait for a change of the channel."""
        await self._channel.wait_for(lambda _: check(), timeout=FOREVER)


class DiscordChannel(_DiscordScene):
    """A channel of a Discord server; each message mentions the bot."""

    def __init__(self, discord: DiscordEmulator, guild: Guild, channel: str, people: Iterable[Person]) -> None:
        super().__init__(discord, guild.channel(channel), str(guild.id))
        self.title = f"Discord channel #{channel}"
        self._people = {person.user.display_name: person for person in people}

    async def say(self, name: str, text: str) -> None:
        """Mention the bot in the channel."""
        await self._person(name).says(self._channel, f"{self._discord.bot.mention} {text}")

    def _person(self, name: str) -> Person:
        return self._people[name]


class DiscordDirect(_DiscordScene):
    """A person's direct messages with the bot on Discord."""

    def __init__(self, discord: DiscordEmulator, owner: Person) -> None:
        super().__init__(discord, owner.dm_channel, "@me")
        self.title = f"Discord direct message of {owner.user.display_name}"
        self._owner = owner

    async def say(self, name: str, text: str) -> None:  # noqa: ARG002 - a direct message has one speaker
        """Write to the bot."""
        await self._owner.dm(text)

    def _person(self, name: str) -> Person:  # noqa: ARG002 - a direct message has one speaker
        return self._owner
