import subprocess
import sys

import pytest

from threadkeep.chat.links import MessageLink
from threadkeep_discord.links import parse_link


@pytest.mark.parametrize(
    "text",
    [
        "https://discord.com/channels/101/202/303",
        "https://discord.com/channels/101/202/303/",
        "https://ptb.discord.com/channels/101/202/303",
        "https://canary.discord.com/channels/101/202/303",
        "https://discordapp.com/channels/101/202/303",
    ],
)
def test_link_names_server_channel_and_message(text):
    assert parse_link(text) == MessageLink(
        platform="discord",
        workspace="101",
        channel="202",
        message="303",
        conversations=(("202", None), ("303", None)),
    )


def test_link_to_a_direct_message_names_no_server():
    found = parse_link("https://discord.com/channels/@me/202/303")
    assert found is not None
    assert found.workspace == "@me"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "discord:101:202:303",
        "https://discord.com/channels/101/202",
        "https://discord.com/channels/club/202/303",
        "https://discord.com.evil.example/channels/101/202/303",
        "https://evil.discord.com/channels/101/202/303",
        "https://acme.slack.com/archives/C024BE91L/p1700000000000100",
    ],
)
def test_other_texts_are_no_links_of_discord(text):
    assert parse_link(text) is None


def test_links_are_read_without_the_library():
    script = (
        "import sys, threadkeep_discord.links\nprint([name for name in ('discord', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.strip() == "[]"
