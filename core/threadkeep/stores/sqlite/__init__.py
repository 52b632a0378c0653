"""The embedded store: one SQLite file, or memory."""

from threadkeep.stores.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
