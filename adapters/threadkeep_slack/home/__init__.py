"""The app's Home tab, and how the bot is set up in a workspace from Slack."""
