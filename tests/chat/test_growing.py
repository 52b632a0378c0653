"""A text that is shown while it grows: parts may end early, and nothing that is visible is ever taken back."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from threadkeep.chat.markdown import GrowingText, split_markdown

PIECES = st.lists(
    st.sampled_from(
        [
            "Some words. ",
            "\n",
            "\n\n",
            "```py\nx = 1\n",
            "```\n",
            "- item\n",
            "**bold** ",
            "[link](https://a.b) ",
            "> q\n",
            "wo",
        ]
    ),
    min_size=1,
    max_size=30,
)


def ink(text):
    return re.sub(r"[\s>`]|py", "", text)


@settings(max_examples=150)
@given(pieces=PIECES, ends=st.lists(st.integers(0, 40), max_size=30), limit=st.sampled_from([40, 80, 400]))
def test_parts_that_end_early_are_the_whole_text_and_each_renders_alone(pieces, ends, limit):
    growing, parts, text = GrowingText(limit), [], ""
    for piece, least in zip(pieces, [*ends, *[0] * len(pieces)], strict=False):
        text += piece
        part = growing.read(text)
        while not part.is_whole:
            end = part.full_end(0)
            parts.append(part.closed(end))
            growing.end_part(part, end)
            part = growing.read(text)
        if not part.is_blank and least and (end := part.natural_end(part.window.first + least)):
            assert end >= part.window.first + least
            assert text[end:].strip()
            parts.append(part.closed(end))
            growing.end_part(part, end)
    part = growing.read(text)
    if not part.is_blank:
        parts.append(part.closed(part.end))
    assert ink("".join(parts)) == ink(text)
    for shown in parts:
        assert len(shown) <= limit
        assert "".join(one.text for one in split_markdown(shown, 2 * limit)) == shown.strip()


def test_a_full_part_ends_behind_what_is_visible():
    text = "A first paragraph of a good length.\n\nSecond one, which is a little longer than the first. And more."
    part = GrowingText(60).read(text)
    assert part.full_end(0) == text.index("Second")
    assert part.full_end(45) >= 45


def test_what_a_part_shows_while_it_goes_on_leaves_the_fence_open():
    part = GrowingText(100).read("Look:\n```py\nx = 1\n")
    assert part.begun(part.end) == "Look:\n```py\nx = 1"
    assert part.closed(part.end) == "Look:\n```py\nx = 1\n```"


def test_without_early_ends_the_parts_are_those_of_the_splitter():
    text = "\n\n".join(f"Paragraph {number} with some words in it." for number in range(20))
    growing, parts = GrowingText(100), []
    part = growing.read(text)
    while not part.is_whole:
        end = part.full_end(0)
        parts.append(part.closed(end))
        growing.end_part(part, end)
        part = growing.read(text)
    parts.append(part.closed(part.end))
    assert parts == [one.text for one in split_markdown(text, 100)]
