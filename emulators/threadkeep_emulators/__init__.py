"""Local servers that speak the wire protocols of Slack, Discord and OpenAI."""
