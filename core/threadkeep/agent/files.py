"""The files of one run: those of the new messages and of tools are read, those of the history are shown again."""

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from threadkeep.agent.request import Journal
from threadkeep.chat.speakers import speaker_in
from threadkeep.errors import FileNotReadError
from threadkeep.files.pdf import PICTURED
from threadkeep.files.reading import Fetch, FileReader, Reading, cut_to
from threadkeep.files.showing import shown_name, with_files
from threadkeep.messages import Attachment, File, Message
from threadkeep.runs import FileNotRead

_AT_ONCE: Final = 4
_REFUSED: Final = "the model's server refused the request with it"
_RESULT: Final = "result:"
"""What the id of a file begins with that a tool gave back; the run and the call follow."""
_FILE: Final = "file:"
"""What the name of the step begins with that keeps its bytes."""


class RunFiles:
    """Read and show the files of one run.

    Args:
        reader: Reads them.
        run_id: The run, which names files that a program gave.
        session_id: The conversation.
        fetch: Fetches files of people's messages; None where there is nowhere to fetch them from.
        journal: Keeps the files of tools as long as the run lasts.
    """

    def __init__(
        self, reader: FileReader, *, run_id: str, session_id: str, fetch: Fetch | None, journal: Journal | None = None
    ) -> None:
        self._reader = reader
        self._run_id = run_id
        self._session_id = session_id
        self._fetch = fetch
        self._journal = journal
        self._room = reader.limits.max_request_bytes
        self._given: dict[str, File] = {}
        self._files: dict[str, tuple[File, ...]] = {}
        self._lost: set[str] = set()
        self._not_read: list[FileNotRead] = []

    async def take(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Read the files of new messages; give the messages as they are to be kept."""
        if not any(message.attachments or message.files for message in messages):
            return messages
        files_left, text_left = self._reader.limits.max_files, self._reader.limits.max_text
        answered = speaker_in(messages[-1].content)
        taken: list[Message] = []
        for message in reversed(messages):
            kept = await self._read((*message.attachments, *self._references(message.files)), files_left)
            kept = tuple(_within(kept, text_left))
            files_left = max(0, files_left - len(kept))
            text_left -= sum(len(attachment.text) for attachment in kept)
            # What others said is context: nobody asks why something in it was not read.
            if speaker_in(message.content) == answered:
                self._report(kept)
            taken.append(replace(message, attachments=kept, files=()))
        return tuple(reversed(taken))

    async def keep(self, call: str, files: Sequence[File]) -> tuple[tuple[Attachment, ...], dict[str, str]]:
        """Read the files that a tool gave back; give references to them, and the steps that keep their bytes.

        Only what the model is shown as it is needs its bytes again. What is not read, the model is told.

        Args:
            call: The call.
            files: What it gave back.
        """
        if not files:
            return (), {}
        names = [f"{call}.{number}" for number in range(len(files))]
        own = f"{_RESULT}{self._run_id}:"
        references = [self._refer(own + name, file) for name, file in zip(names, files, strict=True)]
        read = _within(await self._read(references, self._reader.limits.max_files), self._reader.limits.max_text)
        attachments: list[Attachment] = []
        steps: dict[str, str] = {}
        for name, attachment in zip(names, read, strict=True):
            data = self._given[attachment.id].data
            if attachment.id not in self._files:
                attachments.append(attachment)
            elif len(data) > self._room:
                del self._files[attachment.id]
                attachments.append(replace(attachment, note="the tools have given too much for one answer"))
            else:
                self._room -= len(data)
                attachments.append(attachment)
                steps[f"{_FILE}{name}"] = b64encode(data).decode("ascii")
        return tuple(attachments), steps

    def read_for(self, reader: FileReader) -> None:
        """Read and show files from now on as another model takes them."""
        self._reader = reader

    def not_read(self) -> tuple[FileNotRead, ...]:
        """Give what was not read, or not whole, since the last call."""
        found, self._not_read = tuple(self._not_read), []
        return found

    async def show(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Give messages as the model is to see them, with the files that it takes; the newest files go first."""
        if not any(message.attachments for message in messages):
            return tuple(messages)
        room = self._reader.limits.max_request_bytes
        shown: list[Message] = []
        for message in reversed(messages):
            if message.attachments:
                files = await self._loaded(message.attachments, room)
                room -= sum(map(_size, files.values()))
                shown.append(with_files(message, files))
            else:
                shown.append(message)
        return tuple(reversed(shown))

    async def _read(self, attachments: Sequence[Attachment], most: int) -> tuple[Attachment, ...]:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def read(attachment: Attachment) -> Reading:
            async with turns:
                return await self._reader.read(attachment, self._fetched, session_id=self._session_id)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(attachment)) for attachment in attachments[:most]]
        readings = [task.result() for task in tasks]
        self._files |= {one.attachment.id: one.files for one in readings if one.files}
        beyond = f"I read at most {self._reader.limits.max_files} files at a time"
        return (
            *(reading.attachment for reading in readings),
            *(replace(attachment, note=attachment.note or beyond) for attachment in attachments[most:]),
        )

    def _report(self, attachments: Iterable[Attachment]) -> None:
        self._not_read += [
            FileNotRead(name=shown_name(one.name), reason=one.note, is_partial=bool(one.text))
            for one in attachments
            if one.note
        ]

    def _references(self, files: Iterable[File]) -> tuple[Attachment, ...]:
        return tuple(self._refer(f"{self._run_id}:{len(self._given)}", file) for file in files)

    def _refer(self, file_id: str, file: File) -> Attachment:
        self._given[file_id] = file
        return Attachment(id=file_id, name=file.name, media_type=file.media_type, size=len(file.data))

    async def _fetched(self, attachment: Attachment, *, most: int) -> File:
        given = self._given.get(attachment.id)
        if given is not None:
            return given
        if attachment.id.startswith(_RESULT):
            return self._recorded(attachment)
        if self._fetch is None:
            raise FileNotReadError("files cannot be read here")
        return await self._fetch(attachment, most=most)

    def _recorded(self, attachment: Attachment) -> File:
        """Give a file of a tool as an earlier attempt of this run has kept it."""
        steps = {} if self._journal is None else self._journal.steps
        kept = steps.get(f"{_FILE}{attachment.id.removeprefix(f'{_RESULT}{self._run_id}:')}")
        try:
            if kept is not None:
                return File(name=attachment.name, media_type=attachment.media_type, data=b64decode(kept, validate=True))
        except binascii.Error as error:
            raise FileNotReadError("it was not kept whole") from error
        raise FileNotReadError("it was shown earlier")

    async def _loaded(self, attachments: Iterable[Attachment], room: int) -> dict[str, tuple[File, ...]]:
        found: dict[str, tuple[File, ...]] = {}
        for attachment in attachments:
            files = await self._load(attachment)
            if files and _size(files) <= room:
                room -= _size(files)
                found[attachment.id] = files
        return found

    async def _load(self, attachment: Attachment) -> tuple[File, ...]:
        if attachment.id in self._lost or not self._reader.shows(attachment):
            return ()
        known = self._files.get(attachment.id)
        if known is not None:
            return known
        bare = replace(attachment, text="", note="")
        reading = await self._reader.read(bare, self._fetched, session_id=self._session_id)
        if not reading.files:
            # It was shown when it was new; now its name and text have to do.
            self._lost.add(attachment.id)
            return ()
        self._files[attachment.id] = reading.files
        return reading.files


def unread(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give messages without the bytes of their files, as they may be stored."""
    if not any(message.files for message in messages):
        return messages
    return tuple(_without_bytes(message) for message in messages)


def refused(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give messages whose files are not to be shown to the model again, since it refused the request that held them."""
    return tuple(
        replace(message, attachments=tuple(_refused(one) for one in message.attachments))
        if message.attachments
        else message
        for message in messages
    )


def _refused(attachment: Attachment) -> Attachment:
    if attachment.text:
        return replace(attachment, text=attachment.text.replace(PICTURED, f"[{_REFUSED}]"))
    return attachment if attachment.note else replace(attachment, note=_REFUSED)


def _size(files: Iterable[File]) -> int:
    return sum(len(file.data) for file in files)


def _without_bytes(message: Message) -> Message:
    references = tuple(
        Attachment(id="", name=file.name, media_type=file.media_type, size=len(file.data)) for file in message.files
    )
    return replace(message, attachments=(*message.attachments, *references), files=())


def _within(attachments: Iterable[Attachment], most: int) -> Iterable[Attachment]:
    for attachment in attachments:
        cut = cut_to(attachment, most)
        most -= len(cut.text)
        yield cut
