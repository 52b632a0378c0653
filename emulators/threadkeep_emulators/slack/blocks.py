"""Block Kit's limits, as far as a bot can trip over them (https://docs.slack.dev/reference/block-kit/blocks/)."""

from collections.abc import Callable, Iterator

from .placement import misplaced, repeated
from .problems import SlackError
from .text import block_texts
from .wire import Payload

MAX_BLOCKS = 50
MAX_MARKDOWN = 12_000
# Not documented: Slack was seen to refuse messages with somewhat more than this many characters in their blocks.
MAX_BLOCK_CHARACTERS = 13_200
MAX_ATTACHMENTS = 100

_KNOWN_TYPES = frozenset(
    [
        "actions",
        "alert",
        "auth_provider",
        "call",
        "card",
        "carousel",
        "container",
        "context",
        "context_actions",
        "data_table",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "markdown",
        "plan",
        "rich_text",
        "section",
        "table",
        "task_card",
        "video",
    ]
)


def check_blocks(blocks: object, *, too_many: str = "invalid_blocks") -> list[Payload]:
    """Give the blocks back if Slack would take them.

    Args:
        blocks: The decoded ``blocks`` argument.
        too_many: The code for more than 50 blocks, which differs between methods.

    Raises:
        SlackError: ``invalid_blocks_format``, ``invalid_blocks``, ``msg_blocks_too_long`` or the code above.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    if len(blocks) > MAX_BLOCKS:
        raise _refused([f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]"], too_many)
    complaints = [*complaints_of(blocks), *repeated(blocks)]
    if complaints:
        raise _refused(complaints, "invalid_blocks")
    _check_lengths(blocks)
    return blocks


def complaints_of(blocks: list[Payload]) -> list[str]:
    """Say what Slack would not take about blocks, a sentence each."""
    return [
        f"{complaint} [json-pointer:/blocks/{position}]"
        for position, block in enumerate(blocks)
        for complaint in _complaints(block)
    ]


def check_attachments(attachments: object) -> list[Payload]:
    """Give the attachments back if Slack would take them.

    Raises:
        SlackError: ``invalid_attachments`` or ``too_many_attachments``.
    """
    if not isinstance(attachments, list) or not all(isinstance(card, dict) for card in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return attachments


def find_clickable(blocks: object) -> Iterator[tuple[Payload, Payload]]:
    """Give every pair of a block and an interactive element in it, in reading order."""
    for block in blocks if isinstance(blocks, list) else []:
        elements = [*block.get("elements", []), block.get("accessory")]
        for element in elements:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element
        yield from find_clickable(block.get("children"))


def _check_lengths(blocks: list[Payload]) -> None:
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block["type"] == "markdown")
    everything = sum(len(text) for text in block_texts(blocks))
    if markdown > MAX_MARKDOWN or everything > MAX_BLOCK_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def _refused(complaints: list[str], code: str) -> SlackError:
    messages = [f"[ERROR] {complaint}" for complaint in complaints]
    return SlackError(code, errors=complaints, response_metadata={"messages": messages})


def _complaints(block: Payload) -> Iterator[str]:
    kind = block.get("type")
    if kind not in _KNOWN_TYPES:
        yield f"unsupported type: {kind}"
        return
    if len(str(block.get("block_id", ""))) > 255:
        yield "must be less than 256 characters: block_id"
    yield from misplaced(block)
    check = _CHECKS.get(str(kind))
    if check is not None:
        yield from check(block)


def _section(block: Payload) -> Iterator[str]:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield "missing required field: text or fields"
    if "text" in block:
        yield from _text_object(block["text"], limit=3_000)
    if len(fields) > 10:
        yield "no more than 10 items allowed: fields"
    for item in fields:
        yield from _text_object(item, limit=2_000)
    if isinstance(block.get("accessory"), dict):
        yield from _element(block["accessory"])


def _header(block: Payload) -> Iterator[str]:
    yield from _text_object(block.get("text"), limit=150, kinds=("plain_text",))


def _markdown(block: Payload) -> Iterator[str]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield "missing required field: text"


def _limited_elements(limit: int) -> Callable[[Payload], Iterator[str]]:
    def check(block: Payload) -> Iterator[str]:
        elements = block.get("elements")
        if not isinstance(elements, list) or not elements:
            yield "missing required field: elements"
            return
        if len(elements) > limit:
            yield f"no more than {limit} items allowed: elements"
        for element in elements:
            yield from _element(element)
        names = [
            str(element["action_id"]) for element in elements if isinstance(element, dict) and "action_id" in element
        ]
        if len(set(names)) < len(names):
            yield "action_id must be unique within the block"

    return check


def _element(element: object) -> Iterator[str]:
    if not isinstance(element, dict) or "type" not in element:
        yield "missing required field: type"
        return
    if len(str(element.get("action_id", ""))) > 255:
        yield "must be less than 256 characters: action_id"
    check = _ELEMENTS.get(str(element["type"]))
    if check is not None:
        yield from check(element)


def _button(element: Payload) -> Iterator[str]:
    yield from _text_object(element.get("text"), limit=75, kinds=("plain_text",))
    if len(str(element.get("value", ""))) > 2_000:
        yield "must be less than 2001 characters: value"
    if len(str(element.get("url", ""))) > 3_000:
        yield "must be less than 3001 characters: url"
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "must be a valid enum value: style"


def _feedback_buttons(element: Payload) -> Iterator[str]:
    for name in ("positive_button", "negative_button"):
        half = element.get(name)
        if not isinstance(half, dict):
            yield f"missing required field: {name}"
            continue
        yield from _text_object(half.get("text"), limit=75, kinds=("plain_text",))
        if len(str(half.get("value", ""))) > 2_000:
            yield "must be less than 2001 characters: value"


def _static_select(element: Payload) -> Iterator[str]:
    if "placeholder" in element:
        yield from _text_object(element["placeholder"], limit=150, kinds=("plain_text",))
    options = element.get("options")
    if not isinstance(options, list) or not options:
        yield "missing required field: options"
        return
    if len(options) > 100:
        yield "no more than 100 items allowed: options"
    for option in options:
        yield from _text_object(option.get("text"), limit=75, kinds=("plain_text",))
        if not 1 <= len(str(option.get("value", ""))) <= 150:
            yield "must be 1 to 150 characters: value"


def _text_input(element: Payload) -> Iterator[str]:
    if len(str(element.get("initial_value", ""))) > 3_000:
        yield "must be less than 3001 characters: initial_value"


def _input(block: Payload) -> Iterator[str]:
    yield from _text_object(block.get("label"), limit=2_000, kinds=("plain_text",))
    if "hint" in block:
        yield from _text_object(block["hint"], limit=2_000, kinds=("plain_text",))
    yield from _element(block.get("element"))


def _text_object(value: object, *, limit: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds or not isinstance(value.get("text"), str):
        yield "missing required field: text"
    elif not value["text"]:
        yield "must be more than 0 characters: text"
    elif len(value["text"]) > limit:
        yield f"must be less than {limit + 1} characters: text"


_CHECKS: dict[str, Callable[[Payload], Iterator[str]]] = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "actions": _limited_elements(25),
    "context": _limited_elements(10),
    "context_actions": _limited_elements(5),
    "input": _input,
}

_ELEMENTS: dict[str, Callable[[Payload], Iterator[str]]] = {
    "button": _button,
    "feedback_buttons": _feedback_buttons,
    "plain_text_input": _text_input,
    "static_select": _static_select,
}
