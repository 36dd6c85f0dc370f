"""Requests to other systems: bounded in time and size, never redirected, never into private networks.

The host is resolved once and the connection goes to that address, so a name cannot change its mind in between.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from urllib.parse import urlsplit

import httpx
from django.conf import settings

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
LONGEST = 30.0  # seconds for the whole body, however steadily it drips


class OutboundError(Exception):
    """The request was refused by us, or failed; the message says why, without secrets."""


def get(url: str, *, token: str = "", most_bytes: int) -> bytes:
    """The body of a GET answered with 2xx. Raises OutboundError."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("no http address")
        address = _allowed_address(parts.hostname, port)
        pinned = httpx.URL(url).copy_with(host=address)
    except (ValueError, httpx.InvalidURL) as error:
        raise OutboundError(f"{url[:100]} is no http address.") from error
    # A compressed answer could unpack to any size.
    headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "CompanyOS", "Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": parts.hostname}) as response,
        ):
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise OutboundError(f"{parts.hostname} sent a compressed answer, which was not asked for.")
            if not response.is_success:
                raise OutboundError(f"{parts.hostname} answered {response.status_code} for {parts.path}.")
            return _bounded(response, most_bytes)
    except httpx.HTTPError as error:
        raise OutboundError(f"{parts.hostname} did not answer: {type(error).__name__}.") from error


def _bounded(response: httpx.Response, most_bytes: int) -> bytes:
    body, deadline = bytearray(), time.monotonic() + LONGEST
    for chunk in response.iter_raw():
        body += chunk
        if time.monotonic() > deadline:
            raise OutboundError(f"The answer took over {LONGEST:.0f} seconds.")
        if len(body) > most_bytes:
            raise OutboundError(f"The answer is over {most_bytes // 1024} KiB.")
    return bytes(body)


def _allowed_address(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise OutboundError(f"{host} cannot be resolved.") from error
    address = str(found[0][4][0])
    if host not in settings.OUTBOUND_ALLOWED_HOSTS and not ipaddress.ip_address(address).is_global:
        raise OutboundError(f"{host} is in a private network; list it in OUTBOUND_ALLOWED_HOSTS to allow it.")
    return address
