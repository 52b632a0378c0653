"""Language models: the port, and its implementations on the openai client."""
