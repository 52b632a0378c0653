"""What a tool gives back: text, data, images and other files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from threadkeep.messages import File, clean_text

LONGEST_RESULT: Final = 32_000
"""How many characters of a result the model is told."""
_UNNAMED: Final = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a call ended.

    Attributes:
        text: What the model is told.
        files: What it is shown besides.
        is_error: Whether the call failed.
        has_broken: Whether the tool itself has failed, so that the call may be made again.
    """

    text: str = ""
    files: tuple[File, ...] = ()
    is_error: bool = False
    has_broken: bool = False


def result_of(returned: object) -> Result:
    """Give what a tool returned as a result.

    A text is told as it is, a ``File`` or bytes are shown, anything else is told as JSON. A list or tuple with a file
    in it may hold all of these, and in JSON a name stands for each ``File``.

    Raises:
        ValueError: It has no JSON form.
    """
    if isinstance(returned, Result):
        return returned
    several = isinstance(returned, list | tuple) and any(_is_file(part) for part in returned)
    parts: Sequence[object] = returned if several and isinstance(returned, list | tuple) else (returned,)
    files: list[File] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, bytes):
            files.append(File(name=_UNNAMED, data=part))
        elif isinstance(part, File):
            files.append(part)
        else:
            texts.append(_text(_without_files(part, files)))
    return Result(text="\n".join(texts), files=tuple(files))


def bounded(text: str) -> str:
    """Give the text of a result as every model takes it: its beginning, with a note, where it is too long."""
    text = clean_text(text)
    if len(text) <= LONGEST_RESULT:
        return text
    return f"{text[:LONGEST_RESULT]}\n[cut: the first {LONGEST_RESULT} of {len(text)} characters are shown]"


def _is_file(value: object) -> bool:
    return isinstance(value, File | bytes)


def _without_files(value: object, files: list[File]) -> object:
    """Take the files out of data, and leave their names."""
    if isinstance(value, File):
        files.append(value)
        return value.name
    if isinstance(value, Mapping):
        return {name: _without_files(part, files) for name, part in value.items()}
    return [_without_files(part, files) for part in value] if isinstance(value, list | tuple) else value


def _text(value: object) -> str:
    # A tool exists only after its schema was made, so pydantic is loaded by now.
    from threadkeep.agent.tool_schema import result_text  # noqa: PLC0415

    return result_text(value)
