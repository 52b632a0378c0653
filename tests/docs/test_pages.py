"""What the pages say of settings, files and names is what the code has."""

import re
from pathlib import Path

import pytest
import typer

import threadkeep
from threadkeep.chat.desk import BotFacts
from threadkeep.cli import app as cli
from threadkeep.cli.extending import add_commands
from threadkeep.settings import Settings
from threadkeep_slack.installs.manifest import build_manifest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
BOTS = (ROOT / "docs" / "bots.md").read_text(encoding="utf-8")
READERS = ["core", "adapters"]

# How the code reads variables: by name from a mapping, by the functions around that, or as a field's alias.
_READ = re.compile(r"(?:environ\.get\(|_read_\w+\(environ, |validation_alias=)\"([A-Z][A-Z0-9_]+)\"")
_NAMES = re.compile(r"(?:_TOKEN_NAMES = |for name in )\(((?:\"[A-Z_]+\"(?:, )?)+)\)")


def source():
    files = [file for folder in READERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def section(text, title):
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def documented():
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", section(RUNNING, "Settings"), re.MULTILINE))


def read_by_the_code():
    text = source()
    found = set(_READ.findall(text))
    for names in _NAMES.findall(text):
        found |= set(re.findall(r"\"([A-Z_]+)\"", names))
    # Fields without an alias are read under their own name.
    found |= {name.upper() for name, field in Settings.model_fields.items() if field.validation_alias is None}
    return found


def test_every_variable_that_is_read_is_documented_and_the_reverse():
    assert documented() == read_by_the_code()


def test_defaults_of_the_settings_are_documented():
    table = section(RUNNING, "Settings")
    for name, default in (("LOG_LEVEL", "info"), ("LOG_FORMAT", "text"), ("THREADKEEP_DB", "threadkeep.db")):
        assert re.search(rf"\| `{name}` \| `{re.escape(default)}` \|", table)
        fields = {
            (field.validation_alias or key.upper()): field.default for key, field in Settings.model_fields.items()
        }
        assert str(fields[name]) == default


def test_what_a_slack_app_needs_is_explained():
    explained = section((ROOT / "docs" / "slack.md").read_text(encoding="utf-8"), "Scopes and why")
    named = set(re.findall(r"^\| `([\w:.]+)`", explained, re.MULTILINE))
    manifest = build_manifest(BotFacts(name="Keeper", description="", commands=()))
    scopes, events = (
        manifest["oauth_config"]["scopes"]["bot"],
        manifest["settings"]["event_subscriptions"]["bot_events"],
    )
    assert named == {*scopes, *events}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        file = (page.parent / target).resolve() if target else page
        if target == "benchmarks/RESULTS.md":
            continue  # written by `make bench`
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}


def test_errors_and_logs_that_are_named_exist():
    errors = set(re.findall(r"`(\w+Error)`", BOTS + RUNNING))
    assert errors <= set(threadkeep.__all__)
    text = source()
    for event in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", section(RUNNING, "Logs").partition("| event |")[2]):
        assert f'"{event}"' in text or event == "retry_in", f"no event {event} is logged"


def test_files_that_the_architecture_names_exist():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for folder, files in re.findall(r"^\| `([\w/]+)` \| .+? \| (.+) \|$", text, re.MULTILINE):
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", files):
            assert (ROOT / folder / name).exists(), f"{folder}/{name}"


def command_lines(text):
    """Give what stands behind ``threadkeep`` in code spans and shell programs."""
    shell = "\n".join(re.findall(r"^```(?:sh|bash)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return [
        *re.findall(r"`threadkeep ([^`\n]+)`", text),
        *re.findall(r"^threadkeep (.+?)(?:\s+#.*)?$", shell, re.MULTILINE),
    ]


@pytest.fixture(scope="module")
def command():
    app = typer.Typer()
    app.registered_commands, app.registered_groups = list(cli.registered_commands), list(cli.registered_groups)
    add_commands(app)
    return typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_that_are_named_exist(page, command):
    for line in command_lines(page.read_text(encoding="utf-8")):
        found, words = command, line.split()
        if words[0] == "--version":
            continue
        while words and hasattr(found, "commands"):
            assert words[0] in found.commands, f"{page.name} names threadkeep {line}"
            found = found.commands[words.pop(0)]
        options = {name for option in found.params for name in option.opts} | {"--help"}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= options, line
