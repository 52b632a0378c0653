"""What Discord refuses in message components: https://discord.com/developers/docs/components/reference ."""

from collections.abc import Collection
from itertools import count

from .errors import FormErrors
from .flags import ComponentKind, MessageFlag
from .layouts import check_layout
from .model import Message, Payload, walk
from .widgets import check_row

_LINK_STYLE = 5
_MOST_ROWS = 5
_MOST_LABEL = 80
_MOST_CUSTOM_ID = 100
_LEGACY_FIELDS = ("content", "embeds", "sticker_ids", "poll")
_LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"


def check_components(
    components: list[Payload], flags: MessageFlag, errors: FormErrors, *, files: Collection[str] = ()
) -> None:
    """Note every limit that a message's components break, for its kind of layout."""
    if MessageFlag.IS_COMPONENTS_V2 in flags:
        check_layout(components, files, errors)
    else:
        _check_rows(components, errors)
    _check_ids(components, errors)


def check_no_legacy_fields(form: Payload, errors: FormErrors) -> None:
    """Note the fields that a message made of components may not have."""
    for name in _LEGACY_FIELDS:
        if form.get(name):
            _refuse_legacy(name, errors)


def check_emptied(message: Message, form: Payload, errors: FormErrors) -> None:
    """Note what an edit leaves in a message that it turns into one made of components.

    Polls and stickers stay where they are. What of the rest is there has to be taken away by name:
    https://discord.com/developers/docs/resources/message#edit-message
    """
    if message.content and "content" not in form:
        _refuse_legacy("content", errors)
    for name, there in (("embeds", message.embeds), ("attachments", message.attachments)):
        # An empty list takes them away, null does not.
        if there and form.get(name) is None:
            _refuse_legacy(name, errors)
    if message.extras.poll is not None:
        _refuse_legacy("poll", errors)
    if message.extras.stickers:
        _refuse_legacy("sticker_ids", errors)


def numbered(components: list[Payload]) -> list[Payload]:
    """Give components with a number each, as Discord gives one to those that have none."""
    taken = {part["id"] for part in walk(components) if part.get("id")}
    free = (number for number in count(1) if number not in taken)

    def number(part: Payload) -> Payload:
        numbered_part: Payload = {**part, "id": part.get("id") or next(free)}
        if isinstance(part.get("components"), list):
            numbered_part["components"] = [number(inner) for inner in part["components"]]
        if isinstance(part.get("accessory"), dict):
            numbered_part["accessory"] = number(part["accessory"])
        return numbered_part

    return [number(part) for part in components]


def _refuse_legacy(name: str, errors: FormErrors) -> None:
    errors.add(name, _LEGACY, f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")


def _check_rows(components: list[Payload], errors: FormErrors) -> None:
    if len(components) > _MOST_ROWS:
        errors.add("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for position, component in enumerate(components):
        if component.get("type") != ComponentKind.ROW:
            text = 'Value of field "type" must be one of (1,).'
            errors.add(f"components.{position}", "UNION_TYPE_CHOICES", text)
        else:
            check_row(component, f"components.{position}", errors)


def _check_ids(components: list[Payload], errors: FormErrors) -> None:
    seen: set[str] = set()
    numbers: set[int] = set()
    for part in walk(components):
        if part.get("id") and part["id"] in numbers:
            errors.add("components", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        numbers.add(part.get("id") or 0)
        if len(str(part.get("label") or "")) > _MOST_LABEL and part.get("type") == ComponentKind.BUTTON:
            errors.too_long("components", _MOST_LABEL)
        custom_id = part.get("custom_id")
        if custom_id is None:
            if part.get("type") == ComponentKind.BUTTON and part.get("style") != _LINK_STYLE:
                text = "A custom id is required"
                errors.add("components", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", text)
            continue
        if len(custom_id) > _MOST_CUSTOM_ID:
            errors.too_long("components", _MOST_CUSTOM_ID)
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            errors.add("components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        seen.add(custom_id)
