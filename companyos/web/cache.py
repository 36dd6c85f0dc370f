"""A cache that may be away: every failure is a miss, logged, never an error to the person at the page."""

from __future__ import annotations

import re
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache whose operations answer as an empty cache does while Redis is unreachable."""

    def _forgive(self, operation: str, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), operation)(*args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache.unreachable", operation=operation, error=str(error))
            return otherwise

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgive("get", default, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        return self._forgive("get_many", {}, keys, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._forgive("set", None, key, value, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return self._forgive("set_many", [], data, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._forgive("add", True, key, value, *args, **kwargs)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        return self._forgive("touch", False, key, *args, **kwargs)

    def delete(self, key: Any, version: int | None = None) -> Any:
        return self._forgive("delete", False, key, version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        return self._forgive("incr", delta, key, delta, version)

    def has_key(self, key: Any, version: int | None = None) -> Any:
        return self._forgive("has_key", False, key, version)

    def clear(self) -> Any:
        """Forgets this cache's own keys alone: the broker and other processes' caches share the server."""
        try:
            redis = self._cache.get_client(None, write=True)
            ours = re.sub(r"([][*?\\^-])", r"\\\1", self.make_key("")) + "*"
            for key in redis.scan_iter(match=ours, count=1000):
                redis.unlink(key)
        except (RedisError, OSError) as error:
            log.warning("cache.unreachable", operation="clear", error=str(error))
            return False
        return True
