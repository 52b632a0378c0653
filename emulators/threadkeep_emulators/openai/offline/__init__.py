"""The offline model: it answers by fixed rules, from nothing but the messages of the request."""

from .model import OfflineModel

__all__ = ["OfflineModel"]
