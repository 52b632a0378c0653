"""Reading server-sent events out of any pieces."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.errors import ModelResponseError
from threadkeep.messages import clean_text
from threadkeep.models import sse
from threadkeep.models.sse import EventReader, TextJoiner

payloads = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(alphabet=st.characters(codec="utf-8"), max_size=20), max_size=3)
)


def read(pieces: list[bytes]) -> tuple[list[dict], EventReader]:
    reader = EventReader()
    found = [payload for piece in pieces for payload in reader.feed(piece)]
    return [*found, *reader.finish()], reader


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(payloads, st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_events_survive_any_tearing(sent, places, newline, is_pretty):
    data = ""
    for payload in sent:
        text = json.dumps(payload, ensure_ascii=False, indent=1 if is_pretty else None)
        lines = "".join(f"data: {line}{newline}" for line in text.split("\n"))
        data += f": keep-alive{newline}event: x{newline}id: 1{newline}{lines}{newline}"
    found, reader = read(cut(data.encode(), places))
    assert found == sent
    assert not reader.is_done


def test_events_may_follow_each_other_without_an_empty_line():
    assert read([b'data: {"a": 1}\ndata:{"b": 2}'])[0] == [{"a": 1}, {"b": 2}]


def test_what_is_damaged_is_passed_over():
    found, _ = read([b'data: {"a": \n\ndata: [1]\n\ndata: \xff\xfe\n\nnonsense\n\ndata: {"b": 2}\n\n'])
    assert found == [{"b": 2}]


def test_nothing_follows_the_end_mark():
    found, reader = read([b'data: {"a": 1}\n\ndata: [DONE]\n\ndata: {"b": 2}\n\n'])
    assert found == [{"a": 1}]
    assert reader.is_done


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(sse, "_LONGEST_LINE", 100)
    with pytest.raises(ModelResponseError, match="more than 100 bytes"):
        read([b"data: ", b"x" * 200])


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=30), st.lists(st.integers(0, 100), max_size=10))
def test_text_joined_from_pieces_is_the_cleaned_text(text, places):
    # Python holds characters beyond the basic plane as one; a wire that tears them sends surrogates.
    units = [text.encode("utf-16-le", "surrogatepass")[at : at + 2] for at in range(0, len(text) * 4, 2)]
    torn = "".join(unit.decode("utf-16-le", "surrogatepass") for unit in units if unit)
    edges = [0, *sorted(place % (len(torn) + 1) for place in places), len(torn)]
    joiner = TextJoiner()
    shown = [joiner.push(torn[start:end]) for start, end in itertools.pairwise(edges)]
    whole = "".join(shown) + joiner.finish()
    assert whole == clean_text(torn)
    whole.encode()
