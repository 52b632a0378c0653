"""Forms as Slack's modals (https://docs.slack.dev/surfaces/modals/)."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from threadkeep.chat.elements import Form, TextField
from threadkeep_slack.inbound.control_payloads import Submission
from threadkeep_slack.inbound.payloads import Id, Timestamp

FORM_CALLBACK: Final = "threadkeep_form"
"""The ``callback_id`` of a form that a button opens."""

_BLOCK: Final = "field:"
_INPUT: Final = "input"


class Purpose(BaseModel):
    """What a modal is about: it travels with the modal as its ``private_metadata``.

    Attributes:
        channel: Where the button or the message stands.
        message: The message.
        thread: The thread in which it stands, if it is a reply.
        action: The button's action.
        value: Its value.
        label: What people read on it.
        quote: What the message says, where a question is asked about it.
        author: Who wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: Id
    message: Timestamp
    thread: Timestamp | None = None
    action: str = ""
    value: str = ""
    label: str = ""
    quote: str = ""
    author: str = ""


def to_modal(form: Form, *, callback_id: str, purpose: Purpose | None = None) -> dict[str, object]:
    """Give a form as a modal.

    Args:
        form: What is to be filled in.
        callback_id: By which its submission is known.
        purpose: What it is about.
    """
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "close": _plain("Cancel"),
        "private_metadata": "" if purpose is None else purpose.model_dump_json(exclude_defaults=True),
        "blocks": [_field(field) for field in form.fields],
    }


def read_purpose(metadata: str) -> Purpose | None:
    """Read what a modal is about; None if it was not opened by the bot as it is now."""
    try:
        return Purpose.model_validate_json(metadata)
    except ValidationError:
        return None


def read_fields(values: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Read what was filled in, by the names of the fields."""
    found: dict[str, str] = {}
    for block, inputs in values.items():
        given = inputs.get(_INPUT)
        text = given.get("value") if isinstance(given, Mapping) else None
        if block.startswith(_BLOCK):
            found[block.removeprefix(_BLOCK)] = text if isinstance(text, str) else ""
    return found


def error_in(submission: Submission, text: str) -> dict[str, object]:
    """Give what lets a form stay open with a sentence under its first field."""
    first = next(iter(submission.view.state.values), "")
    return {"response_action": "errors", "errors": {first: text}}


def _field(field: TextField) -> dict[str, object]:
    element: dict[str, object] = {
        "type": "plain_text_input",
        "action_id": _INPUT,
        "multiline": field.is_long,
        "max_length": 3_000,
    }
    if field.initial:
        element["initial_value"] = field.initial[:3_000]
    return {
        "type": "input",
        "block_id": f"{_BLOCK}{field.name}",
        "label": _plain(field.label),
        "optional": not field.is_required,
        "element": element,
    }


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": True}
