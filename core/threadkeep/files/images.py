"""The little that has to be known of an image before it is sent: whether it is one, and how large."""

from typing import Final

_FRAMES_OF_JPEG: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def image_size(data: bytes) -> tuple[int, int] | None:
    """Give width and height of a PNG, JPEG, GIF or WebP; None if its head cannot be read."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        has_head = len(data) >= 24 and data[12:16] == b"IHDR"
        return (_big(data, 16, 4), _big(data, 20, 4)) if has_head else None
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return (_little(data, 6, 2), _little(data, 8, 2)) if len(data) >= 10 else None
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return _webp_size(data) if data[8:12] == b"WEBP" else None


def has_several_frames(data: bytes) -> bool:
    """Tell whether a GIF moves."""
    if len(data) < 13:
        return False
    position = 13 + _color_table(data[10])
    frames = 0
    while position < len(data):
        mark = data[position]
        if mark == 0x21:
            position = _after_blocks(data, position + 2)
        elif mark == 0x2C and position + 9 < len(data):
            frames += 1
            position = _after_blocks(data, position + 11 + _color_table(data[position + 9]))
        else:
            break
    return frames > 1


def _big(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length], "big")


def _little(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length], "little")


def _color_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int) -> int:
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return None
        mark = data[position + 1]
        if mark in _FRAMES_OF_JPEG:
            return _big(data, position + 7, 2), _big(data, position + 5, 2)
        if mark == 0xFF:
            position += 1
        elif mark in _WITHOUT_LENGTH:
            position += 2
        else:
            position += 2 + _big(data, position + 2, 2)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
        case b"VP8 ":
            return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
        case b"VP8L":
            bits = _little(data, 21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None
