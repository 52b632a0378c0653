"""Small files of every kind, made from nothing."""

import struct
import wave
import zlib
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(128, 160))
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(400)


def png(width: int = 12, height: int = 10) -> bytes:
    """A red picture."""
    rows = (b"\x00" + b"\xff\x00\x00" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def jpeg(width: int = 12, height: int = 10) -> bytes:
    """The head of a picture, as far as its size."""
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    start = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return start + b"\xff\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xd9"


def photo(width: int = 12, height: int = 10) -> bytes:
    """A whole JPEG, red."""
    made = BytesIO()
    Image.new("RGB", (width, height), "red").save(made, "JPEG")
    return made.getvalue()


def gif(width: int = 12, height: int = 10, frames: int = 1) -> bytes:
    """A picture that moves if it has several frames."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    control = b"\x21\xf9\x04\x00\x0a\x00\x00\x00"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def webp(width: int = 12, height: int = 10) -> bytes:
    """The head of a picture without loss."""
    bits = (width - 1) | (height - 1) << 14
    body = b"WEBPVP8L" + struct.pack("<I", 9) + b"\x2f" + struct.pack("<I", bits) + bytes(8)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(frames: int = 80) -> bytes:
    """Silence."""
    made = BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(2 * frames))
    return made.getvalue()


def pdf(*pages: str) -> bytes:
    """A document with a line of text on each page."""
    return drawn_pdf(*(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET" for text in pages))


def locked_pdf() -> bytes:
    """A document that asks for a password."""
    lock = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >>".format("ab" * 32)
    return _document([*_pages(b""), lock.encode()], f"/Encrypt 6 0 R /ID [<{'cd' * 16}> <{'cd' * 16}>]")


def scanned_pdf(*pages: bytes | str, **image: object) -> bytes:
    """A document whose pages are pictures, or lines of text; ``image`` says how bytes that are no JPEG are one."""
    size = {"Type": "/XObject", "Subtype": "/Image", "Width": 12, "Height": 10}
    plain = {"ColorSpace": "/DeviceRGB", "BitsPerComponent": 8}
    images: list[bytes] = []
    drawn: list[str] = []
    for held in pages:
        if isinstance(held, str):
            drawn.append(f"BT /F1 12 Tf 20 100 Td ({held}) Tj ET")
            continue
        said = {"Filter": "/DCTDecode"} if held.startswith(b"\xff\xd8\xff") else image
        images.append(stream(held, **{**size, **plain, **said}))
        drawn.append(f"200 0 0 100 50 50 cm /X{len(images)} Do")
    return drawn_pdf(*drawn, objects=images)


def drawn_pdf(*pages: str, box: str = "0 0 300 200", objects: Sequence[bytes] = ()) -> bytes:
    """A document whose pages are drawn so, with ``objects`` called X1, X2 and so on."""
    return _document(_pages(*(page.encode("latin-1") for page in pages), box=box, objects=objects))


def stream(held: bytes, **fields: object) -> bytes:
    """An object of a document that holds bytes."""
    said = " ".join(f"/{name} {value}" for name, value in fields.items())
    return f"<< {said} /Length {len(held)} >>\nstream\n".encode() + held + b"\nendstream"


def _pages(*pages: bytes, box: str = "0 0 300 200", objects: Sequence[bytes] = ()) -> list[bytes]:
    first = 4 + len(objects)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    names = " ".join(f"/X{number + 1} {4 + number} 0 R" for number in range(len(objects)))
    resources = f"/Resources << /Font << /F1 3 0 R >> /XObject << {names} >> >>"
    made = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *objects,
    ]
    for number, page in enumerate(pages):
        contents = f"/Contents {first + 1 + 2 * number} 0 R"
        made.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] {resources} {contents} >>".encode())
        made.append(stream(page))
    return made


def _document(objects: Sequence[bytes], trailer: str = "") -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, held in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + held + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
