"""Where a deed comes from: the door, the address and the route of the request that is being answered."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest

DOORS = (("/api/v1/widget/", "widget"), ("/api/", "api"), ("/admin/", "admin"), ("/portal/", "portal"))


def _nowhere() -> str:
    return ""


@dataclass(frozen=True)
class Origin:
    """`via` is '' for background work. The route is asked for late: it is known once the view is found."""

    via: str = ""
    address: str | None = None
    api_key_id: int | None = None
    find_route: Callable[[], str] = field(default=_nowhere, compare=False)

    @property
    def route(self) -> str:
        return self.find_route()


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("companyos_origin", default=_NOWHERE)


def current_origin() -> Origin:
    return _origin.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def of_request(request: HttpRequest) -> Origin:
    door = next((name for path, name in DOORS if request.path.startswith(path)), "console")

    def route() -> str:
        match = request.resolver_match
        return (match.view_name or match.route) if match is not None else ""

    key = getattr(request, "api_key", None)
    return Origin(door, address_of(request), key.pk if key is not None else None, route)


def address_of(request: HttpRequest) -> str | None:
    """The client's address: the one that our own proxy saw, since whatever stands before it anybody can write."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
