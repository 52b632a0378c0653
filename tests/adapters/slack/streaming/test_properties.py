"""Whatever is shown on the way, and whatever Slack does, the end shows the final content, once, in valid parts."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep.chat.adapter import ReplyContent, ToolActivity, ToolStatus
from threadkeep.chat.markdown import split_markdown
from threadkeep_emulators.faults import Fault
from threadkeep_slack.limits import MARKDOWN_LENGTH

CHUNKS = st.sampled_from([
    "Some words and more. ",
    "\n\n",
    "\n",
    "```python\nx = 1\n",
    "```\n\n",
    "- an item\n",
    "1. first\n",
    "**bold** ",
    "[a link](https://example.org/page) ",
    "<!channel> ",
    "@here ",
    "\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n",
    "\N{GRINNING FACE} ",
    "unbroken" * 40,
    "A paragraph of a certain length, which fills the message. " * 60,
])  # fmt: skip
PIECES = st.lists(CHUNKS, min_size=1, max_size=12)
TOOLS = st.sampled_from([(), (ToolStatus.RUNNING,), (ToolStatus.DONE, ToolStatus.RUNNING), (ToolStatus.FAILED,)])
FAULTS = st.sampled_from([
    None,
    Fault(match="chat.startStream", kind="drop_after"),
    Fault(match="chat.appendStream", kind="drop_after"),
    Fault(match="chat.appendStream", kind="drop_before"),
    Fault(match="chat.appendStream", kind="status", status=429, retry_after=3),
    Fault(match="chat.stopStream", kind="drop_after"),
    Fault(match="chat.stopStream", kind="status", status=429, retry_after=3),
    Fault(match="chat.stopStream", kind="status", status=503),
    Fault(match="chat.startStream", kind="status", status=429, retry_after=3),
])  # fmt: skip
STEPS = st.lists(
    st.tuples(PIECES, TOOLS, st.sampled_from([0.5, 3.0, 90.0, 250.0, 400.0]), FAULTS, st.sampled_from([0, 0, 0, 0, 1])),
    min_size=1,
    max_size=6,
)


def ink(text):
    """Give what is to be read: no blanks, no fences, no breaks in mentions, no head that a table repeats."""
    return re.sub(r"[\s`\u200b]|python|\|a\|b\||\|-\|-\|", "", re.sub(r"[ \t]", "", text))


def tools_of(states):
    return tuple(ToolActivity(id=f"call{n}", title=f"Step {n}", status=state) for n, state in enumerate(states))


@pytest.mark.timeout(180)
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS, ending=PIECES, is_rewritten=st.booleans())
async def test_the_end_shows_the_final_content_exactly_once(scene, steps, ending, is_rewritten):
    question = await scene.ann.says(scene.acme.channel("general"), "hello")
    posted = {}

    async def on_posted(part, message):
        posted[part] = message

    reply = scene.open(question, on_posted=on_posted, run_id=question.ts)
    text = "Begin. "
    for pieces, states, seconds, fault, is_new in steps:
        if fault is not None:
            scene.slack.faults.add(fault)
        text = "".join(pieces) if is_new else text + "".join(pieces)
        await reply.show(ReplyContent(text=text, tools=tools_of(states)))
        await scene.settle()
        scene.clock.advance(seconds)
        await scene.settle()
    final = ("Rewritten. " if is_rewritten else text) + "".join(ending) + " End."
    finishing = asyncio.create_task(reply.finish(ReplyContent(text=final, is_final=True)))
    while not finishing.done():
        await scene.settle()
        scene.clock.advance(2)
    await finishing
    scene.slack.faults.clear()
    ours = [message for message in question.thread.messages if message.is_ours]
    assert ink("".join(message.text for message in ours)) == ink(final)
    standing = [message.ts for message in ours]
    # Messages that were not needed in the end are removed, and stay recorded.
    assert [posted[part] for part in sorted(posted) if posted[part] in standing] == standing
    for message in ours:
        assert len(message.text) <= MARKDOWN_LENGTH
        assert message.text or message.tasks
        whole = "".join(part.text for part in split_markdown(message.text, 2 * MARKDOWN_LENGTH))
        assert whole == message.text.strip(), "no fence stays open"
        assert not message.is_streaming
        assert message.pings == ()
        assert all(task["status"] in {"complete", "error"} for task in message.tasks)
    scene.clock.advance(120)
