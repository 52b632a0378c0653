"""A request as the routes see it, read and parsed."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from threadkeep_emulators.discord.desk import Desk
from threadkeep_emulators.discord.errors import ApiError, invalid_form
from threadkeep_emulators.discord.forms import Upload
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import Payload
from threadkeep_emulators.discord.realm import Realm

_FILE_FIELD = re.compile(r"files?\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Be a request body: parsed JSON and the files that came with it."""

    data: Any = None
    uploads: tuple[Upload, ...] = ()

    @property
    def form(self) -> Payload:
        """Give the body as a form; a body of another shape is an empty one."""
        return self.data if isinstance(self.data, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """Be one call of the API."""

    desk: Desk
    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Body

    @property
    def realm(self) -> Realm:
        """Give the platform."""
        return self.desk.realm

    @property
    def form(self) -> Payload:
        """Give the body as a form."""
        return self.body.form

    def snowflake(self, name: str) -> Snowflake:
        """Give an id out of the path.

        Raises:
            ApiError: 50035 when it is no number.
        """
        return read_snowflake(name, self.path[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """Be what a call is answered with."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] | None = None


NO_CONTENT = ApiAnswer(status=204)
Handler = Callable[[ApiRequest], ApiAnswer]


def read_snowflake(name: str, text: str) -> Snowflake:
    """Read an id.

    Raises:
        ApiError: 50035 when it is no number.
    """
    if not text.isdecimal() or len(text) > 20:
        raise invalid_form(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return Snowflake(int(text))


async def read_body(request: web.Request) -> Body:
    """Read a JSON body, or a multipart one with its files.

    https://discord.com/developers/docs/reference#uploading-files

    Raises:
        ApiError: 50109 when the JSON is broken.
    """
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    text = await request.text()
    return Body(data=_parse(text) if text else None)


async def _read_multipart(request: web.Request) -> Body:
    data: Any = None
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read())
        found = _FILE_FIELD.fullmatch(part.name or "")
        if part.name == "payload_json":
            data = _parse(content.decode())
        elif found is not None:
            files[int(found[1])] = Upload(
                filename=part.filename or "file",
                content_type=part.headers.get("Content-Type", "application/octet-stream"),
                data=content,
            )
    return Body(data=data, uploads=tuple(files[index] for index in sorted(files)))


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
