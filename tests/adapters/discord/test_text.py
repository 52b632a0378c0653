from hypothesis import given
from hypothesis import strategies as st

from threadkeep_discord.limits import NONCE_LENGTH
from threadkeep_discord.poster import nonce
from threadkeep_discord.text import title, utf16_length


@given(st.text())
def test_length_counts_utf16_units(text):
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(), st.integers(min_value=2, max_value=100))
def test_a_title_is_one_line_within_the_length(text, length):
    made = title(text, length=length)
    assert utf16_length(made) <= length
    assert len(made.splitlines()) <= 1


def test_a_title_is_the_first_line_with_words():
    assert title("\n  How do\tI bake?\nBread, I mean", length=100) == "How do I bake?"
    assert title("abcdef", length=4) == "abc…"
    assert title(" \n", length=4) == ""


@given(st.text(alphabet="0123456789abcdef", min_size=1, max_size=64), st.integers(0, 500), st.integers(0, 5))
def test_a_nonce_fits_and_stays_the_same(run_id, part, generation):
    assert 0 < len(nonce(run_id, part, generation)) <= NONCE_LENGTH
    assert nonce(run_id, part, generation) == nonce(run_id, part, generation)


def test_each_part_of_each_run_has_a_nonce_of_its_own():
    marks = {nonce(run, part, generation) for run in ("a", "b") for part in range(3) for generation in range(2)}
    assert len(marks) == 12
