import pytest

from threadkeep.errors import ConfigError
from threadkeep_discord import DiscordAdapter
from threadkeep_discord.settings import read_settings

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz0123456789_-"


def test_without_a_token_there_is_no_adapter():
    assert DiscordAdapter.from_environment({}) is None
    assert DiscordAdapter.from_environment({"DISCORD_BOT_TOKEN": " ", "DISCORD_API_URL": "http://localhost"}) is None


@pytest.mark.parametrize("name", ["DISCORD_BOT_TOKEN", "DISCORD_TOKEN"])
def test_either_name_of_the_token_gives_an_adapter(name):
    adapter = DiscordAdapter.from_environment({name: f" {TOKEN}\n"})
    assert adapter is not None
    assert adapter.name == "discord"
    assert adapter.description == "Discord (not connected)"


def test_all_settings_are_read():
    settings = read_settings(
        {
            "DISCORD_BOT_TOKEN": TOKEN,
            "DISCORD_MESSAGE_CONTENT": "Yes",
            "DISCORD_REPLY_IN": "thread",
            "DISCORD_LINK_PREVIEWS": "1",
            "DISCORD_LONG_ANSWERS": "Components",
            "DISCORD_API_URL": "http://127.0.0.1:1234/api/v10/",
            "DISCORD_SHARDS": "16",
            "DISCORD_SHARDS_PER_PROCESS": "4",
            "DISCORD_COMMANDS": "no",
            "DISCORD_ANSWER_BUTTONS": "No",
        }
    )
    assert settings is not None
    assert settings.token.get_secret_value() == TOKEN
    assert settings.message_content
    assert settings.reply_in == "thread"
    assert settings.link_previews
    assert settings.long_answers == "components"
    assert settings.api_url == "http://127.0.0.1:1234/api/v10"
    assert (settings.shards, settings.shards_per_process) == (16, 4)
    assert not settings.commands
    assert not settings.answer_buttons


def test_the_defaults_ask_for_least():
    settings = read_settings({"DISCORD_BOT_TOKEN": TOKEN})
    assert settings is not None
    assert (settings.message_content, settings.link_previews) == (False, False)
    assert (settings.reply_in, settings.long_answers, settings.api_url) == ("place", "messages", None)
    assert (settings.shards, settings.shards_per_process) == (1, None)
    assert settings.commands
    assert settings.answer_buttons


def test_the_number_of_shards_may_be_left_to_discord():
    settings = read_settings({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_SHARDS": "Auto"})
    assert settings is not None
    assert settings.shards == "auto"


@pytest.mark.parametrize("options", [{"shards": 0}, {"shards": -1}, {"shards_per_process": 0}])
def test_a_number_of_shards_that_cannot_be_is_refused(options):
    with pytest.raises(ConfigError, match="at least"):
        DiscordAdapter(TOKEN, **options)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"DISCORD_BOT_TOKEN": f"Bot {TOKEN}"}, "leave out the word Bot"),
        ({"DISCORD_BOT_TOKEN": "123456789012345678"}, "is an id"),
        ({"DISCORD_BOT_TOKEN": "abcdefghijklmnopqrstuvwxyz012345"}, "client secret"),
        ({"DISCORD_BOT_TOKEN": TOKEN.replace(".", " ", 1)}, "three parts"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_API_URL": "localhost:80"}, "DISCORD_API_URL"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_API_URL": "http://[::1"}, "DISCORD_API_URL"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_MESSAGE_CONTENT": "maybe"}, "DISCORD_MESSAGE_CONTENT"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_REPLY_IN": "channel"}, "place or thread"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_LONG_ANSWERS": "embeds"}, "messages or components"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_SHARDS": "many"}, "DISCORD_SHARDS"),
        ({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_SHARDS_PER_PROCESS": "0"}, "DISCORD_SHARDS_PER_PROCESS"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_remedy(environ, told):
    with pytest.raises(ConfigError, match=told) as refused:
        DiscordAdapter.from_environment(environ)
    assert TOKEN not in str(refused.value)


def test_an_empty_token_is_refused():
    with pytest.raises(ConfigError, match="is empty"):
        DiscordAdapter("")


def test_the_token_is_in_no_repr():
    adapter = DiscordAdapter(TOKEN)
    assert TOKEN not in repr(adapter)
    assert TOKEN not in repr(vars(adapter))
