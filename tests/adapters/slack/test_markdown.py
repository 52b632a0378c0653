"""A model's Markdown becomes Slack's, and nothing of it is lost while it grows."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.markdown import split_markdown
from threadkeep.chat.worded import WordedReply
from threadkeep_slack.limits import MARKDOWN_LENGTH
from threadkeep_slack.text.markdown import SlackMarkdown
from threadkeep_slack.text.mentions import neutralise, sent_length


def write(text, people=None):
    return SlackMarkdown(people).write(text, is_final=True)


KNOWN = [
    "# Heading\n## Second\n###### Sixth",
    "**bold** __bold__ *italic* _italic_ ***both*** ~~struck~~",
    "- one\n    - two\n        1. three\n- four",
    "1. one\n2. two\n   - nested",
    "- [ ] open\n- [x] done",
    "| a | b |\n|---|--:|\n| 1 | 2 |\n| `x | y` | z |",
    "> quoted\n> **more**",
    "---",
    "`code` and ``co`de``",
    "```python\nprint('<b>')  # [^1] \\( $$x$$ ==y==\n```",
    "~~~\n<br>\n~~~",
    "- item\n  ```html\n  <b>x</b>\n  ```",
    "[a link](https://example.org/?a=1&b=2) <https://example.org> https://example.org/a_b_c",
    "![a cat](https://example.org/cat.png)",
    ":wave: :+1: \N{GRINNING FACE}",
    "\\*not bold\\* \\[brackets\\]",
    "List<String> x = a < b && c > d;  if (a <b) {}",
    "costs $5 to $10, or $$ to $$$",
    "a == b and c==d; x = y",
    "Hi! [see](https://x.y) array[0] [1]",
    "2 * 3 + [4] - !important",
]


@pytest.mark.parametrize("text", KNOWN)
def test_what_slack_renders_is_left_as_it_is(text):
    assert write(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
        ("| a<br>b | c |", "| a b | c |"),
        (
            "<b>b</b> <strong>s</strong> <i>i</i> <em>e</em> <del>d</del> <code>c</code>",
            "**b** **s** *i* *e* ~~d~~ `c`",
        ),
        ("press <kbd>Ctrl</kbd>+<kbd>C</kbd>", "press `Ctrl`+`C`"),
        ('<a href="https://x.y/a(b)" target="_blank">the <b>link</b></a>', "[the **link**](https://x.y/a%28b%29)"),
        ('<a href="javascript:x">no link</a>', "no link"),
        ('<a href="https://x.y/?a=1&amp;b=2">q</a>', "[q](https://x.y/?a=1&b=2)"),
        ('<img src="https://x.y/z.png" alt="A cat">', "[A cat](https://x.y/z.png)"),
        ("<img src='data:image/png;base64,AA' alt='A cat'/>", "(A cat)"),
        ("<h2>Title</h2>", "## Title"),
        ('<p align="center">text</p>', "text"),
        ("<ul><li>one</li></ul>", "- one"),
        ("<details><summary>More</summary>", "**More**"),
        ("H<sub>2</sub>O, 10<sup>-3</sup>, 4<sup>th</sup>", "H₂O, 10⁻³, 4^th"),
        ("<u>x</u> <span style='color:red'>y</span>", "x y"),
        ("`<br>` and <br>", "`<br>` and \n"),
        ("before <!-- hidden --> after", "before  after"),
        ("one\n<!-- a\nb -->\ntwo", "one\n\ntwo"),
        ("`<!-- shown -->`", "`<!-- shown -->`"),
        ("seen[^1] and[^note]", "seen¹ and\\[note\\]"),
        ("[^1]: The source.\n[^a]: Another.", "¹ The source.\n\\[a\\] Another."),
        ("![](https://x.y/z.png)", "[image](https://x.y/z.png)"),
        ("![cat](data:image/png;base64,AAAA)", "(cat)"),
        ("> [!NOTE]\n> text", "> **Note**\n> text"),
        ("> [!warning]", "> **Warning**"),
        ("* [X] done\n+ [ ] open", "- [x] done\n- [ ] open"),
        ("==marked==", "**marked**"),
        ("where \\(x_1\\) and \\( a \\) hold", "where `x_1` and `a` hold"),
        ("$$a_b = c^2$$", "`a_b = c^2`"),
        ("\\[ E = mc^2 \\]", "`E = mc^2`"),
        ("\\[\n\\frac{a}{b}\n\\]\nso", "```\n\\frac{a}{b}\n```\nso"),
        ("$$\nx\n$$", "```\nx\n```"),
    ],
)
def test_what_slack_does_not_know_becomes_what_it_does(text, expected):
    assert write(text) == expected


@pytest.mark.parametrize("text", ["<!-- never closed", "said <!-- never\nclosed\n", "<table><id> x </id>"])
def test_what_is_no_html_is_not_lost(text):
    words = re.findall(r"\w+", text)
    shown = write(text)
    assert [word for word in words if word in shown] == [word for word in words if word != "table"]


def test_names_become_mentions_only_of_those_who_may_be_mentioned():
    people = {"Ann": "U0ANN", "Ann Lee": "U0LEE", "C++ Fan": "U0FAN"}
    text = "@Ann, @Ann Lee; @C++ Fan! not @Anna, a@Ann.org, `@Ann`, @Bob\n```\n@Ann\n```"
    assert write(text, people) == ("<@U0ANN>, <@U0LEE>; <@U0FAN>! not @Anna, a@Ann.org, `@Ann`, @Bob\n```\n@Ann\n```")
    assert write(text) == text


def test_mentions_pass_for_those_who_are_allowed_alone():
    text = "<@U0ANN> <@U0BOB> <@u0ann> <!channel> <!subteam^S1> `<@U0BOB>`"
    safe = neutralise(text, allowed={"U0ANN"})
    assert safe.replace("\u200b", "") == text
    assert re.findall(r"<[@!][\w^]+>", safe) == ["<@U0ANN>"]


pieces = st.sampled_from([
    *("<br>", "<b>", "</b>", "<!--", "-->", "<!-- x -->", "<", ">", "</", "<sup>2</sup>", "</a>"),
    "<a href='https://x.y'>",
    *("[^1]", "[^a]:", "[", "]", "(", ")", "![](https://x.y)", "!", "[!NOTE]", "- [X] ", "* ", "+ [ ] "),
    *("- ", "> ", "1. "),
    *("\\(", "\\)", "\\[", "\\]", "$$", "$", "==", "=", "`", "``", "```", "~~~", "```py", "\\", "# ", "|", "@Ann", "@"),
    *("\n", "\n\n", "\r\n", " ", "    ", "word", "two words", "é", "\N{GRINNING FACE}", "x_1", "**"),
])  # fmt: skip
documents = st.lists(pieces, max_size=25).map("".join)


@given(documents, st.data())
@example("\\[\nx\n\\]\n<!-- a\n", None)
def test_what_was_shown_stays_as_it_is_when_the_text_grows(text, data):
    markdown = SlackMarkdown({"Ann": "U0ANN"})
    whole = write(text, {"Ann": "U0ANN"})
    ends = range(len(text) + 1) if data is None else sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    before = ""
    for end in ends:
        shown = markdown.write(text[:end], is_final=False)
        assert shown.startswith(before)
        assert whole.startswith(shown)
        before = shown
    assert markdown.write(text, is_final=True) == whole
    assert markdown.write(text, is_final=True) == whole


@given(documents)
def test_no_word_is_lost(text):
    assert write(text).count("word") >= re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).count("word")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written(text):
    assert isinstance(write(text), str)


html = st.sampled_from(
    ["a<br>b", "<b>x</b> $$a_b$$", "> [!TIP]\n> x", "x <!-- y --> z", "\\[\nx\n\\]", "- [X] <i>t</i>"]
)
prose = st.sampled_from(
    ["some words", "**bold** word", "a [link](https://x.y)", "`code`", "- item", "1. one", "# Title"]
)
code = st.integers(1, 40).map(
    lambda count: "```py\n" + "\n".join(f"line_{number} = 1" for number in range(count)) + "\n```"
)
tables = st.integers(1, 30).map(
    lambda count: "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | <br> |" for n in range(count))
)
texts = st.lists(st.one_of(prose, html, code, tables), min_size=1, max_size=12).map("\n\n".join)
_RENDERER = MarkdownIt("commonmark").enable("table")


@given(texts, st.integers(60, 400))
def test_parts_join_to_the_whole_and_each_is_sound_alone_and_within_the_limit(text, limit):
    written = write(text)
    parts = split_markdown(written, limit, sent_length)
    assert "".join(part.source for part in parts) == (written if written.strip() else "")
    for part in parts:
        sent = neutralise(part.text)
        assert sent_length(part.text) == len(sent.encode("utf-16-le")) // 2 <= limit < MARKDOWN_LENGTH
        assert sent.strip()
        assert not re.search(r"<(?:@|!(?:channel|here|everyone|subteam))", sent, re.IGNORECASE)
        # A fence that is open at the end would swallow what Slack shows below.
        fences = [token for token in _RENDERER.parse(sent + "\n\nAFTER") if token.type == "fence"]
        assert not any("AFTER" in fence.content for fence in fences)


class Recorded:
    """A reply that remembers what it was asked to show."""

    def __init__(self):
        self.seen = []
        self.is_closed = False

    async def show(self, content):
        self.seen.append(content)

    async def finish(self, content):
        self.seen.append(content)

    async def aclose(self):
        self.is_closed = True


async def test_a_reply_shows_slacks_markdown_and_all_else_as_it_is():
    inner = Recorded()
    reply = WordedReply(inner, SlackMarkdown())
    await reply.show(ReplyContent(activity=("Using calculator",)))
    await reply.show(ReplyContent(text="one<br"))
    await reply.show(ReplyContent(text="plain", is_final=True))
    await reply.finish(ReplyContent(text="one<br>two", is_final=True))
    await reply.finish(ReplyContent(text="<!-- nothing -->"))
    await reply.aclose()
    assert [content.text for content in inner.seen] == ["", "one", "plain", "one\ntwo", "<!-- nothing -->"]
    assert inner.seen[0].activity == ("Using calculator",)
    assert inner.seen[3].is_final
    assert inner.is_closed
