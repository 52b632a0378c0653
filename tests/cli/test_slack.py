"""``threadkeep slack``: manifest, doctor, and the hooks of Slack's own command line."""

import asyncio
import json
import os
import sys

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from threadkeep.sealing import SealedVault, SecretKeys
from threadkeep_emulators.slack import DEFAULT_SCOPES, SlackEmulator
from threadkeep_slack.installs.installation import Installation, Tokens
from threadkeep_slack.installs.installations import Installations
from threadkeep_slack.installs.needs import scopes_for
from threadkeep_slack.workspace import Workspace

BOT = """
from threadkeep import Agent, Bot, OpenAIChat

print("a bot file may print")
agent = Agent(model=OpenAIChat(id="gpt-5.4-mini", api_key="x"), name="Library")
bot = Bot(agent=agent, description="Knows when the library is open.")
"""

ENTRY_POINTS = "[threadkeep.commands]\nslack = threadkeep_slack.cli:commands\n"


# One kind of store is enough: nothing here depends on it.
pytestmark = [pytest.mark.usefixtures("announced"), pytest.mark.parametrize("desk", ["sqlite"], indirect=True)]


@pytest.fixture
async def slack():
    scopes = DEFAULT_SCOPES | {need.scope for need in scopes_for()}
    async with SlackEmulator(scopes=scopes) as emulator:
        yield emulator


def tokens(slack, workspace, **changes) -> dict[str, str]:
    right = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }
    return {name: value for name, value in (right | changes).items() if value}


async def manifest_of(desk, path, *options):
    done = await desk.threadkeep("slack", "manifest", str(path), *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.removeprefix("a bot file may print\n"))


async def test_manifest_for_socket_mode(desk, bot_file):
    manifest = await manifest_of(desk, bot_file)
    assert manifest["display_information"] == {"name": "Library", "description": "Knows when the library is open."}
    settings = manifest["settings"]
    assert (settings["socket_mode_enabled"], settings["token_rotation_enabled"]) == (True, False)
    assert "request_url" not in settings["event_subscriptions"]
    assert settings["interactivity"] == {"is_enabled": True}
    for scope in ("chat:write", "app_mentions:read", "im:history", "assistant:write", "files:read", "commands"):
        assert scope in manifest["oauth_config"]["scopes"]["bot"]
    for event in ("app_mention", "message.im", "agent_session_stopped", "app_uninstalled", "tokens_revoked"):
        assert event in settings["event_subscriptions"]["bot_events"]
    features = manifest["features"]
    assert features["agent_view"]["agent_description"] == "Knows when the library is open."
    assert features["app_home"]["messages_tab_read_only_enabled"] is False
    commands = {entry["command"] for entry in features["slash_commands"]}
    assert {"/stop", "/new", "/retry"} <= commands
    assert "/help" not in commands  # Slack's own
    assert manifest["_metadata"]["major_version"] == 2


async def test_manifest_for_http_and_many_workspaces(desk, bot_file):
    manifest = await manifest_of(
        desk,
        bot_file,
        "--url",
        "https://bot.example.com/",
        "--oauth",
        "--name",
        "Keeper",
        "--prompt",
        "Hours=When open?",
    )
    events = "https://bot.example.com/slack/events"
    settings = manifest["settings"]
    assert (settings["socket_mode_enabled"], settings["token_rotation_enabled"]) == (False, True)
    assert settings["event_subscriptions"]["request_url"] == events
    assert settings["interactivity"]["request_url"] == events
    assert {entry["url"] for entry in manifest["features"]["slash_commands"]} == {events}
    assert manifest["oauth_config"]["redirect_urls"] == ["https://bot.example.com/slack/oauth_redirect"]
    assert manifest["features"]["agent_view"]["suggested_prompts"] == [{"title": "Hours", "message": "When open?"}]
    assert manifest["display_information"]["name"] == "Keeper"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--url", "http://bot.example.com"], "https://"),
        (["--oauth"], "needs --url"),
        (["--name", "x" * 36], "display_information.name has 36 characters, and 1 to 35 are allowed"),
        ([part for number in range(5) for part in ("--prompt", f"{number}=x")], "suggested_prompts has 5 entries"),
        (["--prompt", "without a message"], "--prompt needs a title and a message"),
    ],
)
async def test_manifest_that_slack_would_refuse_is_not_printed(desk, bot_file, options, words):
    done = await desk.threadkeep("slack", "manifest", str(bot_file), *options)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert "display_information" not in done.stdout


async def test_doctor_finds_a_healthy_app_healthy(desk, slack):
    done = await desk.threadkeep("slack", "doctor", **tokens(slack, slack.workspace("Acme")))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    count = len(scopes_for())
    assert "ok       the token works: Acme, as @keeper" in lines
    assert f"ok       {count} of {count} scopes are granted" in lines
    assert "ok       Socket Mode can be opened: SLACK_APP_TOKEN works" in lines
    assert not [line for line in lines if line.startswith(("missing", "wanting"))]
    assert f"https://api.slack.com/apps/{slack.app.id}/event-subscriptions" in done.stdout
    assert "app_mention, message.im" in done.stdout


async def test_doctor_says_what_is_missing_and_where_to_click(desk, slack):
    acme = slack.workspace("Acme")
    acme.team.scopes -= {"chat:write", "files:read"}
    slack.app.app_token_scopes.clear()
    done = await desk.threadkeep("slack", "doctor", "--json", **tokens(slack, acme))
    assert done.returncode == 1
    findings = {one["what"].partition(":")[0]: one for one in json.loads(done.stdout)}
    assert findings["scope chat"]["verdict"] == "missing"
    assert findings["scope files"]["verdict"] == "wanting"
    assert f"apps/{slack.app.id}/oauth" in findings["scope chat"]["remedy"]
    assert findings["Socket Mode cannot be opened"]["verdict"] == "missing"


async def test_doctor_names_the_commands_of_the_bot(desk, slack, bot_file):
    done = await desk.threadkeep("slack", "doctor", str(bot_file), **tokens(slack, slack.workspace("Acme")))
    assert done.returncode == 0, done.stderr
    assert "check    these slash commands: /stop, /new, /retry" in done.stdout
    assert f"{slack.app.id}/slash-commands" in done.stdout


async def test_doctor_is_content_while_only_something_optional_is_wanting(desk, slack):
    acme = slack.workspace("Acme")
    acme.team.scopes -= {"files:write"}
    done = await desk.threadkeep("slack", "doctor", **tokens(slack, acme))
    assert done.returncode == 0
    assert "wanting  scope files:write: without it its tools cannot post files" in done.stdout


async def test_doctor_recognises_a_dead_token(desk, slack):
    acme = slack.workspace("Acme")
    acme.team.is_token_revoked = True
    done = await desk.threadkeep("slack", "doctor", **tokens(slack, acme))
    assert done.returncode == 1
    assert "missing  the token of the workspace does not work" in done.stdout
    assert acme.bot_token not in done.stdout + done.stderr


async def test_doctor_over_http_says_what_cannot_be_seen(desk, slack):
    environ = tokens(slack, slack.workspace("Acme"), SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=slack.signing_secret)
    done = await desk.threadkeep("slack", "doctor", **environ)
    assert done.returncode == 0
    assert "check    Socket Mode must be off" in done.stdout


async def test_doctor_needs_an_app(desk):
    done = await desk.threadkeep("slack", "doctor")
    assert done.returncode == 1
    assert "threadkeep slack manifest" in done.stderr
    done = await desk.threadkeep("slack", "doctor", SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="s")
    assert done.returncode == 1
    assert "THREADKEEP_SECRET_KEYS is missing" in done.stderr
    assert "Fernet.generate_key" in done.stderr


async def test_doctor_looks_at_every_installation(desk, slack):
    key = Fernet.generate_key().decode()
    for name in ("Globex", "Initech"):
        await keep_installation(desk, slack, slack.workspace(name), key)
    slack.workspace("Initech").team.is_token_revoked = True
    environ = {
        "SLACK_CLIENT_ID": slack.app.client_id,
        "SLACK_CLIENT_SECRET": slack.app.client_secret,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "SLACK_PUBLIC_URL": "https://bot.example.com",
        "THREADKEEP_SECRET_KEYS": key,
    }
    done = await desk.threadkeep("slack", "doctor", **environ)
    assert done.returncode == 1, done.stderr
    assert "ok       workspaces install the app at https://bot.example.com/slack/install" in done.stdout
    assert "the Redirect URLs must hold https://bot.example.com/slack/oauth_redirect" in done.stdout
    assert "ok       2 installed" in done.stdout
    assert "ok       the token works: Globex, as @keeper" in done.stdout
    assert "missing  the token of Initech does not work" in done.stdout
    wrong = await desk.threadkeep(
        "slack", "doctor", **environ | {"THREADKEEP_SECRET_KEYS": Fernet.generate_key().decode()}
    )
    assert "no key of THREADKEEP_SECRET_KEYS opens" in wrong.stdout


async def keep_installation(desk, slack, workspace, key):
    identity = Workspace(
        team=workspace.id, team_name=workspace.team.name, bot_user=workspace.team.bot_user, bot_name="keeper"
    )
    vault = SealedVault(desk.store.vault, SecretKeys((SecretStr(key),)))
    installation = Installation(workspace=identity, tokens=Tokens(token=SecretStr(workspace.bot_token)))
    await Installations(vault, desk.store.shared, slack.app.client_id).keep(installation)


async def test_hooks_are_commands_of_this_python(desk, bot_file):
    done = await desk.threadkeep("slack", "hooks", "get-hooks", str(bot_file))
    table = json.loads(done.stdout)
    assert table["hooks"]["start"] == f"{sys.executable} -m threadkeep slack hooks start {bot_file}"
    assert table["config"]["sdk-managed-connection-enabled"] is True
    assert table["config"]["protocol-version"] == ["message-boundaries", "default"]


async def test_slacks_command_line_finds_the_hooks_of_a_new_bot(desk):
    done = await desk.threadkeep("new", "my_bot")
    assert done.returncode == 0, done.stderr
    text = await asyncio.to_thread((desk.folder / "my_bot" / ".slack" / "hooks.json").read_text)
    command = json.loads(text)["hooks"]["get-hooks"]
    assert command == "threadkeep slack hooks get-hooks my_bot.py"
    table = json.loads((await desk.threadkeep(*command.split()[1:])).stdout)
    assert table["hooks"]["get-manifest"].endswith("get-manifest my_bot.py")


async def test_hook_answers_between_boundaries_and_with_flags_unheard_of(desk, bot_file):
    arguments = ("--protocol", "message-boundaries", "--boundary", "b0und", "--new-flag", "x")
    done = await desk.threadkeep("slack", "hooks", "get-manifest", str(bot_file), *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("b0und{")
    assert done.stdout.rstrip().endswith("}b0und")
    assert "a bot file may print" in done.stderr
    assert json.loads(done.stdout.rstrip().removeprefix("b0und").removesuffix("b0und"))["features"]


async def test_hook_gives_nothing_but_the_manifest_in_the_default_protocol(desk, bot_file):
    done = await desk.threadkeep("slack", "hooks", "get-manifest", str(bot_file))
    assert json.loads(done.stdout)["display_information"]["name"] == "Library"


async def test_start_hook_needs_the_tokens_of_slacks_command_line(desk, bot_file):
    done = await desk.threadkeep("slack", "hooks", "start", str(bot_file))
    assert done.returncode == 1
    assert "SLACK_CLI_XOXB is missing" in done.stderr


async def test_start_hook_runs_the_bot_with_the_tokens_that_it_is_given(desk, bot_file, slack):
    acme = slack.workspace("Acme")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "DISCORD", "REDIS"))}
    given = {"SLACK_CLI_XOXB": acme.bot_token, "SLACK_CLI_XAPP": slack.app_token, "SLACK_API_URL": slack.api_url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "threadkeep", "slack", "hooks", "start", str(bot_file), "--protocol", "default"),
        cwd=desk.folder,
        env={**clean, **desk.environ, **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await slack.wait_for_connections(1, timeout=30)
    finally:
        process.terminate()
        output, _ = await process.communicate()
    assert b"Slack workspace Acme as @keeper (Socket Mode)" in output


async def test_commands_of_an_adapter_that_cannot_be_imported_are_left_out(desk, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("broken") / "broken-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    broken = "[threadkeep.commands]\nbroken = threadkeep_that_is_not_there:commands\n"
    (folder / "entry_points.txt").write_text(broken, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder.parent), os.environ["PYTHONPATH"]]))
    done = await desk.threadkeep("--help")
    assert done.returncode == 0
    assert "the commands of broken cannot be imported" in done.stderr
    assert "slack" in done.stdout
