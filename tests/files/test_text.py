"""Text out of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.files.text import decoded

WORDS = "Grüße, 世界 and 🙂\nsecond line"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_its_mark_is_text(encoding):
    assert decoded(WORDS.encode(encoding)) == WORDS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unmarked_utf_16_is_text_where_it_is_plain(encoding):
    assert decoded(("a,b,c\n1,2,3\n" * 20).encode(encoding)) == "a,b,c\n1,2,3\n" * 20


def test_a_western_text_is_text_and_others_of_one_byte_are_not():
    assert decoded("Grüße aus Köln, schöne Straße".encode("cp1252")) == "Grüße aus Köln, schöne Straße"
    assert decoded("Привет, как дела сегодня".encode("cp1251")) is None
    assert decoded("これはテキストです".encode("shift-jis")) is None


def test_lines_end_with_a_line_feed():
    assert decoded(b"one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_logs_with_colours_are_text_and_binaries_are_not():
    assert decoded(b"\x1b[31mred\x1b[0m\n" * 50) is not None
    assert decoded(bytes(range(1, 128)) * 4) is None
    assert decoded(b"\x00") is None
    assert decoded(b"\x7fELF\x02\x01\x01" + bytes(200)) is None


@given(st.binary(max_size=600))
def test_no_bytes_break_it_and_what_comes_out_can_be_stored(data):
    text = decoded(data)
    assert text is None or text.encode() is not None
    assert text is None or "\x00" not in text


@given(st.text(max_size=300).filter(lambda text: all(char.isprintable() or char == "\n" for char in text)))
def test_every_printable_text_comes_back(text):
    assert decoded(text.encode()) == text
