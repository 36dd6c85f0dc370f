"""Every address with the right that each of its methods takes, as the views themselves declare it.

`console_view`, `portal_view` and the API's endpoints keep their rights where this can read them; the matrix
(`manage.py permissions`) and the tests do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Address (or what it begins with) → why no right is asked there. Everything else declares one.
OPEN = {
    "accounts/": "signing in, and what everybody signed in does for their own security",
    "admin/": "Django's own permissions, which follow the table by group",
    "api/": "says that nothing is there",
    "api/docs/": "describes the API; nothing of anybody's is in it",
    "api/schema/": "describes the API; nothing of anybody's is in it",
    "d/<str:signed>/<str:name>": "a signed link, for a minute, of a file whose page asked for the right",
    "healthz": "a probe",
    "live/": "a stream of ids, which asks for console.use itself",
    "portal/leave/": "ends one's own visit",
    "portal/open/<slug:key>/": "a link that opens once, made for one customer",
    "readyz": "a probe",
}
_WHOLE = ("accounts/", "admin/")  # everything below as well


@dataclass(frozen=True)
class Route:
    """One address. `rights` is method → permission; `undeclared` are methods it answers without a right."""

    path: str
    door: str  # console, api, widget or portal
    rights: Mapping[str, str]
    undeclared: tuple[str, ...]


def routes() -> list[Route]:
    """Every address but the open ones, in the order of the URLconf; each path once."""
    found = {path: _route(path, view) for path, view in reversed(list(_walk(get_resolver().url_patterns, "")))}
    return [found[path] for path in reversed(found)]


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith(_WHOLE)


def _walk(patterns: list[Any], so_far: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for entry in patterns:
        path = so_far + str(entry.pattern)
        if isinstance(entry, URLPattern):
            if not is_open(path):
                yield path, entry.callback
        elif not path.startswith(_WHOLE):
            yield from _walk(entry.url_patterns, path)


def _route(path: str, view: Callable[..., Any]) -> Route:
    endpoint = getattr(view, "cls", None)  # of the API; a page is a function
    if endpoint is not None:
        answered = [method for method in METHODS if hasattr(endpoint, method.lower())]
        rights = dict(endpoint.rights)
    else:
        rights = dict(getattr(view, "rights", {}))
        answered = list(rights) or ["GET", "POST"]
    return Route(path, _door(path), rights, tuple(method for method in answered if method not in rights))


def _door(path: str) -> str:
    if path.startswith("api/v1/widget/"):
        return "widget"
    if path.startswith("api/"):
        return "api"
    return "portal" if path.startswith("portal/") else "console"
