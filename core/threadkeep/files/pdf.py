"""The text of PDFs and pictures of their pages, read in a process of its own that can be ended."""

import asyncio
import binascii
import sys
from base64 import b64decode
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from pydantic import BaseModel, ValidationError

from threadkeep.errors import FileNotReadError
from threadkeep.files.kinds import FileKind, sniff
from threadkeep.messages import File, clean_text

_log = structlog.get_logger(__name__)

_PROGRAM: Final = Path(__file__).with_name("pdf_worker.py")
_AT_ONCE: Final = 2

PICTURED: Final = "[a picture of the page is shown]"
"""What stands in the text of a PDF where the model is shown a picture of a page, after the text of the page."""


class _Line(BaseModel):
    pages: int = 0
    text: str | None = None
    is_drawn: bool = False
    page: int = 0
    picture: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfText:
    """What was read of a PDF.

    Attributes:
        text: The text of the pages that were read.
        pages: How many pages it has.
        pages_read: How many of them were read.
        pictures: Those of pages that have more than text, in order.
    """

    text: str
    pages: int
    pages_read: int
    pictures: tuple[File, ...] = field(default=(), repr=False)


class PdfTexts:
    """Read PDFs, two at a time in each event loop."""

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def read(
        self,
        data: bytes,
        *,
        most_pages: int,
        most_characters: int,
        seconds: float,
        most_pictures: int = 0,
        most_bytes: int = 0,
    ) -> PdfText:
        """Read the text of a PDF, and pictures of its pages that have none, or drawings and images beside it.

        Args:
            data: Its bytes.
            most_pages: How many of its pages to read.
            most_characters: After so many characters no further page is read.
            seconds: How long it may take; what was read until then counts.
            most_pictures: How many pages are shown as pictures; the first one without text beyond them ends what is
                read. 0 shows none.
            most_bytes: How many bytes the pictures may have together, in the same way.

        Raises:
            FileNotReadError: It is encrypted, damaged, has nothing to read, or takes too long.
        """
        limits = (most_pages, most_characters, max(1, round(seconds)), most_pictures, most_bytes)
        loop = asyncio.get_running_loop()
        turns = self._turns.setdefault(loop, asyncio.Semaphore(_AT_ONCE))
        deadline = loop.time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                await turns.acquire()
        except TimeoutError:
            raise _too_long() from None
        try:
            output = await _run(data, *(str(limit) for limit in limits), deadline=deadline)
        except OSError as error:
            _log.warning("pdf_not_read", error=type(error).__name__)
            raise FileNotReadError("the PDF cannot be read") from error
        finally:
            turns.release()
        return await asyncio.to_thread(_checked, output, is_late=loop.time() >= deadline)


def _checked(output: bytes, *, is_late: bool) -> PdfText:
    """Give what was found, as far as the program came before a limit ended it."""
    try:
        # The last line may have been cut off.
        found = [_Line.model_validate_json(line) for line in output.split(b"\n")[:-1]]
    except ValidationError:
        found = []
    if not found:
        _log.warning("pdf_not_read", error="no output")
        raise _too_long() if is_late else FileNotReadError("the PDF cannot be read")
    if (error := found[0].error) is not None:
        raise FileNotReadError(f"the PDF is {error}")
    pages = [line for line in found if line.text is not None]
    answered = {line.page: line.picture for line in found if line.picture is not None}
    read = _count_read(pages, answered)
    pictures = {
        number: picture
        for number, held in answered.items()
        if number < read and (picture := _picture(number, held)) is not None
    }
    texts = [
        "\n".join(part for part in (_text_of(page).strip(), PICTURED if number in pictures else "") if part)
        for number, page in enumerate(pages[:read])
    ]
    text = clean_text("\n\n".join(text for text in texts if text))
    if not text:
        raise (
            _too_long() if is_late else FileNotReadError("there is no text in the PDF; its pages are perhaps pictures")
        )
    shown = tuple(pictures[number] for number in sorted(pictures))
    return PdfText(text=text, pages=found[0].pages, pages_read=read, pictures=shown)


def _count_read(pages: Sequence[_Line], answered: Collection[int]) -> int:
    """Give how many pages were read: up to the first without text whose picture was not made any more."""
    for number, page in enumerate(pages):
        if page.is_drawn and number not in answered and not _text_of(page).strip():
            return number
    return len(pages)


def _text_of(page: _Line) -> str:
    return page.text or ""


def _too_long() -> FileNotReadError:
    return FileNotReadError("its text takes too long to read")


def _picture(number: int, held: str) -> File | None:
    try:
        data = b64decode(held, validate=True)
    except binascii.Error:
        return None
    found = sniff(data)
    # What its server cannot read would cost the whole question.
    if found.kind is not FileKind.IMAGE or found.problem:
        return None
    return File(name=f"page {number + 1}", media_type=found.media_type, data=data)


async def _run(data: bytes, *arguments: str, deadline: float) -> bytes:
    """Give what the program wrote until it ended, or was ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(_PROGRAM),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    talk = asyncio.create_task(process.communicate(data))
    try:
        await asyncio.wait({talk}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    finally:
        if process.returncode is None:
            process.kill()
        output, _ = await talk
    return output
