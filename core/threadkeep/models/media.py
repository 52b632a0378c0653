"""What besides text a model takes, and how that goes over the wire.

Documented at https://platform.openai.com/docs/guides/images-vision, .../pdf-files and .../audio.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from typing import Final, get_args

from threadkeep.errors import ConfigError
from threadkeep.messages import File, Message, Role
from threadkeep.models.base import Media
from threadkeep.models.payloads import JsonObject

_KNOWN: Final = frozenset(get_args(Media))
_HEARS: Final = re.compile(r"gpt-(?:[\w.]+-)?audio\b")
_SEES_PAGES: Final = re.compile(r"(?:chatgpt-4o|gpt-4o|gpt-4\.[15]|gpt-[5-9]|o1(?!-mini)|o3(?!-mini)|o4)\b")
_SEES: Final = re.compile(
    r"claude|gemini|gemma-?[34]|llava|bakllava|llama-?(?:3\.2-vision|4)|pixtral|minicpm-v|moondream|vision|[-_]vl\b|vl[-:]"
)
_FROM_TOOLS: Final = "[These are the files of the tools' results above, in their order. Nobody said this.]"
_FORMATS: Final = {"audio/wav": "wav", "audio/mpeg": "mp3"}


def usual_media(model_id: str) -> frozenset[Media]:
    """Give what a model of a name is known to take; nothing for names that tell nothing."""
    name = model_id.lower().rpartition("/")[2]
    if _HEARS.match(name):
        return frozenset({"audio"})
    if _SEES_PAGES.match(name):
        return frozenset({"image", "pdf"})
    return frozenset({"image"}) if _SEES.search(name) else frozenset()


def checked_media(takes: Collection[Media]) -> frozenset[Media]:
    """Give what a program says that a model takes.

    Raises:
        ConfigError: A word is none of them.
    """
    unknown = sorted({takes} if isinstance(takes, str) else set(takes) - _KNOWN)
    if unknown:
        raise ConfigError(f'takes must be some of "image", "pdf" and "audio", as in takes=("image",), got {unknown}')
    return frozenset(takes)


def chat_messages(messages: Sequence[Message]) -> Iterator[Message]:
    """Give messages in a form that Chat Completions takes: there a tool gives text alone.

    Its files follow in a message of the user, which says whose they are, after the last result of the same answer.
    """
    waiting: list[File] = []
    for message in messages:
        if waiting and message.role is not Role.TOOL:
            yield _from_tools(waiting)
            waiting = []
        if message.role is Role.TOOL:
            waiting.extend(message.files)
        yield message
    if waiting:
        yield _from_tools(waiting)


def chat_content(message: Message) -> str | list[JsonObject]:
    """Give the content of a user's message on Chat Completions: plain text where it has no files."""
    if not message.files:
        return message.content
    words: list[JsonObject] = [{"type": "text", "text": message.content}] if message.content else []
    return [*words, *(_chat_part(file) for file in message.files)]


def response_content(message: Message) -> str | list[JsonObject]:
    """Give what a user said or a tool gave back on the Responses endpoint: plain text where it has no files."""
    if not message.files:
        return message.content
    words: list[JsonObject] = [{"type": "input_text", "text": message.content}] if message.content else []
    return [*words, *(_response_part(file) for file in message.files)]


def _from_tools(files: Sequence[File]) -> Message:
    # Their names stand in the results, in the same order.
    return Message(role=Role.USER, content=_FROM_TOOLS, files=tuple(files))


def _chat_part(file: File) -> JsonObject:
    if file.media_type in _FORMATS:
        audio = {"data": _base64(file), "format": _FORMATS[file.media_type]}
        return {"type": "input_audio", "input_audio": audio}
    if file.media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": _data_url(file)}}
    return {"type": "file", "file": {"filename": file.name, "file_data": _data_url(file)}}


def _response_part(file: File) -> JsonObject:
    if file.media_type.startswith("image/"):
        return {"type": "input_image", "image_url": _data_url(file), "detail": "auto"}
    return {"type": "input_file", "filename": file.name, "file_data": _data_url(file)}


def _data_url(file: File) -> str:
    return f"data:{file.media_type};base64,{_base64(file)}"


def _base64(file: File) -> str:
    return b64encode(file.data).decode("ascii")
