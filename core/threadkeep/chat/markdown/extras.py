"""What models write beyond what chat platforms render: formulas, notes, footnotes, marked text, images."""

import re
from collections.abc import Callable
from typing import Final

from threadkeep.chat.markdown.html import superscript

FENCE: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)")
"""The first line of a code block; its marks, and what stands behind them."""

CODE: Final = re.compile(r"(?<!`)(`+)(?!`)(?:.*?[^`])\1(?!`)")
"""Code inside a line."""

FORMULA_LINE: Final = re.compile(r"([ \t]*)(?:\$\$|\\\[)[ \t\r]*$")
"""A line with which a formula begins."""

FORMULA_END: Final = re.compile(r"[ \t]*(?:\$\$|\\\])[ \t\r]*$")
"""A line with which a formula ends."""

NOTE: Final = re.compile(r"([ \t]*>[ \t]*)\[!(note|tip|important|warning|caution)\][ \t\r]*$", re.IGNORECASE)
"""The head of a note; the mark of its quote, and its kind."""

FOOTNOTE: Final = re.compile(r"([ \t]*)\[\^([\w-]{1,32})\]:[ \t]*")
"""What stands before the text of a footnote; its indentation and its name."""

_INLINE: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"!\[\]\((?=https?:)"), lambda _: "[image]("),
    (re.compile(r"!\[([^\[\]]*)\]\(data:[^()\s]*\)"), lambda found: f"({found[1].strip() or 'image'})"),
    (re.compile(r"\\\((?=[ \t]*\S)((?:[^`\n\\]|\\(?!\(|$))+?)\\\)"), lambda found: f"`{found[1].strip()}`"),
    (
        re.compile(r"^([ \t]*)\\\[([^`\n\\^_={}]*[\\^_={}][^`\n]*)\\\][ \t\r]*$"),
        lambda found: f"{found[1]}`{found[2].strip()}`",
    ),
    (re.compile(r"(?<!\$)\$\$(?=[^\s$])([^$`\n]+?)(?<=\S)\$\$(?!\$)"), lambda found: f"`{found[1]}`"),
    (re.compile(r"(?<![=\w])==(?=[^\s=])([^=\n]+?)(?<=[^\s=])==(?![=\w])"), lambda found: f"**{found[1]}**"),
    (re.compile(r"\[\^([\w-]{1,32})\]"), lambda found: superscript(found[1])),
)


def plainer(text: str) -> str:
    """Write what stands in a line, outside of code, in the Markdown that chat platforms know. HTML is left."""
    for pattern, write in _INLINE:
        text = pattern.sub(write, text)
    return text
