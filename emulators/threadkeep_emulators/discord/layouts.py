"""What Discord refuses in messages that are made of components (Components V2).

https://discord.com/developers/docs/components/reference
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from .errors import FormErrors
from .flags import ComponentKind
from .model import Payload, walk
from .widgets import check_button, check_row

_IN_CONTAINER = frozenset(
    {
        ComponentKind.ROW,
        ComponentKind.SECTION,
        ComponentKind.TEXT_DISPLAY,
        ComponentKind.MEDIA_GALLERY,
        ComponentKind.FILE,
        ComponentKind.SEPARATOR,
    }
)
_TOP_LEVEL = _IN_CONTAINER | {ComponentKind.CONTAINER}
_IN_SECTION = frozenset({ComponentKind.TEXT_DISPLAY})
_ACCESSORIES = frozenset({ComponentKind.BUTTON, ComponentKind.THUMBNAIL})
_MOST_COMPONENTS = 40
_MOST_TEXT = 4000
_MOST_IN_SECTION = 3
_MOST_ITEMS = 10
_MOST_DESCRIPTION = 1024
_MOST_COLOR = 0xFFFFFF
_SPACINGS = frozenset({1, 2})
_ATTACHMENT = "attachment"
_SCHEMES = ("http", "https", _ATTACHMENT)


def check_layout(components: list[Payload], files: Collection[str], errors: FormErrors) -> None:
    """Note every rule that the components of a message break.

    Args:
        components: The message.
        files: The names of the files that it has.
        errors: Where to note it.
    """
    check = _Check(errors=errors, files=frozenset(files))
    check.parts(components, _TOP_LEVEL, "components")
    if len(walk(components)) > _MOST_COMPONENTS:
        text = f"The total number of components exceeds the maximum of {_MOST_COMPONENTS}"
        errors.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
    if sum(len(str(part.get("content") or "")) for part in walk(components, ComponentKind.TEXT_DISPLAY)) > _MOST_TEXT:
        text = f"Total size of displayable component text exceeds maximum size of {_MOST_TEXT}"
        errors.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """Check what stands in a message.

    Attributes:
        errors: Where to note what is wrong.
        files: The names of the files that the message has.
    """

    errors: FormErrors
    files: frozenset[str]

    def parts(self, parts: Any, allowed: frozenset[ComponentKind], path: str) -> None:
        for number, part in enumerate(_list(parts)):
            self.part(part, allowed, f"{path}.{number}")

    def part(self, part: Payload, allowed: frozenset[ComponentKind], path: str) -> None:
        kind = part.get("type")
        if kind not in allowed:
            text = f'Value of field "type" must be one of {tuple(sorted(map(int, allowed)))}.'
            self.errors.add(path, "UNION_TYPE_CHOICES", text)
            return
        checks: dict[int, Callable[[Payload, str], None]] = {
            ComponentKind.ROW: lambda row, at: check_row(row, at, self.errors),
            ComponentKind.BUTTON: lambda button, at: check_button(button, at, self.errors),
            ComponentKind.SECTION: self._section,
            ComponentKind.TEXT_DISPLAY: self._text,
            ComponentKind.THUMBNAIL: self._picture,
            ComponentKind.MEDIA_GALLERY: self._gallery,
            ComponentKind.FILE: self._file,
            ComponentKind.SEPARATOR: self._separator,
            ComponentKind.CONTAINER: self._container,
        }
        checks[ComponentKind(kind)](part, path)

    def _section(self, section: Payload, path: str) -> None:
        self._count(section.get("components"), _MOST_IN_SECTION, f"{path}.components")
        self.parts(section.get("components"), _IN_SECTION, f"{path}.components")
        accessory = section.get("accessory")
        if isinstance(accessory, dict):
            self.part(accessory, _ACCESSORIES, f"{path}.accessory")
        else:
            self.errors.required(f"{path}.accessory")

    def _text(self, text: Payload, path: str) -> None:
        content = text.get("content")
        if not isinstance(content, str):
            self.errors.required(f"{path}.content")
        elif not 1 <= len(content) <= _MOST_TEXT:
            self._length(_MOST_TEXT, f"{path}.content")

    def _picture(self, picture: Payload, path: str) -> None:
        self._media(picture.get("media"), f"{path}.media")
        if len(str(picture.get("description") or "")) > _MOST_DESCRIPTION:
            self.errors.too_long(f"{path}.description", _MOST_DESCRIPTION)

    def _gallery(self, gallery: Payload, path: str) -> None:
        self._count(gallery.get("items"), _MOST_ITEMS, f"{path}.items")
        for number, item in enumerate(_list(gallery.get("items"))):
            self._picture(item, f"{path}.items.{number}")

    def _file(self, file: Payload, path: str) -> None:
        self._media(file.get("file"), f"{path}.file", schemes=(_ATTACHMENT,))

    def _separator(self, separator: Payload, path: str) -> None:
        if separator.get("spacing", 1) not in _SPACINGS:
            self.errors.add(f"{path}.spacing", "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")

    def _container(self, container: Payload, path: str) -> None:
        self._count(container.get("components"), _MOST_COMPONENTS, f"{path}.components")
        self.parts(container.get("components"), _IN_CONTAINER, f"{path}.components")
        color = container.get("accent_color")
        if color is not None and not 0 <= int(color) <= _MOST_COLOR:
            text = f"int value should be less than or equal to {_MOST_COLOR}."
            self.errors.add(f"{path}.accent_color", "NUMBER_TYPE_MAX", text)

    def _media(self, media: Any, path: str, *, schemes: tuple[str, ...] = _SCHEMES) -> None:
        url = str(media.get("url") or "") if isinstance(media, dict) else ""
        scheme, _, name = url.partition("://")
        if not url:
            self.errors.required(f"{path}.url")
        elif scheme not in schemes:
            self.errors.add(f"{path}.url", "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")
        elif scheme == _ATTACHMENT and name not in self.files:
            code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
            self.errors.add(f"{path}.url", code, "The referenced attachment was not found")

    def _count(self, parts: Any, most: int, path: str) -> None:
        if not 1 <= len(_list(parts)) <= most:
            self._length(most, path)

    def _length(self, most: int, path: str) -> None:
        self.errors.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")


def _list(parts: Any) -> list[Payload]:
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
