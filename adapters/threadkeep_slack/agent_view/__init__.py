"""Slack's agent features: sessions with a status and a title, suggested prompts, what somebody is looking at."""
