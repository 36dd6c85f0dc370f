"""A pytest plugin, loaded before Django reads its settings: the embedded servers of the test profile.

DATABASE_URL and REDIS_URL name other servers instead. Workers of a parallel run inherit the addresses; the process
that started the servers stops them.
"""

from __future__ import annotations

import os

import pytest

from companyos import local

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("LOG_LEVEL", "ERROR")
os.environ.setdefault("CACHE_PATIENCE", "10")  # a busy machine is no broken cache
# Each worker has a database of its own, and so needs cached facts of its own.
os.environ["CACHE_PREFIX"] = os.environ.get("PYTEST_XDIST_WORKER", "")

_servers = None
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    _servers = local.ensure("test")
    os.environ.update(_servers.environment)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers is not None:
        _servers.stop()
