"""Texts that are made to take long: each is so large that what is not linear in its length ends at the time limit."""

from types import SimpleNamespace

import pytest

from threadkeep import Redactor
from threadkeep.chat.markdown.extras import plainer
from threadkeep.chat.markdown.html import html_to_markdown
from threadkeep.runtime.redaction import Redactor as SecretRedactor
from threadkeep_discord.markdown import DiscordMarkdown
from threadkeep_discord.text import readable_text
from threadkeep_slack.text.markdown import SlackMarkdown
from threadkeep_slack.text.markup import to_markdown

MANY = 400_000


def repeated(unit):
    return unit * (MANY // len(unit))


def said_on_discord(text):
    return SimpleNamespace(
        content=text,
        components=(),
        embeds=(),
        attachments=(),
        stickers=(),
        poll=None,
        message_snapshots=(),
        role_mentions=(),
        mentions=(),
        guild=None,
        reference=None,
        flags=SimpleNamespace(components_v2=False),
        is_system=lambda: False,
    )


@pytest.mark.parametrize("unit", [" ", "\t", "<@U1 ", "<@U9|", " <"])
def test_what_people_write_on_slack_is_read_at_once(unit):
    text = f"a{repeated(unit)}b"
    assert to_markdown(text, bot_user="U9", names={}).startswith("a")


def test_the_mention_of_a_bot_goes_with_the_spaces_before_it():
    assert to_markdown("ask \t <@U9> now", bot_user="U9", names={}) == "ask now"
    assert to_markdown("ask\n<@U9|bot>now", bot_user="U9", names={}) == "ask\nnow"


@pytest.mark.parametrize("unit", [" ", "\t", " <@"])
def test_what_people_write_on_discord_is_read_at_once(unit):
    assert readable_text(said_on_discord(f"a{repeated(unit)}b"), bot_id=9).startswith("a")


@pytest.mark.parametrize("writer", [SlackMarkdown, DiscordMarkdown])
@pytest.mark.parametrize(
    "unit", ["\\(", "\\[", "\\[x_", "<!--", "<!---->", "<!-- a --> ", "<a>", '<a href="x">', "$$", "=="]
)
def test_what_a_model_writes_is_written_at_once(writer, unit):
    text = repeated(unit)
    assert isinstance(writer().write(f"a {text}", is_final=True), str)
    assert isinstance(writer().write(text, is_final=True), str)


@pytest.mark.parametrize("unit", ["eyJ-", "eyJaaaaaaaa-", "-----BEGIN A", "sk-", "a@", "1 ", "+1"])
def test_secrets_are_looked_for_at_once(unit):
    assert isinstance(Redactor()(f"x {repeated(unit)} y"), str)


@pytest.mark.parametrize("unit", ["a:", ":", "x.abcdef", "token=", "xapp", "Bearer "])
def test_secrets_in_the_log_are_looked_for_at_once(unit):
    assert isinstance(SecretRedactor({}).text(f"://{repeated(unit)} y"), str)


def test_what_is_found_is_what_was_found_before():
    assert plainer(r"\(a + b\) and \(c\)") == "`a + b` and `c`"
    assert plainer(r"\( open and \(c\)") == r"\( open and `c`"
    assert plainer(r"\[a_1 = b\]") == "`a_1 = b`"
    assert plainer(r"\[see\]") == r"\[see\]"
    assert html_to_markdown('<a href="https://x.example">a <b>b</b> c</a>') == "[a **b** c](https://x.example)"
    assert html_to_markdown('<a href="https://x.example">a <abbr>b</abbr></a>') == "[a b](https://x.example)"
    assert Redactor()("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK") == "[token]"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a<!-- b -->c<!-- d -->e", "ace"),
        ("`<!-- b -->` stays", "`<!-- b -->` stays"),
        ("`a`<!-- b -->`c`", "`a``c`"),
        ("a <!-- not closed", "a <!-- not closed"),
        ("a<!-- b -->c <!-- over\ntwo lines --> d", "ac  d"),
    ],
)
def test_comments_are_left_out_on_slack(text, written):
    assert SlackMarkdown().write(text, is_final=True) == written
