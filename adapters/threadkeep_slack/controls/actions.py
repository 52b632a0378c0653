"""The ids and values of what stands under a reply, from which a press is understood in any process and at any time.

An ``action_id`` says what pressing means, a button's value what comes back with it, and where a form opens first, the
value holds the form as well: so nothing of a press must be looked up.
"""

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Final

from pydantic import TypeAdapter, ValidationError

from threadkeep.chat.elements import Button, Form

ELEMENT_ACTION: Final = "threadkeep"
"""Begins the ``action_id`` of what a reply offers; its number and the action follow: ``threadkeep:0:approve``."""

FORM_ACTION: Final = "threadkeep_form"
"""The same for a button that opens a form."""

STOP_ACTION: Final = "threadkeep_stop"
"""The ``action_id`` of the button that stops a run."""

FEEDBACK_ACTION: Final = "threadkeep_feedback"
"""The ``action_id`` of the two feedback buttons; the value is "1" or "-1"."""

LINK_ACTION: Final = "threadkeep_link"
"""The same for a button that leads elsewhere, of whose press Slack tells although nobody needs to know."""

ANY_ACTION: Final = re.compile(rf"^{ELEMENT_ACTION}(_form|_stop|_feedback|_link)?(:|$)")
"""All of them."""

_MOST_VALUE: Final = 2_000
_NUMBERED: Final = re.compile(rf"({ELEMENT_ACTION}|{FORM_ACTION}):\d{{1,3}}:(.+)", re.DOTALL)
_FORMS: Final[TypeAdapter[Form]] = TypeAdapter(Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a button means that opens a form.

    Attributes:
        value: What comes back with the press.
        form: What is filled in first.
    """

    value: str
    form: Form


def action_id(number: int, action: str, *, has_form: bool = False) -> str:
    """Give the ``action_id`` of an element.

    Args:
        number: Its place among the elements of the reply, since Slack wants each id once.
        action: Its action.
        has_form: Whether pressing it opens a form.
    """
    return f"{FORM_ACTION if has_form else ELEMENT_ACTION}:{number}:{action}"


def action_of(found: str) -> str | None:
    """Give the action of an ``action_id``; None if it is none of ours."""
    read = _NUMBERED.fullmatch(found)
    return None if read is None else read[2]


def opens_form(found: str) -> bool:
    """Tell whether an ``action_id`` is that of a button that opens a form."""
    return found.startswith(f"{FORM_ACTION}:")


def form_value(button: Button, form: Form) -> str:
    """Give the value of a button that opens a form.

    What stands in the form's fields at first is left out where it is too long for a button.
    """
    found = _write(button.value, form)
    if len(found) <= _MOST_VALUE:
        return found
    return _write(button.value, replace(form, fields=tuple(replace(field, initial="") for field in form.fields)))


def read_form_value(value: str) -> Meaning | None:
    """Read what ``form_value`` gave; None if it is something else."""
    try:
        content = json.loads(value)
        return Meaning(value=str(content["v"]), form=_FORMS.validate_python(content["f"]))
    except (ValueError, TypeError, KeyError, ValidationError):
        return None


def _write(value: str, form: Form) -> str:
    return json.dumps({"v": value, "f": asdict(form)}, ensure_ascii=False, separators=(",", ":"))
