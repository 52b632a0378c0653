"""The text of PDFs, read in a process of its own."""

import asyncio
import random
from contextlib import suppress

import pytest

from threadkeep.errors import FileNotReadError
from threadkeep.files import pdf_worker
from threadkeep.files.pdf import PdfTexts


async def read(data, *, most_pages=10, most_characters=10_000, seconds=20.0):
    return await PdfTexts().read(data, most_pages=most_pages, most_characters=most_characters, seconds=seconds)


async def test_the_text_of_all_pages_is_read(samples):
    found = await read(samples.pdf("First page", "Second page"))
    assert found.text == "First page\n\nSecond page"
    assert (found.pages, found.pages_read) == (2, 2)


async def test_no_more_pages_are_read_than_asked_for(samples):
    found = await read(samples.pdf("one", "two", "three"), most_pages=2)
    assert (found.text, found.pages, found.pages_read) == ("one\n\ntwo", 3, 2)
    found = await read(samples.pdf("one", "two", "three"), most_characters=3)
    assert (found.text, found.pages_read) == ("one", 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda samples: samples.locked_pdf(), "encrypted"),
        (lambda samples: samples.pdf(""), "no text"),
        (lambda samples: b"%PDF-1.4\nnothing that follows makes sense", "damaged"),
        (lambda samples: samples.pdf("cut")[:200], "damaged"),
    ],
)
async def test_what_cannot_be_read_says_why(samples, make, reason):
    with pytest.raises(FileNotReadError, match=reason):
        await read(make(samples))


async def test_a_pdf_that_takes_too_long_is_given_up(samples):
    with pytest.raises(FileNotReadError, match="too long"):
        await read(samples.pdf("slow"), seconds=0.001)


async def test_several_are_read_side_by_side(samples):
    texts = PdfTexts()
    found = await asyncio.gather(
        *(
            texts.read(samples.pdf(f"number {number}"), most_pages=5, most_characters=100, seconds=30)
            for number in range(5)
        )
    )
    assert [one.text for one in found] == [f"number {number}" for number in range(5)]


async def test_a_damaged_pdf_is_read_or_refused_and_breaks_nothing(samples):
    whole = samples.pdf("some text", "some more")
    for seed in range(8):
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[chance.randrange(9, len(damaged))] = chance.randrange(256)
        with suppress(FileNotReadError):
            assert (await read(bytes(damaged))).text


def test_the_program_stops_at_its_limits(samples):
    found = pdf_worker.read(samples.pdf("one", "two"), most_pages=1, most_characters=100)
    assert found == {"pages": 2, "texts": ["one"]}
    assert pdf_worker.read(samples.locked_pdf(), most_pages=1, most_characters=100) == {"error": "encrypted"}
