"""Try a bot on local platforms, without tokens."""
