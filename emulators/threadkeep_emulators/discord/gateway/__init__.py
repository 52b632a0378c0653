"""The gateway: sessions, their connections, and the events that go out on them."""
