"""Where a deed comes from: the door, the address and the route of the request that is being answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


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
