"""Reading one file: fetch it, see what it is, and bring it into a form that the model takes."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final, Protocol

import structlog

from threadkeep.errors import FileNotReadError, PlatformError
from threadkeep.files.cache import FileCache
from threadkeep.files.kinds import FileKind, Sniffed, kind_of, sniff
from threadkeep.files.limits import FileLimits, too_large
from threadkeep.files.pdf import PICTURED, PdfTexts
from threadkeep.files.text import decoded
from threadkeep.messages import Attachment, File

_log = structlog.get_logger(__name__)

_NOT_TAKEN: Final = "the language model takes no "
_TAKEN_AS: Final = {FileKind.IMAGE: "image", FileKind.PDF: "pdf", FileKind.AUDIO: "audio"}


class Fetch(Protocol):
    """Fetches the bytes of an attachment from where they are."""

    async def __call__(self, attachment: Attachment, *, most: int) -> File:
        """Fetch a file of at most so many bytes.

        Raises:
            FileNotReadError: It is too large, gone, or not what it should be; the message says it to people.
            PlatformError: It cannot be fetched for another reason.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a file.

    Attributes:
        attachment: What is kept of it: its true type and its text, or why it was not read.
        files: What the model is to see of it: its bytes, or pictures of its pages.
    """

    attachment: Attachment
    files: tuple[File, ...] = ()


class FileReader:
    """Read the files that people post. It holds no conversation and may be used by many runs at the same time.

    Args:
        limits: How much is read.
        takes: What the model takes as it is: ``image``, ``pdf``, ``audio``.
        cache: Keeps what was read a moment ago.
    """

    def __init__(self, limits: FileLimits, *, takes: Collection[str], cache: FileCache | None = None) -> None:
        self.limits: Final = limits
        self.cache: Final = cache or FileCache()
        self._takes: Final = frozenset(takes)
        self._pdfs: Final = PdfTexts()

    def takes(self, kind: FileKind) -> bool:
        """Tell whether the model takes files of a kind as they are."""
        return _TAKEN_AS.get(kind) in self._takes

    def shows(self, attachment: Attachment) -> bool:
        """Tell whether the model is shown more of a file than its name and the text that was read."""
        if PICTURED in attachment.text:
            return _TAKEN_AS[FileKind.IMAGE] in self._takes
        # What the model of another agent did not take, this one may.
        is_open = not attachment.note or attachment.note.startswith(_NOT_TAKEN)
        return self.takes(kind_of(attachment.media_type)) and not attachment.text and is_open

    async def read(self, attachment: Attachment, fetch: Fetch, *, session_id: str) -> Reading:
        """Read a file; whatever goes wrong with it is noted in the attachment.

        Args:
            attachment: The file.
            fetch: Fetches it, where the cache does not have it.
            session_id: The conversation, apart from which nothing is shared.
        """
        if attachment.note or attachment.text:
            return Reading(attachment=attachment)
        try:
            file = await self._load(attachment, fetch, session_id=session_id)
            return await self._read(attachment, file)
        except FileNotReadError as problem:
            return Reading(attachment=replace(attachment, note=str(problem)))
        except PlatformError as problem:
            _log.warning("file_not_fetched", file=attachment.id, error=str(problem))
            return Reading(attachment=replace(attachment, note="it could not be fetched just now"))

    async def _load(self, attachment: Attachment, fetch: Fetch, *, session_id: str) -> File:
        """Give the bytes of a file, from the cache or from where they are.

        Raises:
            FileNotReadError: They cannot be had.
            PlatformError: They cannot be fetched now.
        """
        most = self.limits.max_bytes
        if attachment.size > most:
            raise too_large(most)
        found = self.cache.get(session_id, attachment.id)
        if found is not None:
            return found
        try:
            async with asyncio.timeout(self.limits.seconds):
                file = await fetch(attachment, most=most)
        except TimeoutError:
            raise FileNotReadError("it took too long to fetch") from None
        if len(file.data) > most:
            raise too_large(most)
        self.cache.put(session_id, attachment.id, file)
        return file

    async def _read(self, attachment: Attachment, file: File) -> Reading:
        if not file.data:
            raise FileNotReadError("it is empty")
        # Large texts and images are looked through byte by byte.
        found = await asyncio.to_thread(sniff, file.data)
        name = attachment.name or file.name
        known = replace(attachment, name=name, size=len(file.data))
        match found.kind:
            case FileKind.TEXT:
                text = await asyncio.to_thread(decoded, file.data)
                return Reading(attachment=_with_text(replace(known, media_type=found.media_type), text or ""))
            case FileKind.OTHER:
                raise FileNotReadError(self._reason_against(kind_of(attachment.media_type)))
            case kind if not self.takes(kind) and kind is not FileKind.PDF:
                raise FileNotReadError(self._reason_against(kind))
        if found.problem:
            raise FileNotReadError(found.problem)
        known = replace(known, media_type=found.media_type)
        if self.takes(found.kind):
            return Reading(attachment=known, files=(_for_model(name, found, file.data),))
        return await self._pdf_pages(known, file.data)

    def _reason_against(self, kind: FileKind) -> str:
        """Say why a file is not read, which is of a kind or said to be."""
        known = {FileKind.IMAGE: ("images", "PNG, JPEG, GIF and WebP"), FileKind.AUDIO: ("audio", "WAV and MP3")}
        if kind not in known:
            return "it is no image (PNG, JPEG, GIF, WebP), no PDF and no text"
        what, formats = known[kind]
        if not self.takes(kind):
            return f"{_NOT_TAKEN}{what}"
        return f"of {what} I read {formats} only"

    async def _pdf_pages(self, attachment: Attachment, data: bytes) -> Reading:
        limits = self.limits
        found = await self._pdfs.read(
            data,
            most_pages=limits.max_pages,
            most_characters=limits.max_text,
            seconds=limits.seconds,
            most_pictures=limits.max_page_images if self.takes(FileKind.IMAGE) else 0,
            most_bytes=limits.max_request_bytes // 2,
        )
        is_whole = found.pages_read == found.pages
        note = "" if is_whole else f"the first {found.pages_read} of {found.pages} pages"
        return Reading(attachment=replace(attachment, text=found.text, note=note), files=found.pictures)


def cut_to(attachment: Attachment, most: int) -> Attachment:
    """Give an attachment whose text has at most so many characters, with a note if that is not all of it."""
    length = len(attachment.text)
    if length <= most:
        return attachment
    if most <= 0:
        return replace(attachment, text="", note="there is too much text in the files")
    return replace(attachment, text=attachment.text[:most], note=f"the first {most:,} of {length:,} characters")


def _for_model(name: str, found: Sniffed, data: bytes) -> File:
    # Servers go by the ending of a PDF's name.
    if found.kind is FileKind.PDF and PurePath(name).suffix.lower() != ".pdf":
        name = f"{name}.pdf"
    return File(name=name, media_type=found.media_type, data=data)


def _with_text(attachment: Attachment, text: str) -> Attachment:
    return replace(attachment, text=text) if text.strip() else replace(attachment, note="it is empty")
