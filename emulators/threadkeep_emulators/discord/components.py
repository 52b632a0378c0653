"""What Discord refuses in message components: https://discord.com/developers/docs/components/reference ."""

from .errors import FormErrors
from .flags import MessageFlag
from .model import Payload, walk
from .widgets import check_row

_ACTION_ROW = 1
_BUTTON = 2
_LINK_STYLE = 5
_TEXT_DISPLAY = 10
_MOST_ROWS = 5
_MOST_COMPONENTS = 40
_MOST_DISPLAYED_TEXT = 4000
_MOST_LABEL = 80
_MOST_CUSTOM_ID = 100
_V2_TOP_LEVEL = frozenset({1, 9, 10, 12, 13, 14, 17})
_LEGACY_FIELDS = ("content", "embeds", "sticker_ids", "poll")


def check_components(components: list[Payload], flags: MessageFlag, errors: FormErrors) -> None:
    """Note every limit that a message's components break, for its kind of layout."""
    if MessageFlag.IS_COMPONENTS_V2 in flags:
        _check_layout(components, errors)
    else:
        _check_rows(components, errors)
    _check_custom_ids(components, errors)


def check_no_legacy_fields(form: Payload, errors: FormErrors) -> None:
    """Note the fields that a message made of components may not have."""
    for name in _LEGACY_FIELDS:
        if form.get(name):
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            text = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            errors.add(name, code, text)


def _check_rows(components: list[Payload], errors: FormErrors) -> None:
    if len(components) > _MOST_ROWS:
        errors.add("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for position, component in enumerate(components):
        if component.get("type") != _ACTION_ROW:
            text = 'Value of field "type" must be one of (1,).'
            errors.add(f"components.{position}", "UNION_TYPE_CHOICES", text)
        else:
            check_row(component, f"components.{position}", errors)


def _check_layout(components: list[Payload], errors: FormErrors) -> None:
    for position, component in enumerate(components):
        if component.get("type") not in _V2_TOP_LEVEL:
            text = f'Value of field "type" must be one of {tuple(sorted(_V2_TOP_LEVEL))}.'
            errors.add(f"components.{position}", "UNION_TYPE_CHOICES", text)
    if len(walk(components)) > _MOST_COMPONENTS:
        text = f"The total number of components exceeds the maximum of {_MOST_COMPONENTS}"
        errors.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
    if displayed_length(components) > _MOST_DISPLAYED_TEXT:
        text = f"Total size of displayable component text exceeds maximum size of {_MOST_DISPLAYED_TEXT}"
        errors.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def displayed_length(components: list[Payload]) -> int:
    """Give the length of all texts that a layout shows."""
    return sum(len(str(part.get("content", ""))) for part in walk(components, _TEXT_DISPLAY))


def _check_custom_ids(components: list[Payload], errors: FormErrors) -> None:
    seen: set[str] = set()
    for button in walk(components):
        if len(str(button.get("label") or "")) > _MOST_LABEL and button.get("type") == _BUTTON:
            errors.too_long("components", _MOST_LABEL)
        custom_id = button.get("custom_id")
        if custom_id is None:
            if button.get("type") == _BUTTON and button.get("style") != _LINK_STYLE:
                text = "A custom id is required"
                errors.add("components", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", text)
            continue
        if len(custom_id) > _MOST_CUSTOM_ID:
            errors.too_long("components", _MOST_CUSTOM_ID)
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            errors.add("components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        seen.add(custom_id)
