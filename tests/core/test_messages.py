from hypothesis import given
from hypothesis import strategies as st

from threadkeep.messages import clean_text


@given(st.text(st.characters()))
def test_cleaned_text_can_always_be_stored(text):
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\x00" not in cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_well_formed_text_is_left_alone(text):
    assert clean_text(text) == text


def test_a_pair_of_surrogates_becomes_its_character():
    assert clean_text("\ud83d\ude00 and \ud83d") == "😀 and \ufffd"
