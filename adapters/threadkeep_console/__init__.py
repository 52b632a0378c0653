"""A terminal as a chat platform: one person, one conversation."""

from threadkeep_console.adapter import ConsoleAdapter

__all__ = ["ConsoleAdapter"]
