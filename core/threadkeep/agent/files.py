"""The files of one run: those of the new messages are read, those of the shown history are shown again."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from threadkeep.chat.speakers import speaker_in
from threadkeep.errors import FileNotReadError
from threadkeep.files.kinds import kind_of
from threadkeep.files.reading import Fetch, FileReader, Reading, cut_to
from threadkeep.files.showing import shown_name, with_files
from threadkeep.messages import Attachment, File, Message, Role
from threadkeep.runs import FileNotRead

_AT_ONCE: Final = 4


class RunFiles:
    """Read and show the files of one run.

    Args:
        reader: Reads them.
        run_id: The run, which names files that a program gave.
        session_id: The conversation.
        fetch: Fetches files of people's messages; None where there is nowhere to fetch them from.
    """

    def __init__(self, reader: FileReader, *, run_id: str, session_id: str, fetch: Fetch | None) -> None:
        self._reader = reader
        self._run_id = run_id
        self._session_id = session_id
        self._fetch = fetch
        self._given: dict[str, File] = {}
        self._files: dict[str, File] = {}
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
            kept = await self._read(message, files_left)
            kept = tuple(_within(kept, text_left))
            files_left = max(0, files_left - len(kept))
            text_left -= sum(len(attachment.text) for attachment in kept)
            # What others said is context: nobody asks why something in it was not read.
            if speaker_in(message.content) == answered:
                self._report(kept)
            taken.append(replace(message, attachments=kept, files=()))
        return tuple(reversed(taken))

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
            if message.attachments and message.role is Role.USER:
                files = await self._loaded(message.attachments, room)
                room -= sum(len(file.data) for file in files.values())
                shown.append(with_files(message, files))
            else:
                shown.append(message)
        return tuple(reversed(shown))

    async def _read(self, message: Message, most: int) -> tuple[Attachment, ...]:
        attachments = (*message.attachments, *(self._reference(file) for file in message.files))
        turns = asyncio.Semaphore(_AT_ONCE)

        async def read(attachment: Attachment) -> Reading:
            async with turns:
                return await self._reader.read(attachment, self._fetched, session_id=self._session_id)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(attachment)) for attachment in attachments[:most]]
        readings = [task.result() for task in tasks]
        self._files |= {one.attachment.id: one.file for one in readings if one.file is not None}
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

    def _reference(self, file: File) -> Attachment:
        attachment = Attachment(
            id=f"{self._run_id}:{len(self._given)}", name=file.name, media_type=file.media_type, size=len(file.data)
        )
        self._given[attachment.id] = file
        return attachment

    async def _fetched(self, attachment: Attachment, *, most: int) -> File:
        given = self._given.get(attachment.id)
        if given is not None:
            return given
        if self._fetch is None:
            raise FileNotReadError("files cannot be read here")
        return await self._fetch(attachment, most=most)

    async def _loaded(self, attachments: Iterable[Attachment], room: int) -> dict[str, File]:
        found: dict[str, File] = {}
        for attachment in attachments:
            file = await self._load(attachment)
            if file is not None and len(file.data) <= room:
                room -= len(file.data)
                found[attachment.id] = file
        return found

    async def _load(self, attachment: Attachment) -> File | None:
        known = self._files.get(attachment.id)
        is_hidden = attachment.text or attachment.note or attachment.id in self._lost
        if known is not None or is_hidden or not self._reader.takes(kind_of(attachment.media_type)):
            return known
        reading = await self._reader.read(attachment, self._fetched, session_id=self._session_id)
        if reading.file is None:
            # It was shown when it was new; now its name has to do.
            self._lost.add(attachment.id)
            return None
        self._files[attachment.id] = reading.file
        return reading.file


def unread(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give messages without the bytes of their files, as they may be stored."""
    if not any(message.files for message in messages):
        return messages
    return tuple(_without_bytes(message) for message in messages)


def refused(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give messages whose files are not to be shown to the model again, since it refused the request that held them."""
    return tuple(
        replace(
            message,
            attachments=tuple(
                one if one.text or one.note else replace(one, note="the model's server refused the request with it")
                for one in message.attachments
            ),
        )
        if message.attachments
        else message
        for message in messages
    )


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
