"""Setting a bot up on Discord: the link that invites it, and what it lacks."""
