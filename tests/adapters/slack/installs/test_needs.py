"""The table of what the app needs, and what is made from it."""

from pathlib import Path

import pytest

from threadkeep.chat.desk import BotFacts, CommandFacts
from threadkeep.errors import ConfigError
from threadkeep_slack.controls.room import SHORTCUTS
from threadkeep_slack.installs.manifest import build_manifest
from threadkeep_slack.installs.manifest_rules import check_manifest, cut
from threadkeep_slack.installs.needs import EVENTS, SCOPES, Feature, events_for, scopes_for

DOCS = Path(__file__).parents[4] / "docs" / "slack.md"


def facts(**changes):
    return BotFacts(**({"name": "Keeper", "description": "", "commands": ()} | changes))


def test_the_documentation_names_every_scope_and_event_with_its_reason():
    text = DOCS.read_text(encoding="utf-8")
    for need in SCOPES:
        mark = " (needed)" if need.is_required else ""
        assert f"| `{need.scope}`{mark} | {need.why} | {need.without} |" in text
    for event in EVENTS:
        assert f"| `{event.event}` |" in text
        assert event.without in text


def test_every_event_finds_its_scope_in_the_table():
    scopes = {need.scope for need in SCOPES}
    assert {event.scope for event in EVENTS if event.scope} <= scopes
    assert len(scopes) == len(SCOPES)
    assert len({event.event for event in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_brings_what_its_events_need(feature):
    scopes = {need.scope for need in scopes_for([feature])}
    for event in events_for([feature]):
        assert event.scope is None or event.scope in scopes


def test_a_bot_that_only_answers_asks_for_less():
    manifest = build_manifest(facts(), features=())
    assert "files:read" not in manifest["oauth_config"]["scopes"]["bot"]
    assert not {"agent_view", "slash_commands"} & manifest["features"].keys()
    assert manifest["features"]["app_home"]["home_tab_enabled"] is False
    assert "reaction_added" not in manifest["settings"]["event_subscriptions"]["bot_events"]
    assert "tokens_revoked" in manifest["settings"]["event_subscriptions"]["bot_events"]


def test_long_texts_are_cut_and_long_names_refused():
    manifest = build_manifest(facts(description="word " * 100))
    assert len(manifest["display_information"]["description"]) <= 140
    assert manifest["display_information"]["description"].endswith("word\N{HORIZONTAL ELLIPSIS}")
    assert 140 < len(manifest["features"]["agent_view"]["agent_description"]) <= 300
    with pytest.raises(ConfigError, match=r"the command of /x{40} has 41 characters"):
        build_manifest(facts(commands=(CommandFacts(name="x" * 40, help="Too long."),)))
    with pytest.raises(ConfigError, match="slash_commands has 51 entries"):
        build_manifest(facts(commands=tuple(CommandFacts(name=f"c{n}", help="x") for n in range(50))))


def test_commands_that_slack_keeps_for_itself_are_left_out():
    commands = (
        CommandFacts(name="help", help="x"),
        CommandFacts(name="stop", help="x"),
        CommandFacts(name="new", help="x"),
    )
    manifest = build_manifest(facts(commands=commands))
    assert [entry["command"] for entry in manifest["features"]["slash_commands"]] == ["/stop", "/new"]


def test_everything_that_is_wrong_is_said_at_once():
    manifest = dict(build_manifest(facts()))
    manifest["settings"] = {"socket_mode_enabled": False, "event_subscriptions": {"bot_events": ["a", "a", "x" * 51]}}
    manifest["display_information"] = {"name": ""}
    with pytest.raises(ConfigError) as refused:
        check_manifest(manifest)
    for problem in ("name has 0 characters", "a stands in it twice", "has 51 characters", "needs a request_url"):
        assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\n b", "a b"), ("abcdef", "abcd\N{HORIZONTAL ELLIPSIS}"), ("abc d ef", "abc\N{HORIZONTAL ELLIPSIS}")],
)
def test_texts_become_one_line(text, expected):
    assert cut(text, 5) == expected


def test_with_a_prefix_the_app_has_one_slash_command():
    commands = (CommandFacts(name="new", help="x"), CommandFacts(name="help", help="x"))
    (entry,) = build_manifest(facts(commands=commands), prefix="/keeper")["features"]["slash_commands"]
    assert (entry["command"], entry["usage_hint"]) == ("/keeper", "COMMAND")
    assert "stop, new, help" in entry["description"]


def test_the_shortcuts_are_those_that_are_heard():
    shortcuts = build_manifest(facts())["features"]["shortcuts"]
    assert [shortcut["callback_id"] for shortcut in shortcuts] == list(SHORTCUTS)
    assert all(len(shortcut["name"]) <= 24 and len(shortcut["description"]) <= 150 for shortcut in shortcuts)
