"""A person at the terminal acts as anybody, anywhere on the local platforms."""

import asyncio
from collections.abc import Callable, Mapping

from threadkeep_playground.platforms import BOT_NAME, DISCORD_GUILD, LocalPlatforms
from threadkeep_playground.scenes import DiscordChannel, DiscordDirect, Scene, SlackDirect, SlackThread
from threadkeep_playground.stage import Stage

PEOPLE = ("Ann", "Bob")
HELP = """\
Type a message and watch the answer stream. Commands:
  /slack     talk in a Slack thread          /dm        a Slack direct message
  /discord   talk in a Discord channel       /ddm       a Discord direct message
  /thread    begin another Slack thread      /as Bob    speak as Ann or Bob
  /where     show the session id             /quit      leave (or Ctrl-D)"""


def _scenes(platforms: LocalPlatforms, person: str) -> Mapping[str, Callable[[], Scene]]:
    guild = platforms.discord.guild(DISCORD_GUILD)
    return {
        "/dm": lambda: SlackDirect(platforms.workspace, person),
        "/discord": lambda: DiscordChannel(platforms.discord, guild, "lounge", PEOPLE),
        "/ddm": lambda: DiscordDirect(platforms.discord, person),
    }


class Terminal:
    """Reads lines and plays them on the stage.

    Args:
        stage: The running bot.
        platforms: Where it runs.
        write: Prints text as it is.
    """

    def __init__(self, stage: Stage, platforms: LocalPlatforms, *, write: Callable[[str], None]) -> None:
        self._stage = stage
        self._platforms = platforms
        self._write = write
        self._person = PEOPLE[0]
        self._thread = SlackThread(platforms.workspace, "general")
        self._scene: Scene = self._thread
        self._streamed = ""

    async def run(self) -> None:
        """Read until ``/quit`` or the end of the input."""
        self._write(f"{HELP}\n")
        while True:
            prompt = f"\n{self._scene.title} | {self._person}> "
            try:
                line = (await asyncio.to_thread(input, prompt)).strip()
            except EOFError:
                return
            if line == "/quit":
                return
            if line.startswith("/"):
                self._command(line)
            elif line:
                await self._ask(line)

    def _command(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        scenes = _scenes(self._platforms, self._person)
        if command == "/slack":
            self._scene = self._thread
        elif command == "/thread":
            self._scene = self._thread = SlackThread(self._platforms.workspace, "general")
        elif command in scenes:
            self._scene = scenes[command]()
        elif command == "/as" and rest.title() in PEOPLE:
            self._become(rest.title())
        elif command == "/where":
            self._write(f"{self._scene.session_id or 'The session begins with your first message.'}\n")
        else:
            self._write(f"{HELP}\n")

    def _become(self, person: str) -> None:
        self._person = person
        if isinstance(self._scene, SlackDirect):
            self._scene = SlackDirect(self._platforms.workspace, person)
        elif isinstance(self._scene, DiscordDirect):
            self._scene = DiscordDirect(self._platforms.discord, person)

    async def _ask(self, text: str) -> None:
        self._streamed = ""
        self._write(f"{BOT_NAME}: ")
        try:
            await self._stage.ask(self._scene, self._person, text, watch=self._show)
        except TimeoutError:
            self._write("(no answer within two minutes; the log above says why)")
        self._write("\n")

    def _show(self, text: str) -> None:
        # What a terminal has shown cannot be edited: an answer that changed is shown anew.
        is_longer = text.startswith(self._streamed)
        self._write(text.removeprefix(self._streamed) if is_longer else f"\n{BOT_NAME}: {text}")
        self._streamed = text
