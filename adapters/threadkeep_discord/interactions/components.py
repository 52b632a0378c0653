"""Elements as Discord's components: https://discord.com/developers/docs/components/reference ."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import structlog

from threadkeep.chat.elements import Button, ButtonStyle, Element, Elements, Form, Select, TextField
from threadkeep_discord.interactions.custom_ids import FORM_MARK_LENGTH, Meaning, write_custom_id
from threadkeep_discord.limits import BUTTONS_IN_ROW, ROWS

_log = structlog.get_logger(__name__)

_ROW: Final = 1
_BUTTON: Final = 2
_STRING_SELECT: Final = 3
_TEXT_INPUT: Final = 4
_LABEL: Final = 18
_LINK_STYLE: Final = 5
_STYLES: Final = {ButtonStyle.PLAIN: 2, ButtonStyle.PRIMARY: 1, ButtonStyle.DANGER: 4}
_LONGEST_INITIAL: Final = 4_000

Payload = dict[str, Any]


def rows_of(elements: Elements) -> list[Payload]:
    """Give elements in rows: up to five buttons in one, a select alone. What has no room is left out, and logged."""
    rows: list[list[Payload]] = []
    is_open = False
    for position, element in enumerate(elements):
        component = _component(element, position)
        if isinstance(element, Select):
            rows.append([component])
            is_open = False
        elif is_open and len(rows[-1]) < BUTTONS_IN_ROW:
            rows[-1].append(component)
        else:
            rows.append([component])
            is_open = True
    if len(rows) > ROWS:
        _log.warning("discord_elements_left_out", count=sum(map(len, rows[ROWS:])))
    return [{"type": _ROW, "components": row} for row in rows[:ROWS]]


def modal_of(form: Form, custom_id: str) -> Payload:
    """Give a form as a modal; its id is that of the button that opens it, so that it means the same."""
    return {"title": form.title, "custom_id": custom_id, "components": [_field(field) for field in form.fields]}


def form_mark(form: Form) -> str:
    """Give the mark of a form: the same for the same form."""
    text = json.dumps(asdict(form), sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
    return urlsafe_b64encode(digest).decode()[:FORM_MARK_LENGTH]


def ids_in(rows: Sequence[Payload]) -> list[str]:
    """Give what tells one set of components from another."""
    return [str(part.get("custom_id") or part.get("url")) for row in rows for part in row.get("components") or ()]


def _component(element: Element, position: int) -> Payload:
    if isinstance(element, Select):
        return {
            "type": _STRING_SELECT,
            "custom_id": write_custom_id(Meaning(action=element.action), position),
            "placeholder": element.label,
            "options": [{"label": option.label, "value": option.value} for option in element.options],
        }
    if element.url is not None:
        return {"type": _BUTTON, "style": _LINK_STYLE, "label": element.label, "url": element.url}
    return {
        "type": _BUTTON,
        "style": _STYLES[element.style],
        "label": element.label,
        "custom_id": write_custom_id(_meaning(element), position),
    }


def _meaning(button: Button) -> Meaning:
    form = "" if button.form is None else form_mark(button.form)
    return Meaning(action=button.action, value=button.value, form=form)


def _field(field: TextField) -> Payload:
    text_input: Payload = {
        "type": _TEXT_INPUT,
        "custom_id": field.name,
        "style": 2 if field.is_long else 1,
        "required": field.is_required,
    }
    if field.initial:
        text_input["value"] = field.initial[:_LONGEST_INITIAL]
    return {"type": _LABEL, "label": field.label, "component": text_input}
