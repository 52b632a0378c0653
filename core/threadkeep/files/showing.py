"""How a message with files is put to the model: its words, what stands in the files, and their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from threadkeep.chat.speakers import is_wrapped, neutralised
from threadkeep.files.kinds import kind_of
from threadkeep.messages import Attachment, File, Message, clean_text

_NAME_LENGTH: Final = 80
_LANGUAGE: Final = re.compile(r"[a-z0-9+#-]{1,12}")
_UNSAFE: Final = re.compile(r"[\[\]<>`*|\\]+")
_FENCE: Final = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


def with_files(message: Message, files: Mapping[str, Sequence[File]]) -> Message:
    """Give a message as the model is to see it.

    Args:
        message: What somebody said, with the files that stand in it.
        files: By id, what the model is shown of them besides text. Of others it sees the text, or the name alone.
    """
    blocks = [_block(attachment, has_file=attachment.id in files) for attachment in message.attachments]
    if is_wrapped(message.content):
        # Nor can a file speak under another's name.
        blocks = [neutralised(block) for block in blocks]
    shown = tuple(file for attachment in message.attachments for file in files.get(attachment.id, ()))
    content = "\n\n".join(part for part in (message.content, *blocks) if part)
    return replace(message, content=content, attachments=(), files=shown)


def shown_name(name: str) -> str:
    """Give the name of a file in one line, short, and without signs that mean something in Markdown."""
    line = " ".join(_UNSAFE.sub(" ", clean_text(name)).split())
    if len(line) <= _NAME_LENGTH:
        return line or "unnamed"
    suffix = PurePath(line).suffix[:10]
    return f"{line[: _NAME_LENGTH - len(suffix) - 1]}…{suffix}"


def _block(attachment: Attachment, *, has_file: bool) -> str:
    name, kind = shown_name(attachment.name), kind_of(attachment.media_type)
    if has_file and not attachment.text:
        return f"[{kind}: {name}]"
    if attachment.text:
        part = f", {attachment.note}" if attachment.note else ""
        fence = _fence(attachment.text)
        return f"[file: {name}{part}]\n{fence}{_language(attachment.name)}\n{attachment.text.rstrip()}\n{fence}"
    if attachment.note:
        return f"[{kind}: {name}, not read: {attachment.note}]"
    return f"[{kind}: {name}, shown earlier]"


def _fence(text: str) -> str:
    longest = max((len(found[1]) for found in _FENCE.finditer(text)), default=2)
    return "`" * (longest + 1)


def _language(name: str) -> str:
    suffix = PurePath(name).suffix.lstrip(".").lower()
    return suffix if _LANGUAGE.fullmatch(suffix) and suffix not in {"txt", "pdf"} else ""
