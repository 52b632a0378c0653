"""Arguments of Web API calls, which come as JSON, as forms or in the address, read into Python values."""

import json
from base64 import b64decode
from typing import Any

from aiohttp import web

from .problems import SlackError, invalid_arguments
from .wire import Payload

_TRUE = frozenset({"1", "true", "True", "yes"})
_FALSE = frozenset({"0", "false", "False", "no", ""})


class Arguments:
    """Read the arguments of one call by name and type.

    Every reader raises ``invalid_arguments`` when the value is there and is not of its type.
    """

    def __init__(self, values: Payload) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        """Give a string, or None if the argument is missing."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        raise invalid_arguments(f"must be a string [json-pointer:/{name}]")

    def required(self, name: str) -> str:
        """Give a string that may not be missing or empty."""
        value = self.text(name)
        if not value:
            raise invalid_arguments(f"missing required field: {name} [json-pointer:/{name}]")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a boolean, however it is spelled."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        if str(value) in _TRUE | _FALSE:
            return str(value) in _TRUE
        raise invalid_arguments(f"must be a boolean [json-pointer:/{name}]")

    def number(self, name: str, *, default: int) -> int:
        """Give an integer."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise SlackError("invalid_limit" if name == "limit" else "invalid_arguments") from None

    def structure(self, name: str, *, error: str) -> Any:
        """Give a nested value, which in forms is a string of JSON.

        Args:
            name: The argument.
            error: The code for what is not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise SlackError(error) from None


async def read_arguments(request: web.Request) -> tuple[Payload, str | None]:
    """Read a request's arguments and its token.

    A JSON body may not hold the token; a form and the address may
    (https://docs.slack.dev/apis/web-api/#methods_supporting_json).

    Raises:
        SlackError: ``invalid_json``, ``json_not_object`` or ``invalid_post_type``.
    """
    values: Payload = dict(request.query)
    body_token: str | None = values.pop("token", None)
    if request.can_read_body or request.content_type == "application/json":
        if request.content_type == "application/json":
            values |= _decode_object(await request.text())
        elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            values |= dict(await request.post())
            body_token = values.pop("token", body_token)
        else:
            raise SlackError("invalid_post_type")
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        return values | _read_credentials(header), body_token
    if header.startswith("Bearer "):
        return values, header.removeprefix("Bearer ").strip()
    return values, body_token


def _read_credentials(header: str) -> Payload:
    """Read the app's credentials, which the methods of OAuth prefer in the header."""
    try:
        given = b64decode(header.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        raise SlackError("invalid_client_id") from None
    client_id, _, client_secret = given.partition(":")
    return {"client_id": client_id, "client_secret": client_secret}


def _decode_object(text: str) -> Payload:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value
