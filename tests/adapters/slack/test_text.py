"""Slack's notation becomes Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep_slack.text.markup import leading_mention, mentioned_users, to_markdown

NAMES = {"U0ANN": "Ann", "W0BOB": "Bob"}


def read(text: str) -> str:
    return to_markdown(text, bot_user="U0BOT", names=NAMES)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("<@U0BOT> hello", "hello"),
        ("<@U0BOT>: hello", "hello"),
        ("<@U0BOT|keeper>, hello", "hello"),
        ("hey <@U0BOT> what is up", "hey what is up"),
        ("hello <@U0BOT>", "hello"),
        ("<@U0BOT>", ""),
        ("ask <@U0ANN> and <@W0BOB>", "ask @Ann and @Bob"),
        ("ask <@U0XYZ>", "ask @U0XYZ"),
        ("ask <@U0XYZ|xenia>", "ask @xenia"),
        ("in <#C01|general>", "in #general"),
        ("in <#C01|>", "in #C01"),
        ("<!here> and <!channel|channel> and <!everyone>", "@here and @channel and @everyone"),
        ("<!subteam^S01|@devs> and <!subteam^S02>", "@devs and @S02"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<!unknown|shown>", "@shown"),
        ("see <https://example.org/a?b=1&amp;c=2>", "see https://example.org/a?b=1&c=2"),
        ("see <https://example.org|the site>", "see [the site](https://example.org)"),
        ("see <https://example.org/a_(b)|the [site]>", "see [the \\[site\\]](https://example.org/a_%28b%29)"),
        ("<http://example.org|http://example.org>", "http://example.org"),
        ("<mailto:ann@example.org|ann@example.org>", "ann@example.org"),
        ("<tel:123>", "123"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&lt;@U0ANN&gt; is no mention", "<@U0ANN> is no mention"),
        ("&amp;lt; stays", "&lt; stays"),
        ("an open < bracket <>", "an open < bracket <>"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_notation_becomes_markdown(typed, expected):
    assert read(typed) == expected


def test_mentions_are_found_in_order():
    assert list(mentioned_users("<@U0ANN> <@W0BOB|bob> <@U0ANN> <#C01> &lt;@U0XYZ&gt;")) == ["U0ANN", "W0BOB", "U0ANN"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("<@U0ANN> look", "U0ANN"), ("  <@U0ANN|ann>, look", "U0ANN"), ("look <@U0ANN>", None), ("", None)],
)
def test_leading_mention_is_the_one_at_the_start(text, expected):
    assert leading_mention(text) == expected


@given(st.text())
def test_plain_text_survives_slacks_escaping(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read(escaped) == text.strip()


@given(st.text(alphabet="<>@!#|^UC0 a&;lt\n"))
def test_no_notation_breaks_the_reading(text):
    read(text)
