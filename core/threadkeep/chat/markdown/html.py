"""HTML that models write into Markdown, turned into Markdown: chat platforms show tags as they are written.

A tag that is not known here is left as it stands: ``List<String>`` is none.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

_ATTRIBUTE: Final = r"""\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'=<>`]+))?"""
_TAG: Final = re.compile(rf"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{{0,15}})(?P<rest>(?:{_ATTRIBUTE})*)\s*/?>")
_VALUE: Final = re.compile(r"""([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
_LABEL: Final = r"(?:[^<\n]|<(?!/?a[\s>]))*"
_LINK: Final = re.compile(rf"<a(?P<rest>(?:{_ATTRIBUTE})*)\s*>(?P<label>{_LABEL})</a\s*>", re.IGNORECASE)
_RAISED: Final = re.compile(r"<(?P<name>sup|sub)\s*>(?P<text>[^<>]{1,40})</(?P=name)\s*>", re.IGNORECASE)

_PAIRS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("b", "strong", "summary", "mark", "caption"), "**"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), "*"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "`"),
}
_OPENINGS: Final[Mapping[str, str]] = {
    **{f"h{level}": f"{'#' * level} " for level in range(1, 7)},
    "li": "- ",
    "hr": "---",
    "blockquote": "> ",
}
_CLOSINGS: Final[Mapping[str, str]] = {"td": " | ", "th": " | "}
_SILENT: Final = frozenset({
    *("a", "abbr", "big", "center", "details", "div", "dl", "dt", "dd", "figcaption", "figure", "font", "ins", "label"),
    *("ol", "p", "picture", "q", "section", "small", "span", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "u", "ul", "wbr"),
})  # fmt: skip

_SUPERSCRIPT: Final = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_SUBSCRIPT: Final = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def html_to_markdown(text: str, *, line_break: str = "\n") -> str:
    """Replace the tags of a line, or of a part of it, by Markdown.

    Args:
        text: The text, without code spans.
        line_break: What stands for ``<br>``.
    """
    if "<" not in text:
        return text
    text = _RAISED.sub(_raise, text)
    text = _LINK.sub(_link, text)
    return _TAG.sub(lambda tag: _replace(tag, line_break), text)


def superscript(text: str) -> str:
    """Write digits as raised ones; other texts stand in escaped brackets."""
    return text.translate(_SUPERSCRIPT) if text.isascii() and text.isdigit() else f"\\[{text}\\]"


def _replace(tag: re.Match[str], line_break: str) -> str:
    name, is_end = tag["name"].lower(), bool(tag["end"])
    if name == "br":
        return line_break
    if name == "img" and not is_end:
        return _image(_attributes(tag["rest"]))
    if name in _PAIRS:
        return _PAIRS[name]
    replaced = (_CLOSINGS if is_end else _OPENINGS).get(name)
    if replaced is not None:
        return replaced
    return "" if name in _SILENT or name in _OPENINGS else tag.group()


def _link(link: re.Match[str]) -> str:
    url = _attributes(link["rest"]).get("href", "")
    label = link["label"].strip()
    if not label or not url.startswith(("http://", "https://", "mailto:")):
        return label
    return f"[{label}]({_target(url)})"


def _image(attributes: Mapping[str, str]) -> str:
    """Show an image as a link."""
    label, url = attributes.get("alt", "").strip() or "image", attributes.get("src", "")
    return f"[{label}]({_target(url)})" if url.startswith(("http://", "https://")) else f"({label})"


def _attributes(text: str) -> Mapping[str, str]:
    found = _VALUE.findall(text)
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in found}


def _target(url: str) -> str:
    return url.strip().replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _raise(raised: re.Match[str]) -> str:
    text, is_up = raised["text"], raised["name"].lower() == "sup"
    moved = text.translate(_SUPERSCRIPT if is_up else _SUBSCRIPT)
    if not any(letter in text for letter in moved):
        return moved
    return f"^{text}" if is_up else text
