"""Model text that can ping nobody.

Slack reads its own notation (``<!channel>``, ``<@U...>``) inside ``markdown_text`` too; we take it that it does so in
code as well. What comes out of an HTML entity it does not read again. So it is enough that no such token begins in the
text as sent: a zero-width space behind the opening character takes the meaning away and leaves what people see as it
was.
"""

import re
from collections.abc import Collection
from functools import partial
from typing import Final

_BREAK: Final = "\u200b"

# An address is kept whole: a space inside it would break the link, and Slack finds no names in addresses.
_LIVE: Final = re.compile(
    r"(?P<address>\bhttps?://[^\s<>()\[\]\"`*|]+)"
    r"|(?P<person><@(?P<id>[UW][A-Z0-9]+)>)"
    r"|(?P<opening><)(?=[\s\\]*(?:@[\s\\]*[A-Za-z0-9]|![\s\\]*(?:channel|here|everyone|group|subteam)))"
    r"|(?P<at>(?<![A-Za-z0-9_.+-])@)(?=(?:channel|here|everyone|group)\b(?![.-]?[A-Za-z0-9]))",
    re.IGNORECASE,
)


def neutralise(text: str, *, allowed: Collection[str] = ()) -> str:
    """Return the text with every mention of people, groups and whole channels made harmless.

    Applying it twice gives the same as applying it once.

    Args:
        text: The text.
        allowed: Ids of people who may be mentioned.
    """
    return _LIVE.sub(partial(_defuse, allowed), text)


def sent_length(text: str) -> int:
    """Measure a text as Slack may count it: in UTF-16 units, after ``neutralise``."""
    return len(neutralise(text).encode("utf-16-le", "surrogatepass")) // 2


def _defuse(allowed: Collection[str], match: re.Match[str]) -> str:
    found = match.group()
    if match["address"] is not None or match["id"] in allowed:
        return found
    return f"{found[0]}{_BREAK}{found[1:]}"
