"""``make run`` as a newcomer meets it: played by itself without a terminal, and typed at with one."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 120
SECRETS = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "LOG_")
COMMAND = [sys.executable, "-m", "threadkeep_playground"]

# Each exchange is a few seconds long where the machine does much else.
pytestmark = pytest.mark.timeout(300)


def clean_environ():
    return {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}


def play(folder):
    """Run it without a terminal."""
    return subprocess.run(
        COMMAND,
        cwd=folder,
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def transcript():
    done = play(ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def exchanges(transcript):
    """Give (session id, title, speaker, words, answer) of each exchange."""
    found = re.findall(
        r"^\[(\S+)\]  (.+)\n  (\w+): (.+)\n  Keeper: ((?:.+\n?)(?:      .+\n?)*)", transcript, re.MULTILINE
    )
    return [(session, title, name, said, answer.strip()) for session, title, name, said, answer in found]


def test_every_kind_of_place_is_played_by_two_people(transcript):
    speakers = {}
    for _, title, name, _, _ in exchanges(transcript):
        speakers.setdefault(title.rpartition(" of ")[0] or title, set()).add(name)
    assert speakers == {
        "Slack thread in #general": {"Ann", "Bob"},
        "Discord channel #lounge": {"Cleo", "Dan"},
        "Slack direct message": {"Ann", "Bob"},
        "Discord direct message": {"Cleo", "Dan"},
    }


def test_each_place_is_one_session_under_the_key_of_its_platform(transcript):
    sessions = {}
    for session, title, *_ in exchanges(transcript):
        sessions.setdefault(title, set()).add(session)
    assert all(len(ids) == 1 for ids in sessions.values())
    ids = {title: ids.pop() for title, ids in sessions.items()}
    assert len(set(ids.values())) == len(ids) == 6
    assert re.fullmatch(r"slack:T\w+:C\w+:\d+\.\d+", ids["Slack thread in #general"])
    assert re.fullmatch(r"slack:T\w+:D\w+", ids["Slack direct message of Ann"])
    assert re.fullmatch(r"discord:\d+:\d+", ids["Discord channel #lounge"])
    assert re.fullmatch(r"discord:@me:\d+", ids["Discord direct message of Cleo"])


def test_histories_are_kept_and_apart(transcript):
    answers = {(title, name, said): answer for _, title, name, said, answer in exchanges(transcript)}
    thread, channel = "Slack thread in #general", "Discord channel #lounge"
    assert answers[thread, "Ann", "What is my name?"] == "Your name is Ann."
    assert answers[channel, "Cleo", "What is my favourite colour?"] == "Your favourite colour is green."
    assert "Cleo" in answers["Discord direct message of Cleo", "Cleo", "What is my name?"]
    for title, name in (("Slack direct message of Bob", "Bob"), ("Discord direct message of Dan", "Dan")):
        assert answers[title, name, "What is my name?"] == "You have not told me your name."
    summary = answers[thread, "Bob", "Give me a summary of our conversation."]
    assert "robot" in summary
    assert "colour" not in summary
    other = answers[channel, "Dan", "Give me a summary of our conversation."]
    assert "colour" in other
    assert "robot" not in other


def test_the_end_counts_the_runs_of_each_session(transcript):
    counts = re.findall(r"^  (\S+)  .+: (\d+) runs?$", transcript, re.MULTILINE)
    played = [session for session, *_ in exchanges(transcript)]
    assert {session: int(count) for session, count in counts} == {name: played.count(name) for name in played}


class TypedAt:
    """The playground on a terminal of its own."""

    def __init__(self, *arguments):
        self.screen, theirs = pty.openpty()
        environ = clean_environ() | {"TERM": "dumb"}
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, *words):
        """Return what appeared up to the first of these words; read on from there."""
        deadline = time.monotonic() + SECONDS
        while True:
            for word in words:
                before, found, rest = self.seen.partition(word)
                if found:
                    self.seen = rest
                    return before + found
            if not select.select([self.screen], [], [], max(0.0, deadline - time.monotonic()))[0]:
                pytest.fail(f"{words} did not appear; the screen shows {self.seen!r}")
            try:
                self.seen += os.read(self.screen, 4096).decode(errors="replace").replace("\r", "")
            except OSError:
                pytest.fail(f"it ended before {words} appeared; the screen shows {self.seen!r}")

    def types(self, line):
        os.write(self.screen, f"{line}\n".encode())

    def asks(self, prompt, said, answer):
        self.types(said)
        self.wait_for("Keeper: ")
        shown = self.wait_for(answer)
        self.wait_for(prompt)
        return shown

    def status(self):
        """Read to the end and give the exit status."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if not select.select([self.screen], [], [], 1.0)[0]:
                continue
            try:
                if not os.read(self.screen, 4096):
                    break
            except OSError:
                break
        return self.process.wait(timeout=SECONDS)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.screen)


@pytest.fixture
def begin():
    typed = []

    def begin(*arguments):
        # A shell's background jobs ignore Ctrl-C, and so would their children.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        typed.append(TypedAt(*arguments))
        signal.signal(signal.SIGINT, before)
        typed[-1].wait_for("Slack thread in #general | Ann> ")
        return typed[-1]

    yield begin
    for one in typed:
        one.close()


@pytest.fixture
def terminal(begin):
    return begin()


THREAD, CHANNEL = "Slack thread in #general | {}> ", "Discord channel #lounge | {}> "
DIRECT, DISCORD_DIRECT = "Slack direct message of {0} | {0}> ", "Discord direct message of {0} | {0}> "


COLOUR = "What is my favourite colour?"
UNKNOWN = "You have not told me your favourite colour."


def test_a_person_goes_about_and_finds_each_conversation_again(terminal):
    thread, channel, direct = THREAD.format("Ann"), CHANNEL.format("Ann"), DISCORD_DIRECT.format("Ann")
    terminal.types("/where")
    terminal.wait_for("begins with your first message")
    terminal.asks(thread, "My favourite colour is red.", "red")
    terminal.types("/discord")
    terminal.wait_for(channel)
    terminal.asks(channel, COLOUR, UNKNOWN)
    terminal.asks(channel, "My favourite colour is green.", "green")
    terminal.types("/ddm")
    terminal.wait_for(direct)
    terminal.asks(direct, COLOUR, UNKNOWN)
    terminal.types("/discord")
    terminal.wait_for(channel)
    terminal.asks(channel, COLOUR, "Your favourite colour is green.")
    terminal.types("/where")
    assert re.search(r"discord:\d+:\d+\n", terminal.wait_for(channel))
    terminal.types("/slack")
    terminal.wait_for(thread)
    terminal.asks(thread, COLOUR, "Your favourite colour is red.")
    terminal.types("/quit")
    assert terminal.status() == 0


def test_a_person_becomes_another_one(terminal):
    terminal.types("/as bob")
    terminal.wait_for(THREAD.format("Bob"))
    terminal.asks(THREAD.format("Bob"), "My favourite colour is blue.", "blue")
    terminal.types("/dm")
    terminal.wait_for(DIRECT.format("Bob"))
    terminal.types("/as Ann")
    terminal.wait_for(DIRECT.format("Ann"))
    terminal.types("/as Nobody")
    assert "nobody called Nobody" in terminal.wait_for(DIRECT.format("Ann"))
    terminal.types("/nowhere")
    assert "There is no /nowhere" in terminal.wait_for(DIRECT.format("Ann"))
    terminal.types("/thread")
    terminal.wait_for(THREAD.format("Ann"))
    terminal.asks(THREAD.format("Ann"), COLOUR, UNKNOWN)
    terminal.types("\x04")
    assert terminal.status() == 0


CAUTIOUS = """\
from threadkeep import Agent, Bot, OpenAIChat, RunContext, tool

@tool(requires_approval=True)
def remove(title: str) -> str:
    \"\"\"Remove a book.\"\"\"
    return f"{title} is gone"

async def fetch(context: RunContext) -> str:
    \"\"\"Fetch a book.\"\"\"
    return f"it waits at {await context.ask('Where?', choices=['Main library', 'Harbour branch'])}"

bot = Bot(agent=Agent(model=OpenAIChat(id="gpt-5.4-mini"), tools=[remove, fetch], add_history_to_messages=True))
"""


@pytest.fixture
def cautious(begin, tmp_path):
    (tmp_path / "cautious.py").write_text(CAUTIOUS)
    return begin(str(tmp_path / "cautious.py"))


@pytest.mark.parametrize(
    ("place", "prompt"), [("/slack", THREAD), ("/discord", CHANNEL), ("/dm", DIRECT), ("/ddm", DISCORD_DIRECT)]
)
def test_people_decide_by_typing_what_stands_on_a_button(cautious, place, prompt):
    prompt = prompt.format("Ann")
    cautious.types(place)
    cautious.wait_for(prompt)
    cautious.asks(prompt, 'Use the tool remove title="Emma"', "[type: Approve | Deny]")
    cautious.asks(prompt, "approve", "Emma is gone")
    cautious.asks(prompt, 'Use the tool remove title="Ulysses"', "[type: Approve | Deny]")
    cautious.asks(prompt, "Deny: we need it", "we need it")
    cautious.asks(prompt, "Use the tool fetch", "[type: Main library | Harbour branch]")
    cautious.asks(prompt, "harbour branch", "it waits at Harbour branch")


@pytest.mark.parametrize(("place", "prompt"), [("/slack", THREAD), ("/discord", CHANNEL)])
def test_who_may_not_decide_is_told_so_and_the_run_can_be_stopped(cautious, place, prompt):
    ann, bob = prompt.format("Ann"), prompt.format("Bob")
    cautious.types(place)
    cautious.wait_for(ann)
    cautious.asks(ann, 'Use the tool remove title="Emma"', "[type: Approve | Deny]")
    cautious.types("/as bob")
    cautious.wait_for(bob)
    cautious.asks(bob, "approve", "(only Bob sees this) Only Ann may decide this.")
    cautious.types("/as ann")
    cautious.wait_for(ann)
    cautious.asks(ann, "And now?", "1 message waiting")
    cautious.asks(ann, "!stop", "Stopped.")


def test_what_one_person_alone_is_told_is_shown(terminal):
    terminal.asks(THREAD.format("Ann"), "Hello", "Hello")
    terminal.asks(THREAD.format("Ann"), "!memory", "(only Ann sees this) I remember nothing of you.")


def test_the_button_under_a_growing_answer_is_no_part_of_it(terminal):
    terminal.types("/dm")
    terminal.wait_for(DIRECT.format("Ann"))
    terminal.types("Tell me a short story about a robot.")
    assert "Stop" not in terminal.wait_for(DIRECT.format("Ann"))


def test_ctrl_c_ends_it_while_nobody_types(terminal):
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.status() == 130


def test_a_missing_bot_file_is_one_line(tmp_path):
    done = play(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("threadkeep: There is no bot file bots/assistant.py")
    assert "Traceback" not in done.stderr
