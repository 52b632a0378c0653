"""Markdown cut into messages: each part fits the platform, renders alone, and together they are the whole text."""

from threadkeep.chat.markdown.budget import Measure, utf16_length
from threadkeep.chat.markdown.growing import GrowingPart, GrowingText
from threadkeep.chat.markdown.split import Part, split_markdown

__all__ = ["GrowingPart", "GrowingText", "Measure", "Part", "split_markdown", "utf16_length"]
