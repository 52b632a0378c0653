"""What holds for every text and every limit."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from threadkeep.chat.markdown import split_markdown, utf16_length

words = st.text(
    st.sampled_from("abcXYZ019.,;:!?-()'\"\u00e9\u4e2d\u3002\U0001f600\u0301\u200d\ufe0f\u00a0"),
    min_size=1,
    max_size=12,
)
giants = st.builds(lambda unit, count: unit * count, words, st.integers(5, 60))
spans = st.sampled_from(
    ["[a b](http://x.y)", "**b c**", "`c d`", "||s p||", "<@U12>", "~~s t~~", "**", "||", "`", "[", "](", "a|b", "\\"],
)
prose = st.lists(st.one_of(words, words, words, spans, giants), min_size=1, max_size=14).map(" ".join)
code = st.lists(st.one_of(prose, st.sampled_from(["", "    x", "``", "\ty", "# no", "- no"])), max_size=6).map(
    "\n".join
)
marks = st.sampled_from(["```", "````", "~~~", "~~~~"])
fences = st.builds(
    lambda mark, info, body, is_closed: f"{mark}{info}\n{body}" + (f"\n{mark}" if is_closed else ""),
    marks,
    st.sampled_from(["", "py", "python title=x", "c++"]),
    code,
    st.sampled_from([True, True, True, False]),
)
tables = st.builds(
    lambda rows: "\n".join(["| a | b |", "|---|:-:|", *(f"| {row} | x |" for row in rows)]),
    st.lists(words, max_size=6),
)
blocks = st.one_of(
    prose,
    prose.map("# {}".format),
    prose.map("- {}".format),
    prose.map("  1. {}".format),
    prose.map("> {}".format),
    fences,
    fences.map(lambda text: text.replace("\n", "\n   ")),
    fences.map(lambda text: "> " + text.replace("\n", "\n> ")),
    fences.map(lambda text: "- x\n      " + text.replace("\n", "\n      ")),
    tables,
    st.sampled_from(["", "---", " ", "\t"]),
)
breaks = st.sampled_from(["\n", "\n\n", "\r\n", "\r\n\r\n", "\n \n\n", "\r"])
documents = st.lists(st.tuples(blocks, breaks), max_size=7).map(lambda pairs: "".join(map("".join, pairs)))
anything = st.one_of(documents, st.text(st.sampled_from("`~|>-*[]()<#\\ \n\r\tab1.\u0301\U0001f600"), max_size=150))
limits = st.integers(20, 200)
measures = st.sampled_from([len, utf16_length])


@given(anything, limits, measures)
def test_sources_are_the_text_and_texts_fit(text, limit, measure):
    parts = split_markdown(text, limit, measure)
    assert "".join(part.source for part in parts) == (text if text.strip() else "")
    for part in parts:
        assert part.text.strip()
        assert part.source.strip()
        assert measure(part.text) <= limit


@given(anything, anything, limits, measures)
def test_full_parts_stay_as_they_are_when_the_text_grows(text, more, limit, measure):
    before = split_markdown(text, limit, measure)[:-1]
    after = split_markdown(text + more, limit, measure)
    assert after[: len(before)] == before


@given(documents, limits)
@settings(max_examples=25)
def test_full_parts_stay_as_they_are_character_by_character(text, limit):
    text = text[:250]
    whole = split_markdown(text, limit)
    for end in range(len(text)):
        before = split_markdown(text[:end], limit)[:-1]
        assert whole[: len(before)] == before


def open_mark(text):
    """Read the fences of a text in the plainest way; give the mark that is open at its end."""
    mark = ""
    for raw in re.split(r"\r\n|\r|\n", text):
        line = re.sub(r"^(?:[ \t>]|[-*+] |[0-9]+[.)] )*", "", raw).rstrip()
        if mark:
            if set(line) == {mark[0]} and len(line) >= len(mark):
                mark = ""
        elif (found := re.match(r"(`{3,})[^`]*$|(~{3,})", line)) is not None:
            mark = found[1] or found[2]
    return mark


@given(st.lists(st.tuples(st.one_of(fences, prose, tables), breaks), max_size=7), limits)
def test_every_part_closes_the_fences_that_it_opens(pairs, limit):
    text = "".join(map("".join, pairs))
    for part in split_markdown(text, limit):
        assert open_mark(part.text) == ""


plain_code = st.lists(
    st.sampled_from(["x = 1", "", "    return y", "print('a b c d')", "# note"]), min_size=1, max_size=12
)


@given(st.lists(st.tuples(plain_code, st.sampled_from(["", "py"])), min_size=1, max_size=4), limits)
@example([(["x = 1"], "")], 20)
def test_a_markdown_parser_finds_the_same_code_in_the_parts(codes, limit):
    text = "\n\n".join("Some words.\n\n```{}\n{}\n```".format(info, "\n".join(lines)) for lines, info in codes)
    parser = MarkdownIt()
    found = []
    prose_found = []
    for part in split_markdown(text, limit):
        for token in parser.parse(part.text):
            if token.type == "fence":
                found += token.content.split()
            elif token.type == "inline":
                prose_found += token.content.split()
    assert "".join(found) == "".join("".join(lines) for lines, _ in codes).replace(" ", "")
    assert prose_found == ["Some", "words."] * len(codes)


atoms = st.sampled_from(
    [
        "word",
        "longer-word",
        "[a b c](x.y/z)",
        "[t](u 'v w')",
        "`c d e f`",
        "``g ` h``",
        "**b o l d**",
        "||s p o i||",
        "~~s t~~",
        "<@U123>",
        "<http://a.b>",
        "(see)",
        "caf\u00e9.",
        "https://a.b/c_d",
    ],
)


@given(st.lists(st.tuples(atoms, st.sampled_from([" ", " ", " ", "\n", "\n\n", "  "])), max_size=60), limits)
def test_words_and_spans_that_fit_are_never_cut(pairs, limit):
    parts = split_markdown("".join(map("".join, pairs)), limit)
    rest = [atom for atom, _ in pairs]
    for part in parts:
        text = part.text
        while text:
            assert rest
            assert text.startswith(rest[0])
            text = text[len(rest.pop(0)) :].lstrip()
    assert rest == []


@given(st.lists(st.lists(words, min_size=2, max_size=2), min_size=1, max_size=20), st.integers(60, 200))
def test_table_rows_are_whole_and_under_their_head(rows, limit):
    head = "| a | b |\n|---|---|"
    lines = ["| {} | {} |".format(*row) for row in rows]
    seen = []
    for part in split_markdown("\n".join([head, *lines]), limit):
        assert part.text.startswith(head + "\n")
        seen += part.text[len(head) + 1 :].split("\n")
    assert seen == [line.strip() for line in lines]
