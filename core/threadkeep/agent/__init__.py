"""The agent: what it shows to the model, the tools that it calls, and how a program runs it."""
