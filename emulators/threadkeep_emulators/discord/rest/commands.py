"""Application commands: https://discord.com/developers/docs/interactions/application-commands ."""

import re

from threadkeep_emulators.discord.errors import ApiError, FormErrors, missing_access
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import Payload

from .request import ApiAnswer, ApiRequest

_NAME = re.compile(r"[-_'\w]{1,32}")
_CHAT_INPUT = 1
_TYPES = frozenset({1, 2, 3})
_MOST_NAME = 32
_MOST_DESCRIPTION = 100
_MOST_COMMANDS = 100
_MOST_OPTIONS = 25
_OPTION_TYPES = frozenset(range(1, 12))
_INTEGRATION_TYPES = frozenset({0, 1})
_CONTEXTS = frozenset({0, 1, 2})


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
    _check_type(form, prefix, errors)
    if is_chat_input and not description:
        errors.required(f"{prefix}description")
    if len(description) > _MOST_DESCRIPTION:
        errors.too_long(f"{prefix}description", _MOST_DESCRIPTION)
    for name, choices in (("integration_types", _INTEGRATION_TYPES), ("contexts", _CONTEXTS)):
        if form.get(name) is not None and not (form[name] and set(form[name]) <= choices):
            text = f"Value must be one of {tuple(sorted(choices))}."
            errors.add(f"{prefix}{name}", "BASE_TYPE_CHOICES", text)
    _check_options(form.get("options") or [], prefix, errors)


def _check_type(form: Payload, prefix: str, errors: FormErrors) -> None:
    kind = form.get("type", _CHAT_INPUT)
    if kind not in _TYPES:
        errors.add(f"{prefix}type", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3).")
    if kind != _CHAT_INPUT and (form.get("description") or form.get("options")):
        text = "Only slash commands have descriptions and options"
        errors.add(f"{prefix}description", "APPLICATION_COMMAND_NOT_CHAT_INPUT", text)
    if len(str(form.get("name") or "")) > _MOST_NAME:
        errors.too_long(f"{prefix}name", _MOST_NAME)


def _check_options(options: list[Payload], prefix: str, errors: FormErrors) -> None:
    if len(options) > _MOST_OPTIONS:
        errors.too_long(f"{prefix}options", _MOST_OPTIONS)
    names = [str(option.get("name") or "") for option in options]
    if len(set(names)) < len(names):
        text = "Options must have unique names"
        errors.add(f"{prefix}options", "APPLICATION_COMMAND_OPTIONS_NAME_NOT_UNIQUE", text)
    is_optional_seen = False
    for position, option in enumerate(options):
        path = f"{prefix}options.{position}"
        if not _NAME.fullmatch(names[position]) or names[position] != names[position].lower():
            text = "Command name is invalid"
            errors.add(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", text)
        if not 1 <= len(str(option.get("description") or "")) <= _MOST_DESCRIPTION:
            errors.add(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        if option.get("type") not in _OPTION_TYPES:
            errors.add(f"{path}.type", "BASE_TYPE_CHOICES", f"Value must be one of {tuple(sorted(_OPTION_TYPES))}.")
        if option.get("required") and is_optional_seen:
            text = "Required options must be placed before non-required options"
            errors.add(path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        is_optional_seen = is_optional_seen or not option.get("required")


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
        "integration_types": [0],
        "contexts": None,
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
