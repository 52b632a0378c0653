import pytest

from threadkeep.chat.links import MessageLink
from threadkeep.errors import ConfigError
from threadkeep.runtime.subjects import Reference, load_link_parsers, read_subject
from threadkeep_slack.links import parse_link as parse_slack_link

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
        read_subject(text, (parse, parse_slack_link))


def test_links_that_cannot_be_imported_are_named(tmp_path, monkeypatch):
    info = tmp_path / "broken_links-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-links\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[threadkeep.links]\nbroken = nothing_of_that_name:parse_link\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="links of broken cannot be read"):
        load_link_parsers()


def test_the_platforms_announce_their_links():
    names = {parser.__module__ for parser in load_link_parsers()}
    assert names == {"threadkeep_slack.links", "threadkeep_discord.links"}
