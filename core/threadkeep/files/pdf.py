"""The text of PDFs, read in a process of its own that can be ended."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from pydantic import BaseModel, ValidationError

from threadkeep.errors import FileNotReadError
from threadkeep.messages import clean_text

_log = structlog.get_logger(__name__)

_PROGRAM: Final = Path(__file__).with_name("pdf_worker.py")
_AT_ONCE: Final = 2
_ENCRYPTED: Final = frozenset({"encrypted", "DependencyError", "WrongPasswordError", "FileNotDecryptedError"})


class _Found(BaseModel):
    pages: int = 0
    texts: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfText:
    """What was read of a PDF.

    Attributes:
        text: The text of the pages that were read.
        pages: How many pages it has.
        pages_read: How many of them were read.
    """

    text: str
    pages: int
    pages_read: int


class PdfTexts:
    """Read PDFs, two at a time in each event loop."""

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def read(self, data: bytes, *, most_pages: int, most_characters: int, seconds: float) -> PdfText:
        """Read the text of a PDF.

        Args:
            data: Its bytes.
            most_pages: How many of its pages to read.
            most_characters: After so many characters no further page is read.
            seconds: How long it may take.

        Raises:
            FileNotReadError: It is encrypted, damaged, has no text, or takes too long.
        """
        limits = (most_pages, most_characters, max(1, round(seconds)))
        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
        try:
            async with asyncio.timeout(seconds), turns:
                output = await _run(data, *(str(limit) for limit in limits))
            found = _Found.model_validate(json.loads(output))
        except TimeoutError:
            raise FileNotReadError("its text takes too long to read") from None
        except (OSError, ValueError, ValidationError) as error:
            # The process was ended by a limit, or could not be started.
            _log.warning("pdf_not_read", error=type(error).__name__)
            raise FileNotReadError("the PDF cannot be read") from error
        return _checked(found)


def _checked(found: _Found) -> PdfText:
    if found.error is not None:
        is_encrypted = found.error in _ENCRYPTED
        raise FileNotReadError("the PDF is encrypted" if is_encrypted else "the PDF is damaged")
    text = clean_text("\n\n".join(text.strip() for text in found.texts if text.strip()))
    if not text:
        raise FileNotReadError("there is no text in the PDF; its pages are perhaps pictures")
    return PdfText(text=text, pages=found.pages, pages_read=len(found.texts))


async def _run(data: bytes, *arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(_PROGRAM),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate(data)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output
