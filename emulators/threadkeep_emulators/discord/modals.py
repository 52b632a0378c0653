"""Modals: what Discord refuses in them, and what a person sends back.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
"""

from collections.abc import Mapping

from .errors import EmulatorError, FormErrors
from .model import Payload, walk

_ROW, _TEXT_INPUT, _LABEL, _TEXT_DISPLAY = 1, 4, 18, 10
_TOP_LEVEL = frozenset({_ROW, _TEXT_DISPLAY, _LABEL})
_STYLES = frozenset({1, 2})
_MOST_PARTS = 5
_MOST_TITLE = 45
_MOST_CUSTOM_ID = 100
_MOST_LABEL = 45
_MOST_VALUE = 4000
_MOST_PLACEHOLDER = 100


def check_modal(modal: Payload) -> None:
    """Refuse a modal that Discord would not show.

    Raises:
        ApiError: 50035 with all that is wrong.
    """
    errors = FormErrors()
    _check_text(modal, "title", _MOST_TITLE, "data.title", errors)
    _check_text(modal, "custom_id", _MOST_CUSTOM_ID, "data.custom_id", errors)
    parts = modal.get("components")
    parts = parts if isinstance(parts, list) else []
    if not 1 <= len(parts) <= _MOST_PARTS:
        errors.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for position, part in enumerate(parts):
        path = f"data.components.{position}"
        if part.get("type") not in _TOP_LEVEL:
            text = f'Value of field "type" must be one of {tuple(sorted(_TOP_LEVEL))}.'
            errors.add(path, "UNION_TYPE_CHOICES", text)
        if part.get("type") == _LABEL:
            _check_text(part, "label", _MOST_LABEL, f"{path}.label", errors)
            if not isinstance(part.get("component"), dict):
                errors.required(f"{path}.component")
    _check_inputs(parts, errors)
    errors.raise_if_any()


def filled(modal: Payload, fields: Mapping[str, str]) -> list[Payload]:
    """Give the components of a modal as they come back, with the texts that were filled in.

    Raises:
        EmulatorError: There is no such field, or a required one is empty.
    """
    inputs = {part["custom_id"]: part for part in walk(modal["components"], _TEXT_INPUT)}
    unknown = set(fields) - set(inputs)
    texts = {name: fields.get(name, str(part.get("value") or "")) for name, part in inputs.items()}
    missing = {name for name, part in inputs.items() if part.get("required", True) and not texts[name].strip()}
    if unknown or missing:
        text = f"the modal has {sorted(inputs)}: unknown are {sorted(unknown)}, missing {sorted(missing)}"
        raise EmulatorError(text)
    sent: list[Payload] = []
    for number, part in enumerate(modal["components"], start=1):
        if part["type"] == _LABEL:
            sent.append({"type": _LABEL, "id": number, "component": _sent(part["component"], texts)})
        elif part["type"] == _ROW:
            sent.append({"type": _ROW, "id": number, "components": [_sent(one, texts) for one in part["components"]]})
    return sent


def _sent(part: Payload, texts: Mapping[str, str]) -> Payload:
    return {"type": part["type"], "custom_id": part["custom_id"], "value": texts.get(part["custom_id"], "")}


def _check_inputs(parts: list[Payload], errors: FormErrors) -> None:
    in_labels = [part["component"] for part in parts if isinstance(part.get("component"), dict)]
    seen: set[object] = set()
    for part in walk(parts, _TEXT_INPUT):
        path = "data.components"
        _check_text(part, "custom_id", _MOST_CUSTOM_ID, path, errors)
        if part.get("custom_id") in seen:
            errors.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        seen.add(part.get("custom_id"))
        if part.get("style") not in _STYLES:
            errors.add(path, "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
        if part not in in_labels:
            _check_text(part, "label", _MOST_LABEL, path, errors)
        elif "label" in part:
            errors.add(path, "COMPONENT_LABEL_NOT_ALLOWED", "A text input in a label has no label of its own")
        for name, most in (("value", _MOST_VALUE), ("placeholder", _MOST_PLACEHOLDER)):
            if len(str(part.get(name) or "")) > most:
                errors.too_long(path, most)


def _check_text(part: Payload, name: str, most: int, path: str, errors: FormErrors) -> None:
    text = part.get(name)
    if not isinstance(text, str) or not text.strip():
        errors.required(path)
    elif len(text) > most:
        errors.too_long(path, most)
