import pytest

from threadkeep.chat.links import MessageLink
from threadkeep.errors import ConfigError
from threadkeep.runtime.subjects import Reference, load_link_parsers, read_subject

LINK = MessageLink(platform="test", workspace="W", channel="C1", message="7", conversations=(("C1", None),))


def parse(text):
    return LINK if text == "https://test.example/C1/7" else None


@pytest.mark.parametrize(
    "text",
    [
        "https://test.example/C1/7",
        "  https://test.example/C1/7\n",
        "<https://test.example/C1/7>",
        "<https://test.example/C1/7|the message>",
    ],
)
def test_a_link_is_read_by_its_platform(text):
    assert read_subject(text, (lambda _: None, parse)) == LINK


@pytest.mark.parametrize("text", ["1a2b3c4d", "1A2B3C4D", "1a2b3c4d" * 4])
def test_a_reference_is_the_beginning_of_a_run_id(text):
    assert read_subject(text, ()) == Reference(text=text.lower())


def test_a_key_names_its_message_whatever_happened_to_it():
    found = read_subject("test:W:C1:7:deleted", ())
    assert isinstance(found, MessageLink)
    assert (found.platform, found.workspace, found.channel, found.message) == ("test", "W", "C1", "7")


@pytest.mark.parametrize("text", ["", "hello", "a:b:c", "1a2b3c4", "https://elsewhere.example/", "http://[oops/"])
def test_other_texts_are_refused_with_what_is_wanted(text):
    with pytest.raises(ConfigError, match=r"(no message|not a link|not an address)"):
        read_subject(text, (parse,))


def test_the_platforms_announce_their_links():
    names = {parser.__module__ for parser in load_link_parsers()}
    assert names == {"threadkeep_slack.links", "threadkeep_discord.links"}
