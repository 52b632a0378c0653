"""What a server's tool gives back, as text and files for the model, and as files for the people."""

import base64
import binascii
import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from mcp.types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from threadkeep.agent.context import RunContext
from threadkeep.agent.tool_results import Result
from threadkeep.errors import ToolError
from threadkeep.files.kinds import FileKind, sniff
from threadkeep.files.limits import in_words
from threadkeep.files.showing import shown_name
from threadkeep.files.text import decoded
from threadkeep.messages import File

_MOST_FILES: Final = 10
_MOST_BYTES: Final = 10 * 1024 * 1024
_SUFFIXES: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
}


async def read_result(result: CallToolResult, context: RunContext, *, most: int) -> Result:
    """Give what the model is told and shown of a result. Images and other files are posted into the conversation, too.

    Args:
        result: The result.
        context: The call.
        most: How many characters the model is told at most.

    Raises:
        ToolError: The tool says that it failed.
    """
    if result.is_error:
        said = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
        raise ToolError(cut(said, most) or "the tool failed without saying why")
    posting = _Posting(context)
    parts = [await _block_text(block, posting) for block in result.content]
    if result.structured_content is not None and not _is_told(result.structured_content, result.content):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":")))
    text = cut("\n".join(part for part in parts if part), most) or "[the tool gave nothing back]"
    return Result(text=text, files=tuple(posting.files))


def cut(text: str, most: int) -> str:
    """Give a text, or its beginning with a note where it is too long."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[cut: the first {most} of {len(text)} characters are shown]"


class _Posting:
    """Posts the files of one result, a few at most.

    Attributes:
        files: These files, for the model.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.files: list[File] = []

    async def post(self, name: str, encoded: str) -> str:
        """Post a file and give what the model is told of it; a text is told itself."""
        if len(encoded) > 4 * _MOST_BYTES // 3 + 4:
            return f"[a file of about {in_words(3 * len(encoded) // 4)}, which is too large]"
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return "[a file that cannot be read]"
        found = sniff(data)
        if found.kind is FileKind.TEXT:
            return decoded(data) or ""
        shown = _named(name, found.media_type)
        if len(self.files) >= _MOST_FILES:
            return f"[{found.kind}: {shown}, left out: too many files]"
        file = File(name=shown, media_type=found.media_type, data=data)
        self.files.append(file)
        try:
            await self._context.send_file(file)
        except ToolError as error:
            return f"[{found.kind}: {shown}, not posted into the conversation: {error}]"
        return f"[{found.kind}: {shown}, posted into the conversation]"


async def _block_text(block: ContentBlock, posting: _Posting) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ImageContent | AudioContent):
        return await posting.post(block.type, block.data)
    if isinstance(block, ResourceLink):
        about = f": {block.description}" if block.description else ""
        return f"[resource {block.title or block.name}, {block.uri}{about}]"
    return await _resource_text(block, posting)


async def _resource_text(block: EmbeddedResource, posting: _Posting) -> str:
    resource = block.resource
    if isinstance(resource, TextResourceContents):
        return f"[resource {resource.uri}]\n{resource.text}"
    name = PurePosixPath(urlsplit(resource.uri).path).name
    return await posting.post(name or "resource", resource.blob)


def _named(name: str, media_type: str) -> str:
    plain, suffix = shown_name(name), _SUFFIXES.get(media_type, "")
    return plain if not suffix or PurePosixPath(plain).suffix.lower() == suffix else plain + suffix


def _is_told(structured: object, content: Sequence[ContentBlock]) -> bool:
    """Tell whether the text says the same as the structured content, as most servers do for older clients."""
    texts = [block.text for block in content if isinstance(block, TextContent)]
    values: list[object] = [structured]
    if isinstance(structured, dict) and len(structured) == 1:
        # A server wraps what is no object, under a name of its own.
        values.extend(structured.values())
    whole = "\n".join(texts)
    return any(value in (whole, _parsed(texts), *_parsed([whole])) for value in values)


def _parsed(texts: Sequence[str]) -> list[object]:
    found: list[object] = []
    for text in texts:
        try:
            found.append(json.loads(text))
        except ValueError:
            found.append(text)
    return found
