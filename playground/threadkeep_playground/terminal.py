"""A person at the terminal acts as anybody, anywhere on the local platforms."""

from collections.abc import Awaitable, Callable

from threadkeep_playground.discord_scenes import DiscordChannel, DiscordDirect
from threadkeep_playground.keys import Key, read_key
from threadkeep_playground.platforms import BOT_NAME, DISCORD_GUILD, LocalPlatforms
from threadkeep_playground.scenes import Scene
from threadkeep_playground.slack_scenes import SlackDirect, SlackThread
from threadkeep_playground.stage import Stage, last_of_bot

PEOPLE = ("Ann", "Bob")
HELP = """\
Type a message and watch the answer stream. Commands:
  /slack     talk in a Slack thread          /dm        a Slack direct message
  /discord   talk in a Discord channel       /ddm       a Discord direct message
  /thread    begin another Slack thread      /as Bob    speak as Ann or Bob
  /where     show the session id             /quit      leave (or Ctrl-D)
  !help      the bot's own commands          Approve    press a button by its label; Deny: too late says why"""

ReadLine = Callable[[str], Awaitable[str]]
"""Reads a line after showing a prompt; raises EOFError at the end."""


class Terminal:
    """Reads lines and plays them on the stage.

    Args:
        stage: The running bot.
        platforms: Where it runs.
        read_line: Reads what the person types.
        write: Prints text as it is.
    """

    def __init__(
        self, stage: Stage, platforms: LocalPlatforms, *, read_line: ReadLine, write: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._workspace = platforms.workspace
        self._read_line = read_line
        self._write = write
        discord = platforms.discord
        guild = discord.guild(DISCORD_GUILD)
        members = {name: discord.user(name) for name in PEOPLE}
        self._channel = DiscordChannel(discord, guild, "lounge", members.values())
        self._discord_directs = {name: DiscordDirect(discord, person) for name, person in members.items()}
        self._slack_directs = {name: SlackDirect(self._workspace, name) for name in PEOPLE}
        self._thread = SlackThread(self._workspace, "general")
        self._person = PEOPLE[0]
        self._place = "/slack"
        self._streamed = ""

    @property
    def _scene(self) -> Scene:
        match self._place:
            case "/dm":
                return self._slack_directs[self._person]
            case "/ddm":
                return self._discord_directs[self._person]
            case "/discord":
                return self._channel
            case _:
                return self._thread

    async def run(self) -> None:
        """Read until ``/quit`` or the end of the input."""
        self._write(f"{HELP}\n")
        while True:
            try:
                line = (await self._read_line(f"\n{self._scene.title} | {self._person}> ")).strip()
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
        name = rest.strip().title()
        if command in {"/slack", "/dm", "/discord", "/ddm"}:
            self._place = command
        elif command == "/thread":
            self._place, self._thread = "/slack", SlackThread(self._workspace, "general")
        elif command == "/as" and name in PEOPLE:
            self._person = name
        elif command == "/where":
            self._write(f"{self._scene.session_id or 'The session begins with your first message.'}\n")
        elif command == "/as":
            self._write(f"There is nobody called {name or '...'} here: /as {' or /as '.join(PEOPLE)}\n")
        else:
            self._write(f"There is no {command} here. {HELP}\n")

    def _keys(self) -> tuple[Key, ...]:
        """Give what can be pressed under the bot's last line here."""
        number = last_of_bot(self._scene)
        return self._scene.lines()[number].keys if number >= 0 else ()

    async def _ask(self, text: str) -> None:
        self._streamed = ""
        self._write(f"{BOT_NAME}: ")
        pressed = read_key(text, self._keys())
        try:
            if pressed is None:
                await self._stage.ask(self._scene, self._person, text, watch=self._show)
            else:
                await self._stage.press(self._scene, self._person, *pressed, watch=self._show)
        except TimeoutError:
            self._write("(no answer within two minutes; the log above says why)")
        if keys := self._keys():
            self._write(f"\n  [type: {' | '.join(key.label for key in keys)}]")
        self._write("\n")

    def _show(self, text: str) -> None:
        # What a terminal has shown cannot be edited: an answer that changed is shown anew.
        is_longer = text.startswith(self._streamed)
        self._write(text.removeprefix(self._streamed) if is_longer else f"\n{BOT_NAME}: {text}")
        self._streamed = text
