"""Taking away what may not be pressed any more."""

from collections.abc import Mapping
from typing import Any

from threadkeep_slack.controls.actions import action_of

Block = Mapping[str, Any]


def without_action(blocks: object, action: str) -> list[dict[str, Any]] | None:
    """Give a message's blocks without the elements of an action; None if that changes nothing.

    Args:
        blocks: The blocks as Slack sends them.
        action: The action.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        return None
    kept = [left for block in blocks if (left := _without(block, action)) is not None]
    return kept if kept != blocks else None


def _without(block: Block, action: str) -> dict[str, Any] | None:
    elements = block.get("elements")
    if block.get("type") != "actions" or not isinstance(elements, list):
        return dict(block)
    left = [element for element in elements if not _means(element, action)]
    return {**block, "elements": left} if left else None


def _means(element: object, action: str) -> bool:
    found = element.get("action_id") if isinstance(element, Mapping) else None
    return isinstance(found, str) and action_of(found) == action
