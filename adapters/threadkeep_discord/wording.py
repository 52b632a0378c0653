"""How single lines and tables are written in Discord's Markdown."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from threadkeep.chat.markdown.extras import CODE, FOOTNOTE, NOTE, plainer
from threadkeep.chat.markdown.html import html_to_markdown, superscript
from threadkeep.chat.markdown.tables import cells_of, in_columns
from threadkeep_discord.limits import CODE_WIDTH

_QUOTE: Final = re.compile(r"[ \t]*>(?:[ \t]*>)*[ \t]?")
_RULE: Final = re.compile(r"[ \t]{0,3}([-*_])(?:[ \t]*\1){2,}[ \t\r]*$")
DIVIDER: Final = "\u2500" * 12
"""What stands for a horizontal rule, which Discord does not know."""
_HEADING: Final = re.compile(r"[ \t]{0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t\r]*$")
_DEEPEST_HEADING: Final = 3
_ITEM: Final = re.compile(r"([ \t]*)(?:[-*+]|(\d{1,9})[.)])([ \t]+)(?:\[([ xX])\](?=[ \t]))?")
# One that is not closed takes the rest, and stays: what is behind it need not be searched again.
_COMMENT: Final = re.compile(r"<!--.*?(-->|$)")
_LEADING_COMMENT: Final = re.compile(r"^[ \t]*(?:<!--.*?-->[ \t]*)+")
_LINK_LIKE: Final = re.compile(r"\]\(|https?://|<[@#:a]")
_EMPHASIS: Final = re.compile(r"\*\*|~~|`|\|\|")

_LINKS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    # Discord shows no pictures by their addresses, and no label that looks like an address itself.
    (re.compile(r"!(?=\[[^\[\]]+\]\()"), lambda _: ""),
    (re.compile(r"\[https?://[^\[\]\s]+\]\((https?://[^()\s]+)\)"), lambda found: found[1]),
    (re.compile(r"(?<!\\)\[([^\[\]]+)\]\(#[^()\s]*\)"), lambda found: found[1]),
    (
        re.compile(r"(?<!\\)\[([^\[\]]+)\]\((?!<?https?:)(?:mailto:)?([^()\s]+)\)"),
        lambda found: f"{found[1]} ({found[2]})",
    ),
)

# Where something may begin that is written differently, in a line that is not complete: from there on it is held back.
_SUSPECT: Final = re.compile(
    r"<(?=[A-Za-z/!]|$)|\[(?!(?!https?:|\^)[^\[\]]+\]\(<?https?:)|!(?=\[|$)|\\(?=[(\[]|$)|\$(?=\$|$)|=(?==|$)|\|"
)
_PLAIN: Final = re.compile(r"(?:#{1,3} |[ \t]*(?:-|\d{1,9}\.)[ \t]+)?(?:\*\*)?(?=[^\s#>|`~+\-*_\d\[<!\\$=.)])")
_LANGUAGE: Final = re.compile(r"[ \t]*([A-Za-z0-9_+\-.#]*)(?:[ \t]+(?:\{.*|[\w-]+=[^=\s].*))?[ \t\r\n]*$")


def without_leading_comment(line: str) -> str:
    """Give a line without the comments before it, behind which it may begin like any other."""
    return _LEADING_COMMENT.sub("", line, count=1) if line.lstrip().startswith("<!--") else line


def write_line(line: str) -> str:
    """Write a line that is neither code nor part of a table, without its end."""
    note = NOTE.match(line)
    if note is not None:
        return f"> **{note[2].capitalize()}**"
    quote = _QUOTE.match(line)
    if quote is not None:
        return f"> {write_line(line[quote.end() :])}"
    if _RULE.match(line):
        return DIVIDER
    footnote = FOOTNOTE.match(line)
    if footnote is not None:
        return f"{footnote[1]}{superscript(footnote[2])} {_inside(line[footnote.end() :])}"
    item = _ITEM.match(line)
    if item is not None:
        return _mark(item) + _inside(line[item.end() :])
    return _heading(_inside(line))


def write_table(lines: Sequence[str]) -> list[str]:
    """Write a table as code in columns; a wide one, or one with links, as a list, where links can be followed.

    Args:
        lines: Its lines; the second one is the rule below its head.
    """
    rows = [cells_of(line) for number, line in enumerate(lines) if number != 1]
    columns = in_columns([[_EMPHASIS.sub("", _inside(cell, line_break=" ")) for cell in row] for row in rows])
    is_wide = max(map(len, columns)) > CODE_WIDTH
    if len(rows) > 1 and (is_wide or any(_LINK_LIKE.search(line) for line in lines)):
        return [line for row in rows[1:] for line in _row_as_items(rows[0], row)]
    return ["```", *columns, "```"]


def bare_language(info: str) -> str:
    """Give the language behind the marks of a code block, without the settings that some write behind it.

    Discord shows whatever else stands there as code.
    """
    found = _LANGUAGE.match(info)
    return info.strip() if found is None else found[1]


def begins_plainly(line: str) -> bool:
    """Tell whether the beginning of a line that is not complete will be written as it stands."""
    return _PLAIN.match(line) is not None


def sure_length(line: str) -> int:
    """Give how much of a line that is not complete, and begins plainly, will be written as it stands."""
    suspect = _SUSPECT.search(line)
    return len(line) if suspect is None else suspect.start()


def _row_as_items(head: Sequence[str], row: Sequence[str]) -> list[str]:
    first, *others = (_inside(cell, line_break=" ") for cell in row)
    names = [_inside(cell, line_break=" ") for cell in head[1:]]
    named = [*names, *[""] * max(0, len(others) - len(names))]
    told = [f"{name}: {cell}" if name else cell for name, cell in zip(named, others, strict=False) if cell]
    title = _bold(first) if first else "\u2013"
    return [f"- {title}", *(f"  - {line}" for line in told)]


def _mark(item: re.Match[str]) -> str:
    indent, number, gap, box = item.groups()
    mark = "-" if number is None else f"{number}."
    return f"{indent}{mark}{gap}" if box is None else f"{indent}{mark}{gap}{'☐' if box == ' ' else '☑'}"


def _heading(line: str) -> str:
    heading = _HEADING.match(line)
    if heading is None:
        return line
    level, text = len(heading[1]), heading[2]
    if not text:
        return ""
    return f"{'#' * level} {text}" if level <= _DEEPEST_HEADING else _bold(text)


def _bold(text: str) -> str:
    return f"**{text.replace('**', '')}**"


def _inside(line: str, *, line_break: str = "\n") -> str:
    """Write what stands in a line, code as it is."""
    pieces: list[str] = []
    position = 0
    for code in CODE.finditer(line):
        pieces += [_text(line[position : code.start()], line_break), code.group()]
        position = code.end()
    return "".join([*pieces, _text(line[position:], line_break)])


def _text(text: str, line_break: str) -> str:
    text = plainer(_COMMENT.sub(lambda comment: "" if comment[1] else comment[0], text))
    text = html_to_markdown(text, line_break=line_break)
    for pattern, write in _LINKS:
        text = pattern.sub(write, text)
    return text
