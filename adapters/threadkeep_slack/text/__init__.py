"""Slack's markup and plain Markdown."""
