"""A model's Markdown becomes what Discord renders."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.markdown import split_markdown, utf16_length
from threadkeep_discord.limits import CODE_WIDTH, MESSAGE_LENGTH
from threadkeep_discord.markdown import DiscordMarkdown

TABLE = "| Name | Count |\n|:-----|------:|\n| Ann | **1** |\n| Bob \\| Co | `20` |"
COLUMNS = "```\nName      Count\n--------  -----\nAnn       1\nBob | Co  20\n```"


def write(text):
    return DiscordMarkdown().write(text, is_final=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TABLE, COLUMNS),
        (f"Before\n{TABLE}\n\nAfter", f"Before\n{COLUMNS}\n\nAfter"),
        ("a | b\n--|--\n1 | 2\nend", "```\na  b\n-  -\n1  2\n```\nend"),
        (f"```\n{TABLE}\n```", f"```\n{TABLE}\n```"),
        ("a | b\nno rule", "a | b\nno rule"),
        ("|| a secret ||\n---", "|| a secret ||\n────────────"),
        (
            "| Page | By |\n|--|--|\n| [Home](https://a.b) | Ann |\n| | Ben |",
            "- **[Home](https://a.b)**\n  - By: Ann\n- \u2013\n  - By: Ben",
        ),
        (
            f"| A | B |\n|--|--|\n| x | {'wide ' * 20}|",
            f"- **x**\n  - B: {('wide ' * 20).strip()}",
        ),
    ],
)
def test_tables_become_columns_or_lists(text, shown):
    assert write(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# One\n## Two\n### Three ###", "# One\n## Two\n### Three"),
        ("#### Deep **down**\n###### Deeper", "**Deep down**\n**Deeper**"),
        ("#hashtag and C#", "#hashtag and C#"),
        ("- [ ] open\n  * [x] done", "- ☐ open\n  - ☑ done"),
        ("+ plus\n1) one\n2. two", "- plus\n1. one\n2. two"),
        ("one\n\n***\n\ntwo", "one\n\n────────────\n\ntwo"),
        (">quote\n>> deeper\n>>> deepest", "> quote\n> deeper\n> deepest"),
        ("> [!WARNING]\n> Mind it", "> **Warning**\n> Mind it"),
        ("> #### Head\n> - [x] a", "> **Head**\n> - ☑ a"),
    ],
)
def test_lines_become_what_discord_knows(text, shown):
    assert write(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![A cat](https://a.b/c.png) and ![](https://a.b)", "[A cat](https://a.b/c.png) and [image](https://a.b)"),
        ("[https://a.b](https://a.b/c)", "https://a.b/c"),
        ("[Below](#below), [file](docs/a.md), [Ann](mailto:a@b.c)", "Below, file (docs/a.md), Ann (a@b.c)"),
        ("So it is.[^1]\n\n[^1]: The *source*.", "So it is.¹\n\n¹ The *source*."),
        ("a<br>b <b>bold</b> H<sub>2</sub>O <!-- hidden -->x", "a\nb **bold** H₂O x"),
        ("`<b>` and `[^1]` and List<String>", "`<b>` and `[^1]` and List<String>"),
        ("==marked== and ||hidden|| and __under__", "**marked** and ||hidden|| and __under__"),
        ("\\(x^2\\)\n$$\nx\n$$\nend", "`x^2`\n```\nx\n```\nend"),
        ("<@123> <#45> <:smile:678> <t:1:R> <https://a.b>", "<@123> <#45> <:smile:678> <t:1:R> <https://a.b>"),
    ],
)
def test_what_stands_in_a_line_becomes_what_discord_knows(text, shown):
    assert write(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~~~python title=x\ncode\n~~~", "```python\ncode\n```"),
        ("````md\n```\nx\n```\n````\nend", "```md\n``\u200b`\nx\n``\u200b`\n```\nend"),
        (">```\n>a\n>```", "> ```\n>a\n> ```"),
        ("```\n# no heading\n| a |\n|---|\n```", "```\n# no heading\n| a |\n|---|\n```"),
        ("~~~\n- ~~~\n~~~\n#### end", "```\n- ~~~\n```\n**end**"),
        ("<!-- c -->```\nx\n```", "```\nx\n```"),
        ("> ```\n> x\nend", "> ```\n> x\n> ```\nend"),
        ("```js never closed", "```js never closed"),
    ],
)
def test_code_stays_code(text, shown):
    assert write(text) == shown


def test_what_discord_renders_stays_as_it_is():
    text = "# Head\n\n*a* **b** ~~c~~ `d` ||e||\n- x\n  - y\n1. z\n> q\n[l](https://a.b)\n```py\nx = 1\n```\nend"
    assert write(text) == text


def test_a_table_is_shown_when_it_is_complete():
    markdown = DiscordMarkdown()
    text = f"Look:\n{TABLE}"
    assert markdown.write(text[:-3], is_final=False) == "Look:\n"
    assert markdown.write(f"{text}\n\nN", is_final=False) == f"Look:\n{COLUMNS}\n\nN"


def test_a_text_that_begins_anew_is_written_anew():
    markdown = DiscordMarkdown()
    assert markdown.write("#### A\n", is_final=False) == "**A**\n"
    assert markdown.write("B", is_final=True) == "B"


PIECES = [
    "word", " ", "\n", "\n\n", "# ", "#### ", "- ", "+ ", "1) ", "- [ ] ", "> ", ">>", "**", "*", "||", "`", "```",
    "~~~\n", "```py\n", "[a](https://b.c)", "[a](b)", "![x](https://y)", "<br>", "<b>", "<@12>", "[^1]", "==", "$$\n",
    "---\n", "\n| a | b |\n|---|---|\n| c | d |\n", "é", "😀", "<!-- c -->", "\\(", "\\)", "https://a.b",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(texts, st.lists(st.integers(min_value=0, max_value=200), max_size=5))
def test_how_it_grew_does_not_matter(text, stops):
    markdown = DiscordMarkdown()
    for stop in sorted(stops):
        markdown.write(text[:stop], is_final=False)
    assert markdown.write(text, is_final=True) == write(text)


@given(texts)
def test_what_was_shown_stays(text):
    markdown, shown = DiscordMarkdown(), ""
    for end in range(len(text) + 1):
        grown = markdown.write(text[:end], is_final=False)
        assert grown.startswith(shown)
        shown = grown
    assert markdown.write(text, is_final=True).startswith(shown)


@given(
    st.lists(st.one_of(texts, st.sampled_from(["word " * 60, "x" * 400, "| a | b |\n|-|-|\n" + "| c | d |\n" * 90])))
)
def test_every_part_fits_and_closes_its_code(pieces):
    # A break of a line that was written as HTML may make a code block of what was none; the model meant none.
    parts = split_markdown(write("\n".join(pieces).replace("<br>", "")), MESSAGE_LENGTH, utf16_length)
    for part in parts:
        assert utf16_length(part.text) <= MESSAGE_LENGTH
        assert len(re.findall(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t>]+)*```[^`\n]*$", part.text, re.MULTILINE)) % 2 == 0


@pytest.mark.parametrize("marks", ["~~~", "```"])
@pytest.mark.parametrize("before", ["- ", "> ", "1. "])
def test_marks_behind_a_comment_begin_no_code(before, marks):
    written = write(f"{before}<!-- c -->{marks}\n```\nx\n```\ny")
    assert written.splitlines()[0].replace("\u200b", "") == f"{before}{marks}"
    (part,) = split_markdown(written, MESSAGE_LENGTH, utf16_length)
    assert part.text == written


@given(texts)
def test_words_links_and_mentions_survive(text):
    written = write(text)
    for word in ("word", "é", "😀", "<@12>", "https://b.c"):
        assert written.count(word) >= text.count(word) - text.count("<!--") * 40


@pytest.mark.parametrize("unit", ["word ", "[label](https://a.b) ", "😀", "||hidden words|| ", "<@123456789> "])
def test_long_texts_are_cut_between_links_mentions_and_spoilers(unit):
    parts = split_markdown(write(unit * 1200), MESSAGE_LENGTH, utf16_length)
    assert len(parts) > 1
    for part in parts:
        assert part.text.replace(unit.strip(), "").strip() == ""
        assert utf16_length(part.text) <= MESSAGE_LENGTH


def test_a_table_longer_than_a_message_stays_code_in_every_part():
    rows = "\n".join(f"| {number} | {'x' * (CODE_WIDTH - 20)} |" for number in range(100))
    parts = split_markdown(write(f"| N | X |\n|--|--|\n{rows}"), MESSAGE_LENGTH, utf16_length)
    assert len(parts) > 2
    assert all(part.text.startswith("```\n") and part.text.endswith("\n```") for part in parts)


async def test_an_answer_is_shown_in_discords_markdown(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} which?")
    event = await inbox.next()
    reply = adapter.open_reply(record.request(event))
    await reply.show(ReplyContent(text=f"#### These\n{TABLE[:30]}"))
    await reply.finish(ReplyContent(text=f"#### These\n{TABLE}", is_final=True))
    await reply.aclose()
    assert general.messages[-1].text == f"**These**\n{COLUMNS}"
