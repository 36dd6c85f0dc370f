"""The guard of `companyos.web.outbound` for libraries that open connections by themselves through `requests`.

Inside `guarded()` each of their connections goes only where ours may: the name is resolved once, every address it has
is judged, and the socket goes to one of them, redirects included. Proxies of the environment are passed by, since a
proxy would resolve the name anew. Outside, and in other threads, `requests` is as it always was.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
import urllib3.util.connection

from companyos.web import outbound
from companyos.web.outbound import OutboundError

CONNECT, READ = 3.0, 10.0  # seconds: to connect, and between two pieces of an answer
_deadline: ContextVar[float | None] = ContextVar("companyos_guarded", default=None)
_connect = urllib3.util.connection.create_connection
_settle = requests.Session.merge_environment_settings


@contextmanager
def guarded(longest: float = outbound.LONGEST) -> Iterator[None]:
    """`longest`: seconds after which no further connection is opened. A refusal raises OutboundError."""
    token = _deadline.set(time.monotonic() + longest)
    try:
        yield
    finally:
        _deadline.reset(token)


def _guarded_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    deadline = _deadline.get()
    if deadline is None:
        return _connect(address, *args, **kwargs)
    host, port = address
    failure: OSError | None = None
    for found in outbound.addresses(host.strip("[]"), port):
        if time.monotonic() >= deadline:
            raise OutboundError(f"{host} did not answer in time.")
        try:
            return _connect((found, port), *args, **kwargs)
        except OSError as error:
            failure = error
    assert failure is not None
    raise failure


def _guarded_settings(
    self: requests.Session, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
) -> dict[str, Any]:
    if _deadline.get() is None:
        return dict(_settle(self, url, proxies, stream, verify, cert))
    return {"proxies": {}, "stream": False, "verify": True, "cert": cert}


urllib3.util.connection.create_connection = _guarded_connection
requests.Session.merge_environment_settings = _guarded_settings  # type: ignore[method-assign]
