"""The guard of `companyos.web.outbound` for libraries that open connections by themselves through `requests`.

Inside `guarded()` each of their connections goes only where ours may: the name is resolved once, every address it has
is judged, and the socket goes to one of them, redirects included. Proxies of the environment are passed by, since a
proxy would resolve the name anew. An answer ends at the deadline however steadily it drips, and is read up to a bound
after unpacking. Outside, and in other threads, `requests` is as it always was.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import requests
import requests.adapters
import urllib3.exceptions
import urllib3.util.connection

from companyos.web import outbound
from companyos.web.outbound import OutboundError

CONNECT, READ = 3.0, 10.0  # seconds: to connect, and between two pieces of an answer
MOST_REPLY = 1024 * 1024  # bytes of an answer, unpacked
_connect = urllib3.util.connection.create_connection
_settle = requests.Session.merge_environment_settings
_send = requests.adapters.HTTPAdapter.send


@dataclass
class _Guard:
    """The deadline, and a second handle of each socket, by which it is shut down then whatever waits for it."""

    deadline: float
    sockets: list[socket.socket] = field(default_factory=list)

    def shut(self) -> None:
        for one in list(self.sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self.sockets:
            one.close()


_guard: ContextVar[_Guard | None] = ContextVar("companyos_guarded", default=None)


@contextmanager
def guarded(longest: float = outbound.LONGEST) -> Iterator[None]:
    """`longest`: seconds after which no further connection is opened, and those that are open end. A refusal raises
    OutboundError."""
    guard = _Guard(time.monotonic() + longest)
    timer = threading.Timer(longest, guard.shut)
    timer.daemon = True
    timer.start()
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)
        timer.cancel()
        timer.join()
        guard.close()


def _guarded_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    guard = _guard.get()
    if guard is None:
        return _connect(address, *args, **kwargs)
    host, port = address
    failure: OSError | None = None
    for found in outbound.addresses(host.strip("[]"), port):
        if time.monotonic() >= guard.deadline:
            raise OutboundError(f"{host} did not answer in time.")
        try:
            made = _connect((found, port), *args, **kwargs)
        except OSError as error:
            failure = error
            continue
        guard.sockets.append(made.dup())  # TLS takes the first handle away
        return made
    assert failure is not None
    raise failure


def _guarded_settings(
    self: requests.Session, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
) -> dict[str, Any]:
    if _guard.get() is None:
        return dict(_settle(self, url, proxies, stream, verify, cert))
    return {"proxies": {}, "stream": False, "verify": True, "cert": cert}


def _guarded_send(
    self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
) -> requests.Response:
    answer = _send(self, request, *args, **kwargs)
    if _guard.get() is None:
        return answer
    try:
        body = answer.raw.read(MOST_REPLY + 1, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.exceptions.ChunkedEncodingError("The answer broke off.", request=request) from error
    finally:
        answer.close()
    if len(body) > MOST_REPLY:
        raise OutboundError(f"The answer is over {MOST_REPLY // 1024} KiB.")
    answer._content, answer._content_consumed = body, True  # type: ignore[attr-defined]
    return answer


urllib3.util.connection.create_connection = _guarded_connection
requests.Session.merge_environment_settings = _guarded_settings  # type: ignore[method-assign]
requests.adapters.HTTPAdapter.send = _guarded_send  # type: ignore[method-assign]
