"""What stands under a reply, as blocks that Slack takes."""

import pytest

from threadkeep.chat.elements import Button, ButtonStyle, Option, Select
from threadkeep_emulators.slack.blocks import check_blocks
from threadkeep_slack.limits import PART_LENGTH
from threadkeep_slack.replies.blocks import summary, to_blocks

BUTTONS = tuple(Button(action=f"a{number}", label=f"Button {number}", value="v") for number in range(25))


@pytest.mark.parametrize("elements", [(), BUTTONS[:1], BUTTONS])
@pytest.mark.parametrize("has_feedback", [False, True])
def test_slack_takes_the_longest_part_with_everything_under_it(elements, has_feedback):
    blocks = to_blocks("x" * PART_LENGTH, elements, has_feedback=has_feedback)
    assert check_blocks(blocks)[0] == {"type": "markdown", "text": "x" * PART_LENGTH}
    ids = [element["action_id"] for block in blocks[1:] for element in block["elements"]]
    assert len(ids) == len(set(ids)) == len(elements) + has_feedback


def test_buttons_and_selects_say_what_they_are():
    elements = (
        Button(action="approve", label="Approve", value="7", style=ButtonStyle.PRIMARY),
        Button(action="docs", label="Read more", url="https://example.org/"),
        Select(action="day", label="Which day?", options=(Option(label="Monday", value="1"),)),
    )
    (_, row) = to_blocks("Well?", elements)
    approve, docs, day = row["elements"]
    assert (approve["action_id"], approve["value"], approve["style"]) == ("threadkeep:0:approve", "7", "primary")
    assert docs["url"] == "https://example.org/"
    assert "style" not in docs
    assert (day["type"], day["options"][0]["value"], day["placeholder"]["text"]) == ("static_select", "1", "Which day?")


def test_the_text_of_blocks_notifies_only_who_may_be_mentioned():
    (words,) = to_blocks("<!channel> <@U01> <@U02>", (), may_mention={"U02"})
    assert words["text"].replace("\u200b", "") == "<!channel> <@U01> <@U02>"
    assert "<@U02>" in words["text"]
    assert "<!channel>" not in words["text"]
    assert "<@U01>" not in words["text"]


def test_a_notification_shows_the_beginning():
    assert summary("Hello\n\nthere") == "Hello there"
    assert len(summary("word " * 1_000)) < 400
    assert "<!here>" not in summary("<!here>")
