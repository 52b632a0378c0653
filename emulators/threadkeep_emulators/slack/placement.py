"""Which elements stand in which blocks, and what stands once in a message.

https://docs.slack.dev/reference/block-kit/blocks/
"""

from collections import Counter
from collections.abc import Iterator

from .wire import Payload

_TEXTS = frozenset({"image", "mrkdwn", "plain_text"})
_FEEDBACK = frozenset({"feedback_buttons", "icon_button"})


def misplaced(block: Payload) -> Iterator[str]:
    """Say which elements of a block may not stand in it."""
    kind = block.get("type")
    for element in block.get("elements") or []:
        if not isinstance(element, dict):
            continue
        name = element.get("type")
        is_wrong = (
            (kind == "context" and name not in _TEXTS)
            or (kind == "context_actions" and name not in _FEEDBACK)
            or (kind == "actions" and name in _FEEDBACK | _TEXTS)
        )
        if is_wrong:
            yield f"unsupported type: {name}"


def repeated(blocks: list[Payload]) -> Iterator[str]:
    """Say what stands twice among blocks and may stand once."""
    names = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    yield from (f"block_id already exists: {name}" for name, count in names.items() if count > 1)
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield "only one table is allowed in a message"
