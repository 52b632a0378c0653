"""What is said in blocks, read where a message has no text of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.text.blocks import blocks_to_notation
from threadkeep_slack.text.markup import to_markdown


def rich(*elements, kind="rich_text_section", **more):
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements), **more}]}


def section(text):
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (rich({"type": "text", "text": "a < b & c"}), "a &lt; b &amp; c"),
        (rich({"type": "text", "text": "x = 1", "style": {"code": True}}), "`x = 1`"),
        (rich({"type": "user", "user_id": "U0ANN"}, {"type": "text", "text": " hi"}), "<@U0ANN> hi"),
        (rich({"type": "usergroup", "usergroup_id": "S01"}), "<!subteam^S01>"),
        (rich({"type": "channel", "channel_id": "C01"}), "<#C01>"),
        (rich({"type": "broadcast", "range": "here"}), "<!here>"),
        (rich({"type": "emoji", "name": "wave", "unicode": "1f44b"}), ":wave:"),
        (rich({"type": "link", "url": "https://x.y/?a&b", "text": "the <x>"}), "<https://x.y/?a&amp;b|the &lt;x&gt;>"),
        (rich({"type": "link", "url": "https://x.y"}), "<https://x.y>"),
        (rich({"type": "date", "timestamp": 1, "fallback": "Friday"}), "Friday"),
        (rich({"type": "color", "value": "#ff0000"}), "#ff0000"),
        (rich({"type": "text", "text": "one\ntwo"}, kind="rich_text_quote"), "&gt; one\n&gt; two"),
        (rich({"type": "text", "text": "x\ny"}, kind="rich_text_preformatted", border=0), "```\nx\ny\n```"),
        (rich(section("a"), section("b"), kind="rich_text_list", style="bullet", indent=0), "- a\n- b"),
        (rich(section("c"), section("d"), kind="rich_text_list", style="ordered", offset=2), "3. c\n4. d"),
        (rich(section("e"), kind="rich_text_list", style="bullet", indent=2), "        - e"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "*hi* <@U0ANN>"}}, "*hi* <@U0ANN>"),
        ({"type": "section", "text": {"type": "plain_text", "text": "a < b"}}, "a &lt; b"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}, {"type": "mrkdwn", "text": "b"}]}, "a\nb"),
        ({"type": "header", "text": {"type": "plain_text", "text": "Title"}}, "Title"),
        ({"type": "markdown", "text": "# T\nList<String>"}, "# T\nList&lt;String&gt;"),
        ({"type": "image", "image_url": "https://x.y/z.png", "alt_text": "A cat"}, "[image: A cat]"),
        ({"type": "image", "image_url": "https://x.y/z.png"}, "[image: without a description]"),
        (
            {
                "type": "context",
                "elements": [{"type": "image", "alt_text": "i"}, {"type": "mrkdwn", "text": "by <@U1>"}],
            },
            "i by <@U1>",
        ),
        (
            {
                "type": "table",
                "rows": [[{"type": "raw_text", "text": "a"}, rich({"type": "text", "text": "b"})], ["?"]],
            },
            "a | b",
        ),
        ({"type": "task_card", "title": "Search", "details": rich({"type": "text", "text": "done"})}, "Search\ndone"),
        ({"type": "card", "title": {"type": "mrkdwn", "text": "T"}, "body": {"type": "mrkdwn", "text": "B"}}, "T\nB"),
        (
            {"type": "container", "child_blocks": [{"type": "header", "text": {"type": "plain_text", "text": "In"}}]},
            "In",
        ),
        ({"type": "block_of_the_future", "text": {"type": "mrkdwn", "text": "new"}}, "new"),
        ({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Press"}}]}, ""),
        ({"type": "divider"}, ""),
    ],
)
def test_blocks_are_written_in_slacks_notation(block, expected):
    assert blocks_to_notation([block]) == expected


def test_what_a_person_typed_reads_the_same_from_text_and_from_blocks():
    typed = rich({"type": "user", "user_id": "U0ANN"}, {"type": "text", "text": ": is 1 < 2 in "})
    typed["elements"][0]["elements"].append({"type": "channel", "channel_id": "C01"})
    names = {"U0ANN": "Ann", "C01": "general"}
    read = to_markdown(blocks_to_notation([typed]), bot_user="U0BOT", names=names)
    assert read == to_markdown("<@U0ANN>: is 1 &lt; 2 in <#C01>", bot_user="U0BOT", names=names)


def said(**fields):
    return SlackMessage.model_validate({"type": "message", "channel": "C01", "ts": "1.000000", "user": "U1"} | fields)


BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "from the blocks"}}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"blocks": BLOCKS}, "from the blocks"),
        ({"text": " ", "blocks": BLOCKS}, "from the blocks"),
        ({"text": "typed", "blocks": BLOCKS}, "typed"),
        ({"text": "", "blocks": [{"type": "divider"}]}, ""),
        ({"text": "Deployed", "blocks": BLOCKS, "bot_id": "B01"}, "from the blocks"),
        (
            {"text": "longer than what the blocks say", "blocks": BLOCKS, "bot_id": "B01"},
            "longer than what the blocks say",
        ),
        ({"text": "typed", "blocks": "nonsense"}, "typed"),
    ],
)
def test_blocks_count_where_there_is_no_text_or_only_a_bots_notification(fields, expected):
    assert said(**fields).text == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "fields", "rows", "title", "style", "indent", "offset", "user_id"]
            ),
            inner
            | st.sampled_from(["rich_text", "section", "table", "context", "rich_text_list", "text", "link", "mrkdwn"]),
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(anything)
def test_no_blocks_are_too_malformed(blocks):
    assert isinstance(blocks_to_notation(blocks), str)
    assert isinstance(blocks_to_notation([blocks]), str)


def test_the_depth_and_the_length_are_bounded():
    deep = {"type": "header", "text": {"type": "plain_text", "text": "deep"}}
    for _ in range(50):
        deep = {"type": "container", "children": [deep]}
    assert blocks_to_notation([deep]) == ""
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_000}}
    assert len(blocks_to_notation([long] * 50)) == 40_000
