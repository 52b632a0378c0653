"""How large a picture is, read from its head."""

import struct

_FRAME_MARKS = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})


def picture_type(data: bytes) -> str | None:
    """Give the media type of a picture in one of the formats that the API takes; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:4] == b"GIF8":
        return None if _moves(data) else "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Give width and height; None where the head cannot be read."""
    try:
        match picture_type(data):
            case "image/png":
                size = struct.unpack_from(">II", data, 16)
            case "image/gif":
                size = struct.unpack_from("<HH", data, 6)
            case "image/jpeg":
                size = _jpeg(data)
            case "image/webp":
                size = _webp(data)
            case _:
                return None
    except (struct.error, ValueError, IndexError):
        return None
    return (size[0], size[1]) if all(size) else None


def _moves(data: bytes) -> bool:
    # Each frame of a moving picture has a control block of its own, and such pictures say how often they repeat.
    return b"NETSCAPE2.0" in data or data.count(b"\x21\xf9\x04") > 1


def _jpeg(data: bytes) -> tuple[int, ...]:
    place = 2
    while data[place : place + 1] == b"\xff":
        mark = data[place + 1]
        if mark == 0xFF:  # a byte that only fills
            place += 1
            continue
        if mark in _FRAME_MARKS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    raise ValueError("no frame")


def _webp(data: bytes) -> tuple[int, ...]:
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF
