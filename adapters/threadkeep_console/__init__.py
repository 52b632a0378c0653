"""threadkeep."""
