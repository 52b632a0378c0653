"""Discord for threadkeep, on discord.py: messages in by the gateway, replies out by the HTTP API."""

from threadkeep_discord.adapter import DiscordAdapter

__all__ = ["DiscordAdapter"]
