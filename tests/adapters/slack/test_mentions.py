"""Model text pings nobody, and nothing else of it changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep_slack.limits import MARKDOWN_LENGTH, PART_LENGTH
from threadkeep_slack.text.mentions import neutralise, sent_length

BREAK = "\u200b"
LIVE = re.compile(r"<\s*(?:@[A-Z0-9]|!(?:channel|here|everyone|group|subteam))", re.IGNORECASE)

DANGEROUS_PIECES = (
    *("<", ">", "!", "@", "\\", "|", "^", " ", "\n", "`", "```\n", "**", "&lt;", "https://example.org/", "x"),
    *("channel", "here", "everyone", "CHANNEL", "subteam", "S01", "U01"),
    *("<!channel>", "<@U01>", "<!subteam^S01|@devs>"),
)
dangerous = st.lists(st.sampled_from(DANGEROUS_PIECES), max_size=30).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<!here|here>",
        "<!EVERYONE>",
        "< !channel>",
        "<\\!channel>",
        "<!subteam^S012|@devs>",
        "<@U012>",
        "<@W012|ann>",
        "<\\@U012>",
        "`<@U012>`",
        "```\n<!channel>\n```",
        "<<!channel>>",
        "@channel",
        "(@here)",
        "**@everyone**",
    ],
)
def test_mentions_are_broken_by_an_invisible_space(text):
    safe = neutralise(text)
    assert safe != text
    assert safe.replace(BREAK, "") == text
    assert not LIVE.search(safe)


@pytest.mark.parametrize(
    "text",
    [
        "see <https://example.org/@here> and https://example.org/?to=@channel",
        "[a link](https://example.org/@everyone)",
        "<mailto:ann@example.org> and ann@here.com and bob@channel.io",
        "<#C012>",
        "<!-- a comment --> <!DOCTYPE html>",
        "List<String> x = a < b;",
        "@hereafter and @channels",
        "if a <!b: pass",
        "@media (min-width: 1px)",
    ],
)
def test_what_pings_nobody_is_left_alone(text):
    assert neutralise(text) == text


@given(dangerous | st.text())
def test_no_text_holds_a_live_mention(text):
    safe = neutralise(text)
    assert not LIVE.search(safe)
    assert safe.replace(BREAK, "") == text.replace(BREAK, "")


@given(dangerous | st.text())
def test_neutralising_twice_changes_nothing_more(text):
    once = neutralise(text)
    assert neutralise(once) == once


def test_length_counts_what_is_sent():
    assert sent_length("abc") == 3
    assert sent_length("<@U012>") == 8
    assert sent_length("\N{GRINNING FACE}") == 2
    assert PART_LENGTH < MARKDOWN_LENGTH
