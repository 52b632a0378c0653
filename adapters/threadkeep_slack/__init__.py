"""Slack for threadkeep, on slack-bolt: Socket Mode or the Events API in, Markdown replies out."""

from threadkeep_slack.adapter import SlackAdapter
from threadkeep_slack.settings import SlackSettings

__all__ = ["SlackAdapter", "SlackSettings"]
