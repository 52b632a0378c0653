"""Images, files and audio in messages: what the API refuses of them, and what can be told of them.

Documented at https://platform.openai.com/docs/guides/images-vision, .../pdf-files and .../audio.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

from .checks import check_choice, require_object, require_text
from .errors import ApiError, missing, not_emulated, wrong_value
from .payloads import JsonObject, object_in, text_in
from .pictures import picture_size, picture_type

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>[A-Za-z0-9+/]*={0,2})", re.ASCII)
_DETAILS = ("auto", "low", "high", "original")
_FORMATS = ("wav", "mp3")
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_LARGEST_FILE = 50 * 1024 * 1024
_AUDIO_MODEL = re.compile(r"gpt-(?:[\w.]+-)?audio\b")


def check_chat_media(part: JsonObject, param: str, model: str) -> None:
    """Refuse an image, file or audio part of Chat Completions that is malformed; other parts are fine.

    Raises:
        ApiError: The API refuses it.
    """
    match part["type"]:
        case "image_url":
            image = _inner(part, "image_url", param)
            check_choice(image, "detail", _DETAILS)
            _check_image(image, "url", f"{param}.image_url")
        case "file":
            _check_file(_inner(part, "file", param), f"{param}.file")
        case "input_audio":
            _check_audio(_inner(part, "input_audio", param), f"{param}.input_audio", model)


def check_response_media(part: JsonObject, param: str) -> None:
    """Refuse an image, file or audio part of Responses that is malformed; other parts are fine.

    Raises:
        ApiError: The API refuses it.
    """
    match part["type"]:
        case "input_image":
            check_choice(part, "detail", _DETAILS)
            _check_image(part, "image_url", param)
        case "input_file":
            if part.get("file_url") is not None:
                raise not_emulated(f"{param}.file_url")
            _check_file(part, param)
        case "input_audio":
            raise wrong_value(f"{param}.type", "input_audio", "'input_text', 'input_image' and 'input_file'")


def described(part: JsonObject) -> str:
    """Tell in words what a part holds: "an image of 12x10 pixels"; empty for a part that is text."""
    kind = text_in(part.get("type")).removeprefix("input_")
    if kind in {"image", "image_url"}:
        held = part.get("image_url")
        data = _data(text_in(held) or text_in(object_in(held).get("url")))
        size = picture_size(data)
        return f"an image of {size[0]}x{size[1]} pixels" if size else "an image"
    if kind == "file":
        file = part if "file_data" in part else object_in(part.get("file"))
        pages = len(_PAGE.findall(_data(text_in(file.get("file_data")))))
        name = text_in(file.get("filename"))
        return f"a PDF of {pages} page{'' if pages == 1 else 's'}{f' called {name}' if name else ''}"
    if kind == "audio":
        audio = object_in(part.get("input_audio"))
        return f"{text_in(audio.get('format'))} audio of {len(_decoded(text_in(audio.get('data'))) or b'')} bytes"
    return ""


def _inner(part: JsonObject, name: str, param: str) -> JsonObject:
    if part.get(name) is None:
        raise missing(f"{param}.{name}")
    return require_object(part[name], f"{param}.{name}")


def _check_image(holder: JsonObject, name: str, param: str) -> None:
    if holder.get("file_id") is not None:
        raise not_emulated(f"{param}.file_id")
    url = require_text(holder.get(name), f"{param}.{name}", is_filled=True)
    if url.startswith(("http://", "https://")):
        raise not_emulated(f"{param}.{name}")
    media_type, data = _read_data_url(url, f"{param}.{name}")
    if not media_type.startswith("image/"):
        raise _invalid(f"{param}.{name}", "Expected an image.", "invalid_image_url")
    found = picture_type(data)
    if found is None or picture_size(data) is None:
        raise _invalid(
            f"{param}.{name}",
            "You uploaded an unsupported image. It must be a PNG, JPEG, WebP or GIF that does not move.",
            "invalid_image_format",
        )
    if found != media_type:
        raise _invalid(f"{param}.{name}", f"The image is {found}, not {media_type}.", "invalid_image_format")


def _check_file(file: Mapping[str, object], param: str) -> None:
    if file.get("file_id") is not None:
        raise not_emulated(f"{param}.file_id")
    name = require_text(file.get("filename"), f"{param}.filename", is_filled=True)
    media_type, data = _read_data_url(require_text(file.get("file_data"), f"{param}.file_data"), f"{param}.file_data")
    if media_type != "application/pdf" or not name.lower().endswith(".pdf"):
        raise not_emulated(f"{param}.file_data")
    if b"%PDF-" not in data[:1024] or len(data) > _LARGEST_FILE:
        raise _invalid(f"{param}.file_data", "The file is no PDF, or too large.", "invalid_file")


def _check_audio(audio: JsonObject, param: str, model: str) -> None:
    if not _AUDIO_MODEL.match(model):
        raise _invalid(param, f"The model {model} does not hear: input_audio needs an audio model.", "invalid_value")
    if audio.get("format") not in _FORMATS:
        raise wrong_value(f"{param}.format", audio.get("format"), "'wav' and 'mp3'")
    data = _decoded(require_text(audio.get("data"), f"{param}.data", is_filled=True))
    is_wav = data is not None and data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    is_mp3 = data is not None and (data[:3] == b"ID3" or (data[:1] == b"\xff" and len(data) > 1 and data[1] >= 0xE0))
    if not (is_wav if audio["format"] == "wav" else is_mp3):
        raise _invalid(f"{param}.data", f"The data is no {audio['format']} audio.", "invalid_value")


def _read_data_url(url: str, param: str) -> tuple[str, bytes]:
    found = _DATA_URL.fullmatch(url)
    data = None if found is None else _decoded(found["data"])
    if found is None or not data:
        raise _invalid(param, "Expected a base64-encoded data URL with a MIME type.", "invalid_value")
    return found["type"], data


def _data(url: str) -> bytes:
    found = _DATA_URL.fullmatch(url)
    return (_decoded(found["data"]) if found is not None else None) or b""


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _invalid(param: str, complaint: str, code: str) -> ApiError:
    return ApiError(f"Invalid '{param}'. {complaint}", param=param, code=code)
