"""The ways by which events come: sockets and requests."""
