"""Tables become code where Slack refuses them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.errors import PlatformError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.limits import MARKDOWN_LENGTH, PART_LENGTH
from threadkeep_slack.text.mentions import sent_length
from threadkeep_slack.text.tables import tables_as_code

TABLE = "| Name | Count |\n|:-----|------:|\n| Ann | 1 |\n| Bob \\| Co | 20 |"
CODE = "```\nName      Count\n--------  -----\nAnn       1\nBob | Co  20\n```"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TABLE, CODE),
        (f"Before\n\n{TABLE}\n\nAfter\n\n{TABLE}", f"Before\n\n{CODE}\n\nAfter\n\n{CODE}"),
        ("a | b\n--|--\n1 | 2 | 3\nend", "```\na  b\n-  -  -\n1  2  3\n```\nend"),
        ("| 名前 | b |\n|---|---|\n| x | e\u0301 |", "```\n名前  b\n----  -\nx     e\u0301\n```"),
        (f"```\n{TABLE}\n```", f"```\n{TABLE}\n```"),
        ("a | b\nno rule", "a | b\nno rule"),
        ("| a |", "| a |"),
        ("text - with | bars", "text - with | bars"),
        ("a\n---\n| x", "a\n---\n| x"),
    ],
)
def test_tables_are_written_as_code(text, expected):
    assert tables_as_code(text) == expected


def test_columns_that_would_not_fit_are_left_as_they_were_written():
    wide = "| " + "w" * 400 + " | b |\n|---|---|\n" + "\n".join("| x | y |" for _ in range(100))
    text = tables_as_code(wide)
    assert text == f"```\n{wide}\n```"
    assert sent_length(text) < MARKDOWN_LENGTH


cells = st.lists(st.sampled_from(["a", "bb", "\\|", "`x`", "", "```", "é", "中"]), min_size=1, max_size=4)
rows = st.lists(cells, min_size=1, max_size=6).map(lambda rows: ["| " + " | ".join(row) + " |" for row in rows])
documents = st.lists(
    st.one_of(
        rows.map(lambda rows: "\n".join([rows[0], "|---|", *rows[1:]])), st.sampled_from(["word", "```", "- a | b"])
    ),
    max_size=6,
).map("\n\n".join)


@given(documents)
def test_the_result_keeps_every_word_and_fits(text):
    written = tables_as_code(text)
    for word in ("word", "a", "bb", "é", "中"):
        assert written.count(word) >= text.count(word)
    assert sent_length(written) <= max(MARKDOWN_LENGTH, PART_LENGTH)


@pytest.fixture
def answer(sink):
    async def post(adapter, *texts):
        async def on_posted(part, message):
            """Nothing is kept."""

        request = ReplyRequest(place=sink.events[-1].place, run_id="run", posted={}, on_posted=on_posted)
        reply = adapter.open_reply(request)
        try:
            for text in texts:
                await reply.finish(ReplyContent(text=text, is_final=True))
        finally:
            await reply.aclose()

    return post


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_attachments"])
async def test_an_answer_whose_tables_are_refused_is_posted_with_code(slack, adapter, sink, answer, ann, code):
    question = await ann.dm("hello")
    await sink.wait_for(1)
    refusal = {"ok": False, "error": code}
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=200, body=refusal))
    await answer(adapter, f"See:\n\n{TABLE}\n\nand\n\n{TABLE}")
    seen = await ann.direct.wait_for_reply(after=question)
    assert seen.text == f"See:\n\n{CODE}\n\nand\n\n{CODE}"
    assert len(slack.calls("chat.postMessage")) == 2


async def test_a_refusal_without_a_table_is_a_refusal(slack, adapter, sink, answer, ann):
    await ann.dm("hello")
    await sink.wait_for(1)
    refusal = {"ok": False, "error": "invalid_blocks"}
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=200, body=refusal, times=2))
    with pytest.raises(PlatformError, match="invalid_blocks"):
        await answer(adapter, "no table")
    assert len(slack.calls("chat.postMessage")) == 1
