"""The text of PDFs, read in a process of its own."""

import asyncio
import random
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image

from threadkeep.errors import FileNotReadError
from threadkeep.files import pdf_worker
from threadkeep.files.pdf import PdfTexts


async def read(data, *, most_pages=10, most_characters=10_000, seconds=20.0, **pictures):
    return await PdfTexts().read(
        data, most_pages=most_pages, most_characters=most_characters, seconds=seconds, **pictures
    )


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


PICTURES = {"most_pictures": 5, "most_bytes": 1_000_000}


SHOWN = "[a picture of the page is shown]"


def seen(file):
    """Open a picture as the model's server does."""
    assert file.media_type == "image/jpeg"
    return Image.open(BytesIO(file.data)).convert("RGB")


def is_about(point, colour):
    return all(abs(found - wanted) < 30 for found, wanted in zip(point, colour, strict=True))


async def test_pages_without_text_are_given_as_pictures(samples):
    found = await read(samples.scanned_pdf("Dear Ann", samples.photo(), samples.photo(40, 30)), **PICTURES)
    assert found.text == f"Dear Ann\n\n{SHOWN}\n\n{SHOWN}"
    assert [file.name for file in found.pictures] == ["page 2", "page 3"]
    picture = seen(found.pictures[0])
    assert picture.size == (900, 600)
    # The image lies on the page from (50, 50) to (250, 150), counted from below.
    assert is_about(picture.getpixel((450, 300)), (255, 0, 0))
    assert is_about(picture.getpixel((75, 75)), (255, 255, 255))


@pytest.mark.parametrize(
    ("rows", "image", "colour"),
    [
        (bytes([0, 0, 255]) * 120, {}, (0, 0, 255)),
        (bytes([128]) * 120, {"ColorSpace": "/DeviceGray"}, (128, 128, 128)),
        (bytes(2 * 10), {"ColorSpace": "/DeviceGray", "BitsPerComponent": 1}, (0, 0, 0)),
        (bytes([0, 0, 255, 0]) * 120, {"ColorSpace": "/DeviceCMYK"}, (255, 242, 0)),
        (bytes([1]) * 120, {"ColorSpace": "[/Indexed /DeviceRGB 1 <0000FF00FF00>]"}, (0, 255, 0)),
    ],
)
async def test_images_of_every_kind_are_seen(samples, rows, image, colour):
    (picture,) = (await read(samples.scanned_pdf(rows, **image), **PICTURES)).pictures
    assert is_about(seen(picture).getpixel((450, 300)), colour)


@pytest.mark.parametrize(
    ("data", "image"),
    [
        (bytes(360), {"Width": 0}),
        (bytes(360), {"Width": 1_000_000, "Height": 1_000_000}),
        (b"\xff\xd8\xffcut", {}),
    ],
)
async def test_pages_on_which_nothing_is_seen_are_no_pictures(samples, data, image):
    with pytest.raises(FileNotReadError, match="no text"):
        await read(samples.scanned_pdf(data, **image), **PICTURES)
    found = await read(samples.scanned_pdf(data, "Dear Ann", samples.photo(), **image), **PICTURES)
    assert found.text == f"Dear Ann\n\n{SHOWN}"
    assert (found.pages_read, [file.name for file in found.pictures]) == (3, ["page 3"])


WORDS = "BT /F1 12 Tf 20 20 Td (Sales) Tj ET "
BARS = "0 0.5 0 rg " + "".join(f"{50 * number} 50 30 {20 * number} re f " for number in range(1, 6))


async def test_a_drawn_page_is_seen_with_its_text(samples):
    found = await read(samples.drawn_pdf(WORDS + BARS, WORDS, BARS, box="0 0 595 842"), **PICTURES)
    assert found.text == f"Sales\n{SHOWN}\n\nSales\n\n{SHOWN}"
    assert [file.name for file in found.pictures] == ["page 1", "page 3"]
    picture = seen(found.pictures[0])
    assert picture.height == 1_600
    assert picture.width == pytest.approx(1_600 * 595 / 842, abs=1)
    scale = 1_600 / 842
    assert is_about(picture.getpixel((265 * scale, (842 - 100) * scale)), (0, 128, 0))
    assert is_about(picture.getpixel((240 * scale, (842 - 100) * scale)), (255, 255, 255))


@pytest.mark.parametrize(
    ("drawing", "is_shown"),
    [
        (BARS, True),
        ("10 10 m " + "20 90 80 90 90 20 c " * 5 + "S ", True),
        ("200 0 0 100 50 50 cm /X1 Do ", True),
        ("20 0 0 10 50 50 cm /X1 Do ", False),
        ("200 0 0 100 50 50 cm /X2 Do ", True),
        ("20 0 0 10 50 50 cm /X2 Do ", False),
        ("5 5 290 190 re 10 10 100 100 re S ", False),
        (
            "".join(f"10 {10 * row} m 290 {10 * row} l S {15 * row} 10 m {15 * row} 190 l S " for row in range(19)),
            False,
        ),
    ],
    ids=["bars", "curve", "image", "logo", "image in a form", "logo in a form", "boxes", "table"],
)
async def test_a_page_with_text_is_shown_for_what_is_drawn_on_it(samples, drawing, is_shown):
    image = samples.stream(
        bytes(360), Type="/XObject", Subtype="/Image", Width=12, Height=10, ColorSpace="/DeviceRGB", BitsPerComponent=8
    )
    names = "<< /XObject << /X 4 0 R >> >>"
    form = samples.stream(b"/X Do", Type="/XObject", Subtype="/Form", BBox="[0 0 1 1]", Resources=names)
    data = samples.drawn_pdf(WORDS + drawing, objects=[image, form])
    found = await read(data, **PICTURES)
    assert found.text == (f"Sales\n{SHOWN}" if is_shown else "Sales")
    assert len(found.pictures) == is_shown
    assert (await read(data)).text == "Sales"


async def test_text_is_read_beyond_the_pages_that_are_shown(samples):
    found = await read(samples.drawn_pdf(*[WORDS + BARS] * 3), most_pictures=1, most_bytes=1_000_000)
    assert found.text == f"Sales\n{SHOWN}\n\nSales\n\nSales"
    assert (len(found.pictures), found.pages_read) == (1, 3)


async def test_lines_and_hyphens_stay_as_they_are(samples):
    text = "BT /F1 12 Tf 14 TL 20 150 Td (An exam-) Tj T* (ple of 3-4 words) Tj ET"
    assert (await read(samples.drawn_pdf(text))).text == "An exam-\nple of 3-4 words"


async def test_so_many_pictures_are_read_and_so_many_bytes(samples):
    scan = samples.scanned_pdf(*[samples.photo()] * 4)
    found = await read(scan, most_pictures=2, most_bytes=1_000_000)
    assert (len(found.pictures), found.pages, found.pages_read) == (2, 4, 2)
    size = len(found.pictures[0].data)
    found = await read(scan, most_pictures=9, most_bytes=3 * size)
    assert (len(found.pictures), found.pages_read) == (3, 3)
    with pytest.raises(FileNotReadError, match="no text"):
        await read(scan)


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
    assert list(found) == [{"pages": 2}, {"text": "one", "is_drawn": False}]
    locked = pdf_worker.read(samples.locked_pdf(), most_pages=1, most_characters=100)
    assert list(locked) == [{"error": "encrypted"}]
