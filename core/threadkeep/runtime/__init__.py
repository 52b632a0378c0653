"""What runs a bot: the worker that answers accepted events, and the bot that holds adapters, store and worker."""
