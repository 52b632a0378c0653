"""The content arguments that chat.* methods share: text, Markdown, blocks, attachments, metadata."""

from dataclasses import dataclass

from threadkeep_emulators.slack.arguments import Arguments
from threadkeep_emulators.slack.blocks import MAX_MARKDOWN, check_attachments, check_blocks
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.text import link_names
from threadkeep_emulators.slack.wire import Payload

MAX_TEXT = 40_000
# Slack names no figure; this one is far above what a bot has reason to attach.
MAX_METADATA_BYTES = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Hold what a message says. None stands for an argument that was not given."""

    text: str | None
    blocks: list[Payload] | None
    attachments: list[Payload] | None
    is_markdown: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing that people would see."""
        return not ((self.text or "").strip() or self.blocks or self.attachments)


def read_content(args: Arguments) -> Content:
    """Read and check the content of a message.

    Text above 40,000 characters is cut off, as Slack does. Markdown is kept as it was written: the emulator does not
    translate it.

    Raises:
        SlackError: ``markdown_text_conflict``, ``msg_too_long``, ``msg_blocks_too_long``, ``invalid_blocks``,
            ``invalid_blocks_format``, ``invalid_attachments``, ``too_many_attachments``.
    """
    text, markdown = args.text("text"), args.text("markdown_text")
    raw_blocks = args.structure("blocks", error="invalid_blocks_format")
    raw_attachments = args.structure("attachments", error="invalid_attachments")
    if markdown is not None:
        if text is not None or raw_blocks is not None:
            raise SlackError("markdown_text_conflict")
        check_markdown(markdown)
    if text is not None and (args.flag("link_names") or args.text("parse") == "full"):
        text = link_names(text)
    return Content(
        text=markdown if markdown is not None else _cut(text),
        blocks=None if raw_blocks is None else check_blocks(raw_blocks),
        attachments=None if raw_attachments is None else check_attachments(raw_attachments),
        is_markdown=markdown is not None,
    )


def check_markdown(markdown: str) -> None:
    """Refuse Markdown above 12,000 characters.

    Raises:
        SlackError: ``msg_too_long``.
    """
    if len(markdown) > MAX_MARKDOWN:
        raise SlackError("msg_too_long")


def read_metadata(args: Arguments) -> Payload | None:
    """Read and check message metadata (https://docs.slack.dev/messaging/message-metadata/).

    Raises:
        SlackError: ``invalid_metadata_format``, ``invalid_metadata_schema`` or ``metadata_too_large``.
    """
    value = args.structure("metadata", error="invalid_metadata_format")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SlackError("invalid_metadata_format")
    if not value or "entities" in value:
        return value
    if not isinstance(value.get("event_type"), str) or not isinstance(value.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(str(value)) > MAX_METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return value


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]
