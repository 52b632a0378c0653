"""Application commands: https://discord.com/developers/docs/interactions/application-commands ."""

import re

from threadkeep_emulators.discord.errors import ApiError, FormErrors, missing_access
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import Payload

from .request import ApiAnswer, ApiRequest

_NAME = re.compile(r"[-_'\w]{1,32}")
_CHAT_INPUT = 1
_MOST_DESCRIPTION = 100
_MOST_COMMANDS = 100


def list_commands(request: ApiRequest) -> ApiAnswer:
    """List the commands of the application, everywhere or in one guild."""
    return ApiAnswer(body=request.realm.world.commands.get(_place(request), []))


def overwrite_commands(request: ApiRequest) -> ApiAnswer:
    """Replace all commands.

    https://discord.com/developers/docs/interactions/application-commands#bulk-overwrite-global-application-commands
    """
    place = _place(request)
    forms = request.body.data if isinstance(request.body.data, list) else []
    errors = FormErrors()
    if len(forms) > _MOST_COMMANDS:
        errors.too_long("", _MOST_COMMANDS)
    for position, form in enumerate(forms):
        _check(form, f"{position}", errors)
    errors.raise_if_any()
    known = {command["name"]: command for command in request.realm.world.commands.get(place, [])}
    commands = [_register(request, place, form, known) for form in forms]
    request.realm.world.commands[place] = commands
    request.realm.bell.ring()
    return ApiAnswer(body=commands)


def create_command(request: ApiRequest) -> ApiAnswer:
    """Register one command, in the place of another of its name."""
    place = _place(request)
    errors = FormErrors()
    _check(request.form, "", errors)
    errors.raise_if_any()
    commands = request.realm.world.commands.setdefault(place, [])
    known = {command["name"]: command for command in commands}
    command = _register(request, place, request.form, known)
    commands[:] = [one for one in commands if one["name"] != command["name"]] + [command]
    request.realm.bell.ring()
    return ApiAnswer(status=200 if command["name"] in known else 201, body=command)


def _check(form: Payload, path: str, errors: FormErrors) -> None:
    prefix = f"{path}." if path else ""
    name = str(form.get("name") or "")
    is_chat_input = form.get("type", _CHAT_INPUT) == _CHAT_INPUT
    if not name:
        errors.required(f"{prefix}name")
    elif is_chat_input and (not _NAME.fullmatch(name) or name != name.lower()):
        text = "Command name is invalid"
        errors.add(f"{prefix}name", "APPLICATION_COMMAND_INVALID_NAME", text)
    description = str(form.get("description") or "")
    if is_chat_input and not description:
        errors.required(f"{prefix}description")
    if len(description) > _MOST_DESCRIPTION:
        errors.too_long(f"{prefix}description", _MOST_DESCRIPTION)


def _register(request: ApiRequest, place: Snowflake | None, form: Payload, known: dict[str, Payload]) -> Payload:
    before = known.get(form["name"])
    ids = request.realm.ids
    command: Payload = {
        "id": str(ids.snowflake()) if before is None else before["id"],
        "application_id": str(request.realm.application.id),
        "version": str(ids.snowflake()),
        "type": _CHAT_INPUT,
        "default_member_permissions": None,
        "dm_permission": True,
        "nsfw": False,
        "options": [],
    }
    if place is not None:
        command["guild_id"] = str(place)
    return command | form


def _place(request: ApiRequest) -> Snowflake | None:
    if request.snowflake("application_id") != request.realm.application.id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild_id" not in request.path:
        return None
    guild_id = request.snowflake("guild_id")
    if guild_id not in request.realm.world.guilds:
        raise missing_access()
    return guild_id
