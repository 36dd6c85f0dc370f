"""Requests to other systems: bounded in time and size, never redirected, never into private networks.

The guard sits where the connection is made: the name is resolved once there, every address it has is judged, and the
socket goes to one of them. So a name cannot change its mind in between, and no spelling of an address gets by.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import SOCK_STREAM, getaddrinfo
from typing import Any

import httpcore
import httpx
from django.conf import settings

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
LONGEST = 30.0  # seconds for the whole exchange, however steadily it drips
OPEN_PORTS = (80, 443)  # besides those above 1023: no mail server, no shell, is spoken to by a made-up address
MOST_REPLY = 64 * 1024  # bytes of an answer to a POST
_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the IPv4 address is in the last 32 bits


class OutboundError(Exception):
    """The request was refused by us, or failed; the message says why, without secrets. `status` is the answer's."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def get(url: str, *, token: str = "", most_bytes: int) -> bytes:
    """The body of a GET answered with 2xx. Raises OutboundError."""
    return _exchange("GET", url, {"Authorization": f"Bearer {token}"} if token else {}, None, most_bytes)


def post(url: str, body: bytes, *, headers: Mapping[str, str], most_bytes: int = MOST_REPLY) -> bytes:
    """The body of a POST answered with 2xx. Raises OutboundError. Sent once: who repeats it sends a key along."""
    return _exchange("POST", url, headers, body, most_bytes)


def _exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None, most_bytes: int) -> bytes:
    target = _target(url)
    # A compressed answer could unpack to any size.
    sent = [("User-Agent", "CompanyOS"), ("Accept-Encoding", "identity"), ("Connection", "close"), *headers.items()]
    backend = _GuardedBackend(time.monotonic() + LONGEST)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
            pool.stream(
                method, str(target), headers=sent, content=body, extensions={"timeout": TIMEOUT.as_dict()}
            ) as response,
        ):
            if not 200 <= response.status < 300:
                raise OutboundError(f"{target.host} answered {response.status} for {target.path}.", response.status)
            if any(name.lower() == b"content-encoding" and value != b"identity" for name, value in response.headers):
                raise OutboundError(f"{target.host} sent a compressed answer, which was not asked for.")
            return _bounded(response.iter_stream(), most_bytes)
    except _FAILURES as error:
        raise OutboundError(f"{target.host} did not answer: {type(error).__name__}.") from error


_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


def _target(url: str) -> httpx.URL:
    """The address, read once by one parser. Its text is not repeated in errors: it may hold a secret."""
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundError("This is no http address; it begins with https:// and a host name.") from error
    if target.scheme not in ("http", "https") or not target.host or not 0 < _port(target) < 65536:
        raise OutboundError("This is no http address; it begins with https:// and a host name.")
    if target.userinfo:
        raise OutboundError("The address holds a user name or password; give a token instead.")
    return target


def _port(target: httpx.URL) -> int:
    return target.port if target.port is not None else {"https": 443}.get(target.scheme, 80)


def _bounded(chunks: Iterable[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most_bytes:
            raise OutboundError(f"The answer is over {most_bytes // 1024} KiB.")
    return bytes(body)


@cache
def _tls() -> ssl.SSLContext:
    """One for the process: reading the certificates anew costs more than most requests."""
    return httpx.create_ssl_context(trust_env=False)


# ── Where a connection may go ────────────────────────────────────────────────
def resolve(host: str, port: int) -> list[str]:
    """Every address of a name. Numbers in any spelling (octal, one long integer) come out as addresses, too."""
    try:
        return [str(entry[4][0]) for entry in getaddrinfo(host, port, type=SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise OutboundError(f"{host} cannot be resolved.") from error


def is_public(address: str) -> bool:
    """Whether it lies in the open internet: what embeds another address is judged by that, or refused."""
    found: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return False
        if found in _TRANSLATED:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        if found not in _UNICAST or found.sixtofour or found.teredo:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def addresses(host: str, port: int) -> list[str]:
    """Where to connect to; raises OutboundError when only one of the name's addresses is not allowed."""
    if "%" in host:
        raise OutboundError("The address names a network interface; give a host name.")
    found = resolve(host, port)
    if not found:
        raise OutboundError(f"{host} cannot be resolved.")
    if {host, f"{host}:{port}"} & set(settings.OUTBOUND_ALLOWED_HOSTS):
        return found
    if not all(map(is_public, found)):
        raise OutboundError(f"{host} is in a private network; list it in OUTBOUND_ALLOWED_HOSTS to allow it.")
    if port < 1024 and port not in OPEN_PORTS:
        raise OutboundError(f"Port {port} is not asked; use 80, 443 or one above 1023.")
    return found


class _GuardedBackend(httpcore.SyncBackend):
    """Makes connections only to allowed addresses, and ends every one at the deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in addresses(host, port):
            try:
                return _TimedStream(super().connect_tcp(address, port, *args, **kwargs), self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise OutboundError("No socket of this machine is spoken to.")


class _TimedStream(httpcore.NetworkStream):
    """A stream that no sender can hold open past the deadline by a byte now and then, not even in the headers."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self.inner, self.deadline = inner, deadline

    def _left(self, timeout: float | None) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutboundError(f"The exchange took over {LONGEST:.0f} seconds.")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self.inner.read(max_bytes, self._left(timeout))
        except httpcore.ReadTimeout:
            self._left(timeout)  # says so when the deadline was what ended it
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self.inner.start_tls(ssl_context, server_hostname, self._left(timeout)), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)
