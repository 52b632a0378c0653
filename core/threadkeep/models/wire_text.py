"""What both endpoints need of the parts of a message: ids, names and arguments that a server does not refuse."""

import json
import re
from typing import Final

from threadkeep.messages import ToolCall
from threadkeep.models.payloads import is_object

_LONGEST_NAME: Final = 64
_LONGEST_CALL_ID: Final = 40
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_-]")


def wire_name(call: ToolCall) -> str:
    """Give the name of a called tool as a server takes it.

    A model may invent a name that its server refuses to read again; one such call must not make every later request
    of the session fail.
    """
    return _FOREIGN.sub("_", call.name)[:_LONGEST_NAME] or "unknown"


def wire_arguments(call: ToolCall) -> str:
    """Give the arguments of a call: those of the model, or ``{}`` where it did not write a JSON object.

    Some servers parse the arguments of past calls and refuse a request in which one is malformed.
    """
    try:
        is_readable = is_object(json.loads(call.arguments))
    except ValueError:
        is_readable = False
    return call.arguments if is_readable else "{}"


def wire_call_id(call_id: str | None) -> str:
    """Give the id of a call, cut to the length that the strictest endpoint takes."""
    return (call_id or "unknown")[-_LONGEST_CALL_ID:]
