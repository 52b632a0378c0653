"""Where sessions, runs, inboxes and memories live."""
