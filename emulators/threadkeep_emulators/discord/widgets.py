"""What Discord refuses in buttons and selects.

https://discord.com/developers/docs/components/reference
"""

from .errors import FormErrors
from .model import Payload

_BUTTON, _STRING_SELECT = 2, 3
_IN_ROWS = frozenset({2, 3, 5, 6, 7, 8})
_PLAIN_STYLES = frozenset({1, 2, 3, 4})
_LINK_STYLE, _PREMIUM_STYLE = 5, 6
_MOST_IN_ROW = 5
_MOST_OPTIONS = 25
_MOST_OPTION_TEXT = 100
_MOST_PLACEHOLDER = 150
_MOST_URL = 512


def check_row(row: Payload, path: str, errors: FormErrors) -> None:
    """Note what is wrong with a row: up to five buttons, or one select."""
    parts = row.get("components") or []
    if not 1 <= len(parts) <= _MOST_IN_ROW:
        errors.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if len(parts) > 1 and any(part.get("type") != _BUTTON for part in parts):
        text = "The specified component exceeds the maximum width"
        errors.add(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
    for number, part in enumerate(parts):
        _check_part(part, f"{path}.components.{number}", errors)


def _check_part(part: Payload, path: str, errors: FormErrors) -> None:
    kind = part.get("type")
    if kind not in _IN_ROWS:
        text = f'Value of field "type" must be one of {tuple(sorted(_IN_ROWS))}.'
        errors.add(path, "UNION_TYPE_CHOICES", text)
    elif kind == _BUTTON:
        check_button(part, path, errors)
    else:
        _check_select(part, path, errors)


def check_button(button: Payload, path: str, errors: FormErrors) -> None:
    """Note what is wrong with a button."""
    style = button.get("style")
    if style not in _PLAIN_STYLES | {_LINK_STYLE, _PREMIUM_STYLE}:
        errors.add(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
    if style != _PREMIUM_STYLE and not (button.get("label") or button.get("emoji")):
        errors.add(path, "BUTTON_COMPONENT_EMPTY", "A button must have a label or an emoji")
    if style != _LINK_STYLE:
        if "url" in button:
            errors.add(path, "BUTTON_COMPONENT_URL_NOT_ALLOWED", "Only a link button has a url")
        return
    if "custom_id" in button:
        text = "A custom id and url cannot both be specified"
        errors.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    url = str(button.get("url") or "")
    if not url.startswith(("http://", "https://", "discord://")):
        errors.add(f"{path}.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'discord').")
    if len(url) > _MOST_URL:
        errors.too_long(f"{path}.url", _MOST_URL)


def _check_select(select: Payload, path: str, errors: FormErrors) -> None:
    if not select.get("custom_id"):
        errors.required(f"{path}.custom_id")
    if len(str(select.get("placeholder") or "")) > _MOST_PLACEHOLDER:
        errors.too_long(f"{path}.placeholder", _MOST_PLACEHOLDER)
    if select.get("type") != _STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= _MOST_OPTIONS:
        errors.add(f"{path}.options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    for number, option in enumerate(options):
        for name in ("label", "value"):
            text = str(option.get(name) or "")
            if not text:
                errors.required(f"{path}.options.{number}.{name}")
            elif len(text) > _MOST_OPTION_TEXT:
                errors.too_long(f"{path}.options.{number}.{name}", _MOST_OPTION_TEXT)
    if len({option.get("value") for option in options}) < len(options):
        text = "The specified option value is already used"
        errors.add(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
