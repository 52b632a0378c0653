"""Conversations on chat platforms, without knowing any platform: events, the adapter's port, replies, splitting."""
