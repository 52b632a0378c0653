"""The store on a Redis server, 6.2 or newer."""

from threadkeep.stores.redis.store import RedisStore

__all__ = ["RedisStore"]
