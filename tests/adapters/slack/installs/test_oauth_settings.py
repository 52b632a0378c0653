"""What the environment says of installs, and what is said of what it lacks."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_slack import SlackAdapter, SlackSettings
from threadkeep_slack.settings import read_settings

KEY = Fernet.generate_key().decode()
OAUTH = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "client-secret",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "THREADKEEP_SECRET_KEYS": KEY,
}


def test_the_apps_credentials_mean_many_workspaces():
    settings = read_settings(OAUTH | {"SLACK_PUBLIC_URL": "https://bot.example.com/keeper/"})
    assert settings.bot_token is None
    assert settings.oauth.client_id == "1.2"
    assert settings.oauth.public_url == "https://bot.example.com/keeper"
    assert SlackAdapter.from_environment(OAUTH).description == "Slack (not connected)"


def test_a_bots_token_wins_over_the_apps_credentials_and_that_is_said(caplog):
    settings = read_settings(OAUTH | {"SLACK_BOT_TOKEN": "xoxb-1"})
    assert settings.oauth is None
    assert settings.bot_token == SecretStr("xoxb-1")
    assert "slack_oauth_not_used" in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SLACK_CLIENT_SECRET": ""}, ["SLACK_CLIENT_SECRET is missing", "App Credentials"]),
        ({"SLACK_CLIENT_ID": ""}, ["SLACK_CLIENT_ID is missing", "App Credentials"]),
        ({"THREADKEEP_SECRET_KEYS": ""}, ["THREADKEEP_SECRET_KEYS is missing", "Fernet.generate_key"]),
        ({"THREADKEEP_SECRET_KEYS": "hunter2"}, ["key 1 of THREADKEEP_SECRET_KEYS is not a key"]),
        ({"SLACK_SIGNING_SECRET": ""}, ["SLACK_APP_TOKEN is missing", "SLACK_SIGNING_SECRET"]),
        ({"SLACK_PUBLIC_URL": "bot.example.com"}, ["SLACK_PUBLIC_URL must be an address such as https://"]),
        ({"SLACK_PUBLIC_URL": "http://bot.example.com"}, ["must begin with https://"]),
        ({"SLACK_PUBLIC_URL": "https://bot.example.com/?x=1"}, ["SLACK_PUBLIC_URL must be an address"]),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(changes, words):
    with pytest.raises(ConfigError) as refused:
        read_settings(OAUTH | changes)
    for word in words:
        assert word in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_an_address_of_this_machine_may_do_without_a_certificate():
    settings = read_settings(OAUTH | {"SLACK_PUBLIC_URL": "http://localhost:3000"})
    assert settings.oauth.public_url == "http://localhost:3000"


def test_settings_need_a_token_or_credentials():
    with pytest.raises(ConfigError, match="oauth for many"):
        SlackSettings(signing_secret=SecretStr("s"))


def test_no_secret_is_shown():
    shown = repr(read_settings(OAUTH))
    for secret in ("client-secret", "signing-secret", KEY):
        assert secret not in shown
