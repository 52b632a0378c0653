"""What stands under a reply, as Slack's blocks (https://docs.slack.dev/reference/block-kit/blocks/)."""

from collections.abc import Collection
from typing import Final

from threadkeep.chat.elements import Button, ButtonStyle, Element, Elements, Select
from threadkeep_slack.controls.actions import FEEDBACK_ACTION, LINK_ACTION, STOP_ACTION, action_id, form_value
from threadkeep_slack.text.mentions import neutralise

Block = dict[str, object]

_MOST_IN_ROW: Final = 5
"""How many buttons stand side by side; Slack allows 25 in a block, which nobody can read."""
_SUMMARY_LENGTH: Final = 300


def to_blocks(
    text: str, elements: Elements, *, has_feedback: bool = False, may_mention: Collection[str] = ()
) -> list[Block]:
    """Give a message as blocks: its Markdown, and under it what can be pressed and chosen.

    The Markdown notifies nobody else. All Markdown blocks of a message together take 12,000 characters, so the text
    keeps to the length of a part.

    Args:
        text: What the message says.
        elements: What stands under it.
        has_feedback: Whether it asks how good the answer was.
        may_mention: Ids of people whom it may mention.
    """
    words: Block = {"type": "markdown", "text": neutralise(text, allowed=may_mention)}
    return [words, *blocks_under(elements, has_feedback=has_feedback)]


def blocks_under(elements: Elements, *, has_feedback: bool = False) -> list[Block]:
    """Give what stands under a message."""
    shown = [_element(number, element) for number, element in enumerate(elements)]
    rows: list[Block] = [
        {"type": "actions", "elements": shown[first : first + _MOST_IN_ROW]}
        for first in range(0, len(shown), _MOST_IN_ROW)
    ]
    return [*rows, _FEEDBACK] if has_feedback else rows


def summary(text: str) -> str:
    """Give the beginning of a text, which Slack shows in notifications instead of blocks."""
    words = " ".join(text.split())
    return neutralise(words if len(words) <= _SUMMARY_LENGTH else f"{words[:_SUMMARY_LENGTH]}\N{HORIZONTAL ELLIPSIS}")


def _element(number: int, element: Element) -> Block:
    if isinstance(element, Select):
        return _select(action_id(number, element.action), element)
    return _button(number, element)


def _button(number: int, button: Button) -> Block:
    value = button.value if button.form is None else form_value(button, button.form)
    shape: Block = {"type": "button", "action_id": _action_of(number, button), "text": _plain(button.label)}
    if value:
        shape["value"] = value
    if button.url is not None:
        shape["url"] = button.url
    if button.style is not ButtonStyle.PLAIN:
        shape["style"] = button.style.value
    return shape


def _action_of(number: int, button: Button) -> str:
    if button.url is not None:
        return f"{LINK_ACTION}:{number}"
    if button.action == "stop":
        return STOP_ACTION
    return action_id(number, button.action, has_form=button.form is not None)


def _select(action: str, select: Select) -> Block:
    options = [{"text": _plain(option.label), "value": option.value} for option in select.options]
    return {"type": "static_select", "action_id": action, "placeholder": _plain(select.label), "options": options}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _opinion(label: str, value: str, words: str) -> Block:
    return {"text": _plain(label), "value": value, "accessibility_label": words}


_FEEDBACK: Final[Block] = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": FEEDBACK_ACTION,
            "positive_button": _opinion("Good answer", "1", "Say that this answer is good"),
            "negative_button": _opinion("Bad answer", "-1", "Say that this answer is bad"),
        }
    ],
}
