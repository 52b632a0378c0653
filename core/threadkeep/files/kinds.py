"""What a file is, told by its bytes: neither its name nor the type that somebody declares is trusted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from threadkeep.files.images import has_several_frames, image_size
from threadkeep.files.text import decoded

_PDF_WITHIN: Final = 1_024
_BEFORE_PDF: Final = b"\xef\xbb\xbf\x00\t\n\r\x0c "
_LAYER_III: Final = 1


class FileKind(StrEnum):
    """What a file is to a model."""

    IMAGE = "image"
    PDF = "PDF"
    AUDIO = "audio"
    TEXT = "text"
    OTHER = "file"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the bytes of a file say that it is.

    Attributes:
        kind: What it is to a model.
        media_type: Its true media type.
        problem: Why no model would take it although it is of such a kind; empty if nothing is wrong.
    """

    kind: FileKind
    media_type: str
    problem: str = ""


def sniff(data: bytes) -> Sniffed:
    """Tell what some bytes are."""
    image_type = _image_type(data)
    if image_type is not None:
        return Sniffed(FileKind.IMAGE, image_type, _image_problem(data, image_type))
    if data[:_PDF_WITHIN].lstrip(_BEFORE_PDF).startswith(b"%PDF-"):
        return Sniffed(FileKind.PDF, "application/pdf")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Sniffed(FileKind.AUDIO, "audio/wav")
    if _is_mp3(data):
        return Sniffed(FileKind.AUDIO, "audio/mpeg")
    if decoded(data) is not None:
        return Sniffed(FileKind.TEXT, "text/plain")
    return Sniffed(FileKind.OTHER, "application/octet-stream")


def kind_of(media_type: str) -> FileKind:
    """Give the kind of a media type, as far as it tells: what is declared before a file was read may be wrong."""
    if media_type == "application/pdf":
        return FileKind.PDF
    family = media_type.partition("/")[0]
    return {"image": FileKind.IMAGE, "audio": FileKind.AUDIO, "text": FileKind.TEXT}.get(family, FileKind.OTHER)


def _image_type(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _image_problem(data: bytes, image_type: str) -> str:
    # A server that cannot read an image refuses the whole request, and with it the question.
    size = image_size(data)
    if size is None or 0 in size:
        return "the image is damaged"
    return "it is an animated GIF" if image_type == "image/gif" and has_several_frames(data) else ""


def _is_mp3(data: bytes) -> bool:
    if data.startswith(b"ID3"):
        return True
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer = (data[1] >> 3) & 3, (data[1] >> 1) & 3
    bitrate, rate = data[2] >> 4, (data[2] >> 2) & 3
    # The values left out are reserved; the second byte of a UTF-16 mark is none of layer III.
    return layer == _LAYER_III and version != 1 and bitrate not in {0, 15} and rate != 3
