"""What the environment says, and what is said of what it lacks."""

import pytest
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_slack import SlackAdapter, SlackSettings
from threadkeep_slack.settings import SLACK_API_URL, read_settings

SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}
HTTP = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_SIGNING_SECRET": "signing-secret"}


@pytest.mark.parametrize("environ", [{}, {"SLACK_BOT_TOKEN": " "}, {"PORT": "80", "SLACK_API_URL": "http://x/"}])
def test_no_slack_without_its_secrets(environ):
    assert SlackAdapter.from_environment(environ) is None


def test_how_many_sockets_is_read_from_the_environment():
    assert read_settings(SOCKET).sockets == 1
    assert read_settings(SOCKET | {"SLACK_SOCKETS": "10"}).sockets == 10


def test_an_app_token_means_socket_mode():
    settings = read_settings(SOCKET)
    assert settings is not None
    assert settings.app_token is not None
    assert settings.api_url == SLACK_API_URL
    assert SlackAdapter.from_environment(SOCKET).description == "Slack (not connected)"


def test_a_signing_secret_means_http_on_this_machine():
    settings = read_settings(HTTP)
    assert settings is not None
    assert (settings.app_token, settings.host, settings.port) == (None, "127.0.0.1", 3000)


def test_address_is_read_from_the_environment():
    settings = read_settings(HTTP | {"SLACK_HOST": "0.0.0.0", "PORT": "8080"})
    assert settings is not None
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)
    settings = read_settings(HTTP | {"SLACK_PORT": "9090", "PORT": "8080"})
    assert settings is not None
    assert settings.port == 9090


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, ["SLACK_APP_TOKEN is missing", "App-Level Tokens", "SLACK_SIGNING_SECRET"]),
        ({"SLACK_APP_TOKEN": "xapp-1"}, ["SLACK_BOT_TOKEN is missing", "OAuth & Permissions"]),
        ({"SLACK_SIGNING_SECRET": "s"}, ["SLACK_BOT_TOKEN is missing", "SLACK_SIGNING_SECRET is set"]),
        (SOCKET | {"SLACK_BOT_TOKEN": "xapp-1"}, ["must begin with xoxb-", "an app-level token", "OAuth"]),
        (SOCKET | {"SLACK_BOT_TOKEN": "xoxp-1"}, ["must begin with xoxb-", "a user token"]),
        (SOCKET | {"SLACK_BOT_TOKEN": "xoxe.xoxb-1"}, ["token rotation"]),
        (SOCKET | {"SLACK_BOT_TOKEN": "hunter2"}, ["something else"]),
        (SOCKET | {"SLACK_APP_TOKEN": "xoxb-1"}, ["must begin with xapp-", "a bot token", "connections:write"]),
        (SOCKET | {"SLACK_API_URL": "slack.com"}, ["SLACK_API_URL", "https://"]),
        (HTTP | {"SLACK_PORT": "http"}, ["SLACK_PORT", "65535"]),
        (HTTP | {"PORT": "70000"}, ["PORT", "65535"]),
        (SOCKET | {"SLACK_SOCKETS": "0"}, ["SLACK_SOCKETS", "1 to 10"]),
        (SOCKET | {"SLACK_SOCKETS": "two"}, ["SLACK_SOCKETS", "'two'"]),
        (SOCKET | {"SLACK_STREAMING": "perhaps"}, ["SLACK_STREAMING", "on or off"]),
        (SOCKET | {"SLACK_FEEDBACK": "2"}, ["SLACK_FEEDBACK", "on or off"]),
        (SOCKET | {"SLACK_TASKS": "heap"}, ["SLACK_TASKS", "dense, plan, timeline"]),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(environ, words):
    with pytest.raises(ConfigError) as refused:
        SlackAdapter.from_environment(environ)
    for word in words:
        assert word in str(refused.value)


def test_as_many_sockets_as_slack_allows():
    with pytest.raises(ConfigError, match="1 to 10"):
        SlackSettings(bot_token=SecretStr("xoxb-1"), app_token=SecretStr("xapp-1"), sockets=11)


def test_no_secret_is_shown():
    settings = read_settings(SOCKET | HTTP)
    assert "secret" not in repr(settings).replace("signing_secret", "")
    with pytest.raises(ConfigError) as refused:
        read_settings(SOCKET | {"SLACK_BOT_TOKEN": "hunter2"})
    assert "hunter2" not in str(refused.value)
