"""Messages and links that stand in other messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.events import Addressing
from threadkeep_slack.inbound.shared import below, shared_messages


def shown(attachment):
    return "\n".join(below([attachment]))


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (
            {"is_share": True, "author_name": "Ann", "channel_name": "general", "text": "one\ntwo"},
            "[shared message from Ann in #general]\n&gt; one\n&gt; two",
        ),
        ({"is_msg_unfurl": True, "text": "hi"}, "[shared message]\n&gt; hi"),
        (
            {"is_share": True, "author_subname": "A & B", "fallback": "a < b"},
            "[shared message from A &amp; B]\n&gt; a &lt; b",
        ),
        (
            {
                "is_share": True,
                "text": "",
                "message_blocks": [
                    {"message": {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "From blocks"}}]}}
                ],
                "files": [{"name": "plan.pdf"}, {"title": "b"}, {}],
            },
            (
                "[shared message]\n&gt; From blocks\n"
                "&gt; [a file of that message: plan.pdf]\n&gt; [a file of that message: b]"
            ),
        ),
        (
            {"from_url": "https://x.y", "title": "A page", "text": "about\n  things", "service_name": "x"},
            "[link preview: A page - about things]",
        ),
        ({"pretext": "Build", "title": "failed", "color": "danger"}, "Build - failed"),
        ({"fallback": "only <this>"}, "only &lt;this&gt;"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "in blocks"}}]}, "in blocks"),
        ({"image_url": "https://x.y/z.png"}, ""),
        ({"title": 5, "text": None, "is_share": "yes"}, ""),
    ],
)
def test_what_stands_below_a_message_is_written_out(attachment, expected):
    assert shown(attachment) == expected


def test_long_previews_and_messages_are_cut_outside_of_tokens():
    preview = shown({"from_url": "https://x.y", "title": "t", "text": "w" * 492 + "<@U0123456789>"})
    assert preview == f"[link preview: t - {'w' * 492} ...]"
    message = shown({"is_share": True, "text": "w" * 7_998 + "&amp; more"})
    assert message == f"[shared message]\n&gt; {'w' * 7_998} ..."


def test_only_so_many_are_read():
    assert len(list(below([{"title": str(number)} for number in range(100)]))) == 10


fields = ["is_share", "is_msg_unfurl", "text", "files", "message_blocks", "message", "blocks", "title", "from_url"]
anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(fields), inner | st.just(True), max_size=5)
    ),
    max_leaves=20,
)


@given(anything)
def test_nothing_is_too_malformed(attachments):
    assert all(isinstance(line, str) for line in below(attachments))
    assert all(isinstance(message.text, str) for message in shared_messages([attachments]))


async def test_a_forwarded_message_is_told_with_its_author(acme, adapter, sink, ann, general):
    bob = acme.user("Bob")
    origin = await bob.says(general, f"we ship on Friday, {ann.mention}")
    await ann.forwards(origin, ann.direct, "is that right?")
    (event,) = await sink.wait_for(1)
    assert event.text == "is that right?\n[shared message from Bob in #general]\n> we ship on Friday, @Ann"


async def test_a_forwarded_message_that_names_the_bot_does_not_call_it(slack, acme, adapter, sink, ann, general):
    origin = await ann.says(general, f"{acme.bot.mention} what time is it?")
    await sink.wait_for(1)
    await ann.forwards(origin, acme.channel("random"), "look what I asked")
    await ann.forwards(origin, acme.channel("random"), f"{acme.bot.mention} this again, please")
    events = await sink.wait_for(2)
    await slack.wait_until_settled()
    assert len(events) == 2
    assert events[1].addressing is Addressing.BOT
    assert events[1].text.startswith("this again, please\n[shared message from Ann in #general]\n> what time")


async def test_the_message_behind_a_link_is_told_as_an_edit_and_twice_as_one(acme, adapter, sink, ann):
    question = await ann.dm("see https://acme.slack.com/archives/C1/p1700000000000100")
    await ann.edits(question, "look at https://acme.slack.com/archives/C1/p1700000000000100")
    await sink.wait_for(2)
    question.unfurl({"is_msg_unfurl": True, "author_name": "Bob", "text": "the plan"})
    edits = (await sink.wait_for(3))[1:]
    assert [edit.text.partition("\n")[2] for edit in edits] == ["", "[shared message from Bob]\n> the plan"]
    assert len({edit.key for edit in edits}) == 2


async def test_groups_and_channels_are_named(acme, adapter, sink, ann, general):
    acme.team.scopes.add("usergroups:read")
    devs = acme.usergroup("devs")
    await ann.dm(f"ask {devs} in <#{general.id}> or <#{general.id}|> or <#C0GONE|gone>, not <!subteam^S0GONE>")
    (event,) = await sink.wait_for(1)
    assert event.text == "ask @devs in #general or #general or #gone, not @S0GONE"


async def test_a_group_without_the_scope_keeps_its_id(slack, acme, adapter, sink, ann):
    devs = acme.usergroup("devs")
    await ann.dm(f"ask {devs}")
    await ann.dm(f"ask {devs} again")
    events = await sink.wait_for(2)
    assert events[0].text == f"ask @{devs[10:-1]}"
    assert len(slack.calls("usergroups.list")) == 1


async def test_a_reply_that_begins_with_a_group_is_said_to_the_group(acme, adapter, sink, ann, general):
    devs = acme.usergroup("devs")
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await ann.replies(root, f"{devs} what do you think?")
    events = await sink.wait_for(2)
    assert events[-1].addressing is Addressing.OTHERS
