"""The cache shares its server with the broker and with other processes' caches."""

from __future__ import annotations

import redis
from django.conf import settings

from companyos.web.cache import ForgivingRedisCache


def a_cache(prefix: str, location: str = "") -> ForgivingRedisCache:
    return ForgivingRedisCache(location or settings.REDIS_URL, {"KEY_PREFIX": prefix, "OPTIONS": {}})


def test_clearing_takes_only_the_caches_own_keys() -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.set("a-task-that-waits", "1", ex=60)
    ours, theirs, twin = a_cache("te[s]t*"), a_cache("test"), a_cache("te[s]t*2")
    try:
        for at in range(2500):
            ours.set(f"fact-{at}", at, 60)
        theirs.set("fact", 1, 60)
        twin.set("fact", 1, 60)
        assert ours.clear() is True
        assert ours.get_many([f"fact-{at}" for at in range(2500)]) == {}
        assert (theirs.get("fact"), twin.get("fact")) == (1, 1)
        assert broker.get("a-task-that-waits") == b"1"
    finally:
        broker.delete("a-task-that-waits")
        theirs.clear()
        twin.clear()


def test_clearing_a_cache_that_is_away_is_no_error() -> None:
    assert a_cache("test", "redis://127.0.0.1:1/0").clear() is False
