"""A short conversation in every kind of place, played by itself and printed with the session ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threadkeep_playground.discord_scenes import DiscordChannel, DiscordDirect
from threadkeep_playground.platforms import BOT_NAME, DISCORD_GUILD, LocalPlatforms
from threadkeep_playground.scenes import Scene
from threadkeep_playground.slack_scenes import SlackDirect, SlackThread
from threadkeep_playground.stage import Stage


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody says something somewhere."""

    scene: Scene
    name: str
    text: str


def play_list(platforms: LocalPlatforms) -> Sequence[Turn]:
    """Return a conversation of two people in each place; each place must know only what was said in it."""
    thread = SlackThread(platforms.workspace, "general")
    discord = platforms.discord
    guild = discord.guild(DISCORD_GUILD)
    people = [discord.user("Cleo"), discord.user("Dan")]
    channel = DiscordChannel(discord, guild, "lounge", people)
    ann, bob = SlackDirect(platforms.workspace, "Ann"), SlackDirect(platforms.workspace, "Bob")
    cleo, dan = (DiscordDirect(discord, person) for person in people)
    return (
        Turn(thread, "Ann", "My name is Ann. Tell me a 5 second short story about a robot."),
        Turn(channel, "Cleo", "My favourite colour is green. Tell me about quantum physics."),
        Turn(thread, "Bob", "My name is Bob. What is 6 * 7?"),
        Turn(channel, "Dan", "My favourite colour is red. What is the speed of light?"),
        Turn(thread, "Ann", "What is my name?"),
        Turn(channel, "Cleo", "What is my favourite colour?"),
        Turn(thread, "Bob", "Give me a summary of our conversation."),
        Turn(ann, "Ann", "Remember that the door code is 4711."),
        Turn(bob, "Bob", "What is my name?"),
        Turn(ann, "Ann", "What did I say first?"),
        Turn(bob, "Bob", "Now tell me a joke."),
        Turn(cleo, "Cleo", "My name is Cleo."),
        Turn(dan, "Dan", "What is my name?"),
        Turn(cleo, "Cleo", "What is my name?"),
        Turn(channel, "Dan", "Give me a summary of our conversation."),
    )


async def play(stage: Stage, platforms: LocalPlatforms, say: Callable[[str], None]) -> None:
    """Play the conversation and print each exchange, then what each place holds in the end."""
    turns = play_list(platforms)
    for turn in turns:
        answer = ""

        def keep(text: str) -> None:
            nonlocal answer
            answer = text

        await stage.ask(turn.scene, turn.name, turn.text, watch=keep)
        say(f"\n[{turn.scene.session_id}]  {turn.scene.title}")
        say(f"  {turn.name}: {turn.text}")
        say(f"  {BOT_NAME}: {_indent(answer)}")
    say("\nSessions, each with its own history:")
    for scene in dict.fromkeys(turn.scene for turn in turns):
        say(f"  {scene.session_id}  {scene.title}: {_runs(await stage.runs_of(scene))}")


def _indent(text: str) -> str:
    return text.replace("\n", "\n      ")


def _runs(number: int) -> str:
    return f"{number} run{'' if number == 1 else 's'}"
