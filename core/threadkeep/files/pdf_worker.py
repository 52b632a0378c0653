"""A program that reads a PDF from its standard input and writes its text as JSON.

It is a process of its own: a PDF can be made to take any time and memory, and only a process can be ended. It is run by
its path and imports nothing of threadkeep, so that it starts quickly.
"""

import json
import logging
import sys
from io import BytesIO

_MEMORY = 1024 * 1024 * 1024


def main() -> None:
    """Read the PDF. The arguments are the most pages, characters and seconds."""
    most_pages, most_characters, seconds = (int(argument) for argument in sys.argv[1:4])
    _limit(seconds)
    logging.disable(logging.CRITICAL)
    try:
        found = read(sys.stdin.buffer.read(), most_pages=most_pages, most_characters=most_characters)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a PDF, the answer says that it cannot be read
        found = {"error": type(error).__name__}
    sys.stdout.buffer.write(json.dumps(found).encode())


def read(data: bytes, *, most_pages: int, most_characters: int) -> dict[str, object]:
    """Give the text of a PDF, page by page, and how many pages it has."""
    import pypdf  # noqa: PLC0415 - only after the limits are set, which bind its start too

    reader = pypdf.PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"error": "encrypted"}
    texts: list[str] = []
    length, count = 0, len(reader.pages)
    for number in range(min(count, most_pages)):
        texts.append(_text_of(reader, number))
        length += len(texts[-1]) + 2
        if length > most_characters:
            break
    return {"pages": count, "texts": texts}


def _text_of(reader: object, number: int) -> str:
    try:
        page = reader.pages[number]  # type: ignore[attr-defined]  # a PdfReader, which is imported late
        return str(page.extract_text())
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - one damaged page must not hide the others; it comes out empty
        return ""


def _limit(seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows, where the time limit of the caller is all there is
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


if __name__ == "__main__":
    main()
