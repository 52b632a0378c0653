"""A program that reads a PDF from its standard input and writes its text, and pictures of its pages, as lines of JSON.

It is a process of its own: a PDF can be made to take any time and memory, and only a process can be ended. What it has
written until then counts. It is run by its path and imports nothing of threadkeep, so that it starts quickly.

First comes a line with how many pages there are, or why it cannot be read; then a line for each page that is read, with
its text and whether it is to be shown as a picture; then a line for each picture.
"""

import json
import logging
import math
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from io import BytesIO
from itertools import islice
from typing import Any

_MEMORY = 1024 * 1024 * 1024
_LONGEST_PAGE = 1_000_000
"""How many characters of a page are given: a small file may unpack to very many, and who asked has to hold them."""
_SIDE = 1_600
"""How many points the longer side of a picture has at most; models see no more of it."""
_ENLARGED = 3.0
"""How many points of a picture there are at most for one of the page: a small page is not blown up."""
_MOST_PIXELS = 40_000_000
_MOST_OBJECTS = 5_000
_DEEPEST = 4
_LARGE = 0.1
"""How much of a page an image covers that is to be seen; smaller ones are logos and signs."""
_THIN = 3.0
"""How wide and high a drawn shape is at least: the lines of tables and those under words say nothing."""
_STROKES = 12
"""From how many strokes on what is drawn on a page beside its text is to be seen: more than two boxes."""


def main() -> None:
    """Read the PDF. The arguments are the most pages, characters, seconds, pictures, and bytes of these."""
    most_pages, most_characters, seconds, most_pictures, most_bytes = (int(argument) for argument in sys.argv[1:6])
    _limit(seconds)
    logging.disable(logging.CRITICAL)
    found = read(
        sys.stdin.buffer.read(),
        most_pages=most_pages,
        most_characters=most_characters,
        most_pictures=most_pictures,
        most_bytes=most_bytes,
    )
    for line in found:
        sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
        sys.stdout.buffer.flush()


def read(
    data: bytes, *, most_pages: int, most_characters: int, most_pictures: int = 0, most_bytes: int = 0
) -> Iterator[dict[str, object]]:
    """Give the lines that tell what is in a PDF. Pages that are to be shown and get no line are beyond the limits."""
    import pypdfium2  # noqa: PLC0415 - only after the limits are set, which bind its start too

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code in {pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY}
        yield {"error": "encrypted" if is_locked else "damaged"}
        return
    count = len(document)
    yield {"pages": count}
    drawn: list[int] = []
    for number in range(min(count, most_pages)):
        text, is_drawn = _page_of(document, number, has_eyes=most_pictures > 0)
        yield {"text": text, "is_drawn": is_drawn}
        drawn += [number] if is_drawn else []
        most_characters -= len(text) + 2
        if most_characters < 0:
            break
    for number in drawn:
        picture = _picture_of(document, number)
        most_bytes -= len(picture)
        most_pictures -= bool(picture)
        if most_pictures < 0 or most_bytes < 0:
            break
        yield {"page": number, "picture": b64encode(picture).decode("ascii")}


def _page_of(document: Any, number: int, *, has_eyes: bool) -> tuple[str, bool]:
    """Give the text of a page, and whether it is to be seen, too."""
    text, is_drawn = "", False
    # One damaged page must not hide the others; it comes out empty.
    with suppress(Exception), closing(document[number]) as page:
        # What stands for a hyphen at the end of a line, and for the end itself.
        held = page.get_textpage().get_text_bounded()[:_LONGEST_PAGE].replace("\x02", "-\n")
        text = "\n".join(held.splitlines())
        is_drawn = has_eyes and is_to_be_seen(page, has_text=bool(text.strip()))
    return text, is_drawn


def is_to_be_seen(page: Any, *, has_text: bool) -> bool:
    """Tell whether a page has more than its text tells: all of one without text, a large image, or a drawing."""
    from pypdfium2 import raw  # noqa: PLC0415 - after the limits, as above

    if not has_text:
        return bool(raw.FPDFPage_CountObjects(page) > 0 or raw.FPDFPage_GetAnnotCount(page) > 0)
    large = _LARGE * page.get_width() * page.get_height()
    strokes = 0
    for one in islice(page.get_objects(max_depth=_DEEPEST), _MOST_OBJECTS):
        if one.type not in {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING}:
            continue
        width, height = _size_of(one)
        if one.type != raw.FPDF_PAGEOBJ_PATH and width * height >= large:
            return True
        if one.type == raw.FPDF_PAGEOBJ_PATH and min(width, height) >= _THIN:
            strokes += raw.FPDFPath_CountSegments(one)
        if strokes > _STROKES:
            return True
    return False


def _size_of(one: Any) -> tuple[float, float]:
    """Give width and height of an object about as they are on the page, which holds it in forms within forms."""
    left, bottom, right, top = one.get_bounds()
    scale, form = 1.0, one.container
    while form is not None:
        matrix = form.get_matrix()
        scale *= math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))
        form = form.container
    return (right - left) * scale, (top - bottom) * scale


def _picture_of(document: Any, number: int) -> bytes:
    # What cannot be drawn must not hide the other pages either.
    with suppress(Exception), closing(document[number]) as page:
        return picture_of(page)
    return b""


def picture_of(page: Any) -> bytes:
    """Give what is seen of a page as JPEG; nothing if there is nothing to see, or too much to draw."""
    from PIL import Image  # noqa: PLC0415 - most PDFs need no pictures
    from pypdfium2 import raw  # noqa: PLC0415 - after the limits, as above

    images = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST)
    if sum(math.prod(image.get_px_size()) for image in islice(images, _MOST_OBJECTS)) > _MOST_PIXELS:
        return b""
    scale = min(_ENLARGED, _SIDE / max(page.get_size()))
    # Rounding up must not make the longer side longer.
    drawn = page.render(scale=scale * (1 - 1e-6), rev_byteorder=True, limit_image_cache=True)
    seen = Image.frombytes("RGB", (drawn.width, drawn.height), bytes(drawn.buffer), "raw", "RGB", drawn.stride)
    if len(seen.getcolors(1) or ()) == 1:
        return b""
    made = BytesIO()
    seen.save(made, "JPEG", quality=85)
    return made.getvalue()


def _limit(seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows, where the time limit of the caller is all there is
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


if __name__ == "__main__":
    main()
