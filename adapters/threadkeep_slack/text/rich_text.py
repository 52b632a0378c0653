"""Slack's ``rich_text`` blocks, which hold what people typed, written in Slack's notation.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/ names the elements. What is not known is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from threadkeep_slack.text.escaping import escape

Element = Mapping[str, object]

_MOST_INDENT: Final = 8


def rich_text_lines(block: Element) -> Iterator[str]:
    """Write a ``rich_text`` block in Slack's notation, line by line."""
    for element in elements_of(block):
        match element.get("type"):
            case "rich_text_list":
                yield from _list(element)
            case "rich_text_quote":
                yield from (f"&gt; {line}" for line in inline(element).split("\n"))
            case "rich_text_preformatted":
                yield f"```\n{inline(element).strip(chr(10))}\n```"
            case _:
                yield inline(element)


def elements_of(node: Element) -> Iterator[Element]:
    """Give the elements inside a block or an element."""
    elements = node.get("elements")
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, dict):
            yield element


def inline(section: Element) -> str:
    """Write what stands in a line in Slack's notation."""
    return "".join(_piece(element) for element in elements_of(section))


def _list(element: Element) -> Iterator[str]:
    depth, number = _whole(element.get("indent")), _whole(element.get("offset")) + 1
    is_ordered = element.get("style") == "ordered"
    for position, item in enumerate(elements_of(element)):
        mark = f"{number + position}." if is_ordered else "-"
        yield f"{'    ' * min(depth, _MOST_INDENT)}{mark} {inline(item)}"


def _piece(element: Element) -> str:
    write = _PIECES.get(str(element.get("type")))
    return "" if write is None else write(element)


def _text(element: Element) -> str:
    text, style = escape(_field(element, "text")), element.get("style")
    is_code = isinstance(style, dict) and style.get("code") is True
    return f"`{text}`" if is_code and text else text


def _link(element: Element) -> str:
    url, label = escape(_field(element, "url")), escape(_field(element, "text")).replace("\n", " ")
    if not url:
        return label
    return f"<{url}|{label}>" if label else f"<{url}>"


def _emoji(element: Element) -> str:
    name = _field(element, "name")
    return f":{name}:" if name else ""


def _token(sign: str, field: str) -> Callable[[Element], str]:
    def write(element: Element) -> str:
        target = _field(element, field)
        return f"<{sign}{target}>" if target.replace("_", "").isalnum() else ""

    return write


_PIECES: Final[Mapping[str, Callable[[Element], str]]] = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "user": _token("@", "user_id"),
    "channel": _token("#", "channel_id"),
    "usergroup": _token("!subteam^", "usergroup_id"),
    "broadcast": _token("!", "range"),
    "date": lambda element: escape(_field(element, "fallback")),
    "color": lambda element: escape(_field(element, "value")),
}


def _field(element: Element, name: str) -> str:
    value = element.get(name)
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
