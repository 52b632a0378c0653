"""What a reader sees of a long text: examples, one by one."""

import pytest

from threadkeep.chat.markdown import split_markdown, utf16_length


def texts(text, limit):
    parts = split_markdown(text, limit)
    assert "".join(part.source for part in parts) == text
    assert all(len(part.text) <= limit for part in parts)
    return [part.text for part in parts]


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t", "\u00a0\u3000"])
def test_blank_text_has_no_parts(text):
    assert split_markdown(text, 100) == []


def test_short_text_is_one_part_without_its_blank_edges():
    (part,) = split_markdown("\n  hello\n\n", 20)
    assert part.text == "hello"
    assert part.source == "\n  hello\n\n"


def test_text_of_exactly_the_limit_is_one_part_whatever_blanks_surround_it():
    assert texts(" \n" + "x" * 20 + "\n" * 50, 20) == ["x" * 20]


def test_too_small_a_limit_is_refused():
    with pytest.raises(ValueError, match="at least 20"):
        split_markdown("text", 19)


def test_paragraph_break_is_preferred_to_a_later_line_break():
    assert texts("first words here\n\nsecond line\nthird line", 32) == ["first words here", "second line\nthird line"]


def test_heading_goes_with_its_text():
    assert texts("some words come first\n# Title\nand its text follows", 34) == [
        "some words come first",
        "# Title\nand its text follows",
    ]


def test_list_is_cut_before_an_item():
    assert texts("- one item\n  goes on\n- two item\n  goes on", 38) == [
        "- one item\n  goes on",
        "- two item\n  goes on",
    ]


def test_sentence_end_is_preferred_to_a_later_blank():
    assert texts("It is a short one. The next is cut", 30) == ["It is a short one.", "The next is cut"]


def test_chinese_sentences_are_cut_after_their_stop():
    assert (
        texts("\u6211\u4eec\u4eca\u5929\u53bb\u516c\u56ed\u3002" * 4, 20)
        == [
            "\u6211\u4eec\u4eca\u5929\u53bb\u516c\u56ed\u3002" * 2,
        ]
        * 2
    )


def test_only_a_word_longer_than_a_part_is_cut():
    assert texts("a " + "x" * 30 + " b", 20) == ["a", "x" * 20, "x" * 10 + " b"]


def test_fence_is_closed_and_opened_again_with_its_info_string():
    text = "```python\none = 1\ntwo = 2\n\nthree = 3\nfour = 4\n```"
    assert texts(text, 44) == [
        "```python\none = 1\ntwo = 2\n```",
        "```python\nthree = 3\nfour = 4\n```",
    ]


def test_code_keeps_its_indentation_over_a_cut():
    assert texts("```\nif a:\n    b()\n    c()\n```", 24)[1] == "```\n    c()\n```"


def test_longer_fence_holds_a_shorter_one():
    text = "````md\n```py\nx = 1\n```\nmore text\nmore text\n````"
    assert texts(text, 34) == ["````md\n```py\nx = 1\n```\n````", "````md\nmore text\nmore text\n````"]


def test_tilde_fence_is_closed_with_tildes():
    assert texts("~~~\nline one\nline two\n~~~", 22) == ["~~~\nline one\n~~~", "~~~\nline two\n~~~"]


def test_inline_triple_backticks_open_no_fence():
    assert texts("``` a ``` b c d e f g h i j k l m n o p", 30)[0] == "``` a ``` b c d e f g h i j k"


def test_whole_fence_moves_to_the_next_part_if_the_part_is_half_full():
    text = "A paragraph of prose here.\n\n```\nx = 1\ny = 2\n```"
    assert texts(text, 40) == ["A paragraph of prose here.", "```\nx = 1\ny = 2\n```"]


def test_fence_still_being_written_is_closed():
    assert texts("```py\nx = 1", 40) == ["```py\nx = 1\n```"]


def test_half_written_closing_mark_is_completed():
    assert texts("```py\nx = 1\n``", 40) == ["```py\nx = 1\n```"]


def test_fence_in_a_list_item_loses_the_item_s_indentation_in_the_next_part():
    text = "10. Do:\n\n    ```sh\n    echo one\n    echo two\n    ```\n"
    assert texts(text, 42) == ["10. Do:\n\n    ```sh\n    echo one\n    ```", "```sh\necho two\n```"]


def test_deeply_indented_fence_at_the_start_of_a_part_renders():
    assert texts("     ```sh\n     echo one\n     ```", 60) == ["```sh\necho one\n```"]


def test_fence_in_a_quote_stays_in_the_quote():
    text = "> ```py\n> one = 1\n> two = 2\n> ```"
    assert texts(text, 26) == ["> ```py\n> one = 1\n> ```", "> ```\n> two = 2\n> ```"]


def test_fence_in_a_quote_ends_with_the_quote():
    assert texts("> ```\n> code\n\nafter", 40) == ["> ```\n> code\n\nafter"]


def test_quoted_line_cut_in_the_middle_goes_on_as_a_quote():
    assert texts("> one two three four five", 20) == ["> one two three four", "> five"]


def test_table_repeats_its_head():
    text = "| n | square |\n|---|---|\n| 1 | 1 |\n| 2 | 4 |\n| 3 | 9 |\n"
    head = "| n | square |\n|---|---|\n"
    assert texts(text, 52) == [head + "| 1 | 1 |\n| 2 | 4 |", head + "| 3 | 9 |"]


def test_table_head_is_not_parted_from_its_first_row():
    text = "some words before it\n| n | square |\n|---|---|\n| 1 | 1 |\n"
    assert texts(text, 52) == ["some words before it", "| n | square |\n|---|---|\n| 1 | 1 |"]


@pytest.mark.parametrize(
    "unit",
    [
        "[a link with words](https://example.org/a(b))",
        '[link](https://example.org "a title with words")',
        "![an image](https://example.org/a.png)",
        "[![badge of it](https://a.b/c)](https://d.e/f)",
        "`inline code with blanks`",
        "``code with a ` in it``",
        "**bold words that belong together**",
        "||hidden words that belong together||",
        "<@U0123456789>",
        "<https://example.org/path>",
        "~~struck words that go together~~",
    ],
)
@pytest.mark.parametrize("words", range(1, 12))
def test_span_stays_whole(unit, words):
    text = "word " * words + unit + " and more words after it"
    assert any(unit in part for part in texts(text, 50))


def test_lone_marks_do_not_spoil_the_cut():
    text = "Use **kwargs or a || b and [0, 1) as you like. " + "word " * 40
    assert len(texts(text, 120)[0]) > 100


def test_crlf_is_not_parted():
    text = "line one\r\nline two\r\nline three\r\n"
    parts = split_markdown(text, 20)
    assert [part.text for part in parts] == ["line one\r\nline two", "line three"]
    assert parts[0].source == "line one\r\nline two\r\n"


@pytest.mark.parametrize(
    "cluster",
    ["e\u0301", "\U0001f469\u200d\U0001f4bb", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f"],
)
def test_what_is_seen_as_one_character_is_not_parted(cluster):
    for offset in range(8):
        for part in texts("x" * offset + (cluster + "x") * 20, 20):
            assert part.count(cluster) == part.count(cluster[-1])


def test_utf16_length_counts_what_discord_counts():
    assert utf16_length("a\u00e9\u4e2d\U0001f600") == 5
    parts = split_markdown("\U0001f600" * 30, 20, utf16_length)
    assert [utf16_length(part.text) for part in parts] == [20, 20, 20]


def test_work_on_a_long_line_is_bounded_by_the_limit():
    read = 0

    def counting(text):
        nonlocal read
        read += len(text)
        return len(text)

    text = "[x](y" * 40_000
    split_markdown(text, 2000, counting)
    assert read < 40 * len(text)
