"""The HTTP API, version 10: its routes, and how requests are read, limited, logged and answered."""
