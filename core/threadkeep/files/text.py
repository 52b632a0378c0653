"""Text out of bytes, in whichever encoding; what is not surely text is none."""

import codecs
from typing import Final

from threadkeep.messages import clean_text

# The mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEEN_IN_TEXT: Final = frozenset("\t\n\r\f\b\x1b\x85")
_MOST_CONTROLS: Final = 0.002
_LOOKED_AT: Final = 4_096
_MOST_ZEROS: Final = 0.05
_LEAST_ZEROS: Final = 0.7
_MOST_ACCENTS: Final = 0.3


def decoded(data: bytes) -> str | None:
    """Give the text that some bytes are, with its lines ended by a line feed each; None if they are not text.

    UTF-8 is text, and so are UTF-16 and UTF-32 with their mark. UTF-16 without its mark and Windows-1252 are taken for
    text if little speaks against it: any bytes could be read as either.
    """
    text = _decoded(data)
    if text is None or not _is_text(text):
        return None
    return clean_text(text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    if b"\x00" in data:
        unmarked = _unmarked_utf_16(data[:_LOOKED_AT])
        return None if unmarked is None else _strict(data, unmarked)
    text = _strict(data, "utf-8")
    if text is not None:
        return text
    accents = sum(byte >= 0x80 for byte in data[:_LOOKED_AT])
    is_western = accents <= _MOST_ACCENTS * len(data[:_LOOKED_AT])
    return _strict(data, "cp1252") if is_western else None


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unmarked_utf_16(head: bytes) -> str | None:
    even, odd = head[::2], head[1::2]
    if not even or not odd:
        return None
    zeros = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros[0] <= _MOST_ZEROS and zeros[1] >= _LEAST_ZEROS:
        return "utf-16-le"
    return "utf-16-be" if zeros[1] <= _MOST_ZEROS and zeros[0] >= _LEAST_ZEROS else None


def _is_text(text: str) -> bool:
    controls = sum(
        1 for char in text if (char < " " or "\x7f" <= char <= "\x9f") and char not in _SEEN_IN_TEXT
    )  # fmt: skip
    return "\x00" not in text and controls <= _MOST_CONTROLS * len(text)
