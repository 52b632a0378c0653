"""What is a command and what is talk."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep import Command, ConfigError
from threadkeep.chat.commands import BUILT_IN, WrittenCommand, command_table, parse_command, read_command
from threadkeep.chat.events import Addressing, MessageDeleted, MessageReceived, Place, PlaceKind
from threadkeep.sessions import MessageKey, SessionKey, UserKey

TABLE = command_table()
NAMES = st.sampled_from(sorted(TABLE))
SIGNS = st.sampled_from("!/")
SPACES = st.text(alphabet=" \t\n\u00a0", min_size=1, max_size=3)
KEY = MessageKey(platform="test", workspace="W", channel="C", message="1")
PLACE = Place(session=SessionKey(platform="test", workspace="W", channel="C"), kind=PlaceKind.THREAD)


async def nothing(_context, _text):
    return ""


def said(text, addressing=Addressing.BOT, **fields):
    user = UserKey(platform="test", user="ann")
    event = MessageReceived(key=KEY, place=PLACE, user=user, speaker="Ann", text=text, addressing=addressing)
    return replace(event, **fields)


@given(NAMES, SIGNS, SPACES, st.text())
def test_a_known_name_behind_its_sign_is_a_command_with_the_rest(name, sign, space, rest):
    assert parse_command(f"{sign}{name}{space}{rest}", TABLE) == WrittenCommand(name=name, text=rest.strip())
    assert parse_command(f" {sign}{name.upper()} ", TABLE) == WrittenCommand(name=name)


@given(st.text())
def test_no_text_breaks_the_reading_and_only_signs_begin_commands(text):
    written = parse_command(text, TABLE)
    if written is None:
        return
    assert text.strip()[0] in "!/"
    assert text.strip()[1:].lower().startswith(written.name)
    assert written.name in TABLE
    assert written.text == written.text.strip()
    assert parse_command(f"!{written.name} {written.text}", TABLE) == written


@given(NAMES, SIGNS, st.characters(categories=["L", "N", "P", "S"]))
def test_a_name_that_goes_on_is_talk(name, sign, more):
    if f"{name}{more}".lower() not in TABLE:
        assert parse_command(f"{sign}{name}{more}", TABLE) is None


@pytest.mark.parametrize(
    "text", ["!important", "/etc", "! new", "!", "", "!!new", "new", "say !new", "!new.", "/shrug", "!stop", "#new"]
)
def test_whatever_else_begins_with_a_sign_is_talk(text):
    assert parse_command(text, TABLE) is None
    event = said(text)
    assert read_command(event, TABLE) is event


@pytest.mark.parametrize(
    ("addressing", "text", "command"),
    [
        (Addressing.BOT, "!forget 2", "forget"),
        (Addressing.BOT, "/forget 2", "forget"),
        (Addressing.THREAD, "!forget 2", "forget"),
        (Addressing.THREAD, "/forget 2", None),
        (Addressing.OTHERS, "!forget 2", None),
        (Addressing.OTHERS, "/forget 2", None),
    ],
)
def test_what_people_say_to_each_other_is_no_command(addressing, text, command):
    event = read_command(said(text, addressing), TABLE)
    assert isinstance(event, MessageReceived)
    assert event.command == command
    assert event.text == ("2" if command else text)


def test_what_the_adapter_takes_for_a_command_stands():
    event = said("!help", command="deploy")
    assert read_command(event, TABLE) is event
    deletion = MessageDeleted(key=KEY, place=PLACE)
    assert read_command(deletion, TABLE) is deletion


def test_a_bot_adds_and_replaces_commands():
    own = [Command(name="deploy", help="Deploys.", run=nothing), Command(name="help", help="Ours.", run=nothing)]
    table = command_table(own)
    assert parse_command("!deploy now", table) == WrittenCommand(name="deploy", text="now")
    assert table["help"].help == "Ours."
    assert set(table) == {*TABLE, "deploy"}


@pytest.mark.parametrize("name", ["", "Deploy", "de ploy", "1st", "ärger", "stop", "a" * 33, "!new"])
def test_a_name_that_nobody_could_write_is_refused(name):
    with pytest.raises(ConfigError, match="cannot be a command's name"):
        command_table([Command(name=name, help="", run=nothing)])


def test_commands_that_cannot_be_carried_out_are_refused():
    with pytest.raises(ConfigError, match="needs run="):
        command_table([Command(name="deploy", help="Deploys.")])
    with pytest.raises(ConfigError, match="two commands"):
        command_table([Command(name="deploy", help="", run=nothing)] * 2)


def test_every_built_in_command_says_what_it_does():
    assert [command.name for command in BUILT_IN] == [
        "new",
        "retry",
        "summary",
        "memory",
        "forget",
        "link",
        "unlink",
        "usage",
        "help",
    ]
    assert all(command.help.endswith(".") for command in BUILT_IN)
    assert {command.name for command in BUILT_IN if command.is_private} == {
        "memory",
        "forget",
        "link",
        "unlink",
        "usage",
    }
