"""Files that are made to cost more than they weigh."""

import zlib
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from threadkeep.errors import FileNotReadError
from threadkeep.files import pdf, pdf_worker
from threadkeep.files.cache import FileCache
from threadkeep.messages import File


def test_files_without_a_byte_fill_the_cache_too():
    cache = FileCache(100_000)
    for number in range(5_000):
        cache.put("s", f"F{number}", File(name="empty.txt", data=b""))
    assert cache.size <= 100_000
    assert cache.get("s", "F0") is None
    assert cache.get("s", "F4999") is not None


def lines_of(data, *, most_pictures=3):
    found = list(
        pdf_worker.read(
            data, most_pages=50, most_characters=100_000, most_pictures=most_pictures, most_bytes=50_000_000
        )
    )
    return found[0], [line for line in found if "text" in line], [line for line in found if "picture" in line]


def size_of(line):
    return Image.open(BytesIO(b64decode(line["picture"]))).size


TEXT = "BT /F1 12 Tf 20 100 Td (some text) Tj ET "
SQUARE = "1 0 0 rg 10 10 50 50 re f "


def test_a_small_pdf_with_a_very_long_page_is_cut(samples):
    line = "BT /F1 12 Tf 20 100 Td (" + "a" * 30_000 + ") Tj ET "
    page = "".join(line.replace("100 Td", f"{20 * number} Td") for number in range(60))
    held = zlib.compress(page.encode(), 9)
    form = samples.stream(
        held,
        Type="/XObject",
        Subtype="/Form",
        BBox="[0 0 10000000 2000]",
        Filter="/FlateDecode",
        Resources="<< /Font << /F1 3 0 R >> >>",
    )
    data = samples.drawn_pdf("/X1 Do", box="0 0 10000000 2000", objects=[form])
    assert len(data) < 20_000
    _, (page,), _ = lines_of(data, most_pictures=0)
    assert page["text"].startswith("aaa")
    assert len(page["text"]) <= 1_000_000


@pytest.mark.parametrize(
    "box",
    ["0 0 1000000000 1000000000", "0 0 1000000000 1", "0 0 1e39 1e39", "0 0 0 0", "100 100 -100 -100", "0 0 9000 5"],
)
def test_no_page_becomes_a_large_picture(samples, box):
    head, (page,), pictures = lines_of(samples.drawn_pdf(SQUARE, box=box))
    assert (head, page["is_drawn"]) == ({"pages": 1}, True)
    assert all(max(size_of(picture)) <= 1_600 for picture in pictures if picture["picture"])


@pytest.mark.parametrize(("side", "is_drawn"), [(1_000, True), (7_000, False)])
def test_no_very_large_image_is_unpacked(samples, side, is_drawn):
    image = samples.stream(
        zlib.compress(bytes(side * side), 9),
        Type="/XObject",
        Subtype="/Image",
        Width=side,
        Height=side,
        ColorSpace="/DeviceGray",
        BitsPerComponent=8,
        Filter="/FlateDecode",
    )
    _, pages, (picture,) = lines_of(samples.drawn_pdf("200 0 0 100 50 50 cm /X1 Do", TEXT, objects=[image]))
    assert pages[1]["text"] == "some text"
    assert bool(picture["picture"]) is is_drawn


def test_of_very_many_pages_few_are_read_and_drawn(samples):
    head, pages, pictures = lines_of(samples.drawn_pdf(*[SQUARE] * 3_000))
    assert (head, len(pages), len(pictures)) == ({"pages": 3_000}, 50, 3)


def test_a_pdf_that_lies_about_its_pages_is_read_as_far_as_there_are_any(samples):
    lie = samples.pdf("one").replace(b"/Count 1 ", b"/Count 999999999 ")
    _, pages, _ = lines_of(lie)
    assert len(pages) <= 50


@pytest.mark.parametrize(
    "page",
    ["q " * 200_000 + SQUARE, "[" * 200_000 + "]" * 200_000 + " 0 d " + SQUARE, "/X1 Do " + SQUARE],
    ids=["states", "arrays", "a form within itself"],
)
def test_deep_nesting_hides_no_other_page(samples, page):
    names = "<< /XObject << /X1 4 0 R >> >>"
    form = samples.stream(b"/X1 Do", Type="/XObject", Subtype="/Form", BBox="[0 0 300 200]", Resources=names)
    _, pages, _ = lines_of(samples.drawn_pdf(page, TEXT, objects=[form]))
    assert pages[1]["text"] == "some text"


PROGRAM = """
import os, sys, time
lines = ['{"pages": 3}', '{"text": "some text", "is_drawn": false}', '{"text": "", "is_drawn": true}', '{"text": "cu']
sys.stdout.write("\\n".join(lines))
sys.stdout.flush()
"""


@pytest.mark.parametrize(("end", "seconds"), [("os.abort()", 20), ("time.sleep(600)", 5)])
async def test_what_was_read_before_the_program_is_ended_counts(tmp_path, monkeypatch, end, seconds):
    program = tmp_path / "worker.py"
    program.write_text(PROGRAM + end, encoding="utf-8")
    monkeypatch.setattr(pdf, "_PROGRAM", program)
    limits = {"most_pages": 5, "most_characters": 1_000, "most_pictures": 5, "most_bytes": 1_000_000}
    found = await pdf.PdfTexts().read(b"%PDF-1.4", seconds=seconds, **limits)
    assert (found.text, found.pages_read, found.pages, found.pictures) == ("some text", 1, 3, ())


async def test_a_program_that_is_ended_before_it_has_read_anything_is_told(tmp_path, monkeypatch):
    program = tmp_path / "worker.py"
    program.write_text("import os; os.abort()", encoding="utf-8")
    monkeypatch.setattr(pdf, "_PROGRAM", program)
    with pytest.raises(FileNotReadError, match="cannot be read"):
        await pdf.PdfTexts().read(b"%PDF-1.4", most_pages=5, most_characters=1_000, seconds=20)
