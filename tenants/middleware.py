"""Who asks is settled once, before the view: then the whole request runs in that actor's scope.

Four ways in: the session cookie (console, admin, API from the browser), an API key, a widget token, and a visit to
the portal, to which nobody's staff session counts. A bad key or token is remembered on the request and answered with
401 by the API's authentication class.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from companyos.web import bodies
from tenants import actors, audit, isolation, origin, tokens
from tenants.access import Actor
from tenants.keys import bearer
from tenants.portal import gate, visits

WIDGET_PATH = "/api/v1/widget/"
DOORS = ((WIDGET_PATH, "widget"), ("/api/", "api"), ("/admin/", "admin"), (gate.PATH, "portal"))
# Streams outlive their request's transaction and open their own scope, as do downloads, which their link identifies;
# probes must answer without a database.
UNSCOPED_PATHS = ("/live/", "/healthz", "/readyz", "/static/", "/d/")


class ScopeMiddleware:
    """Sets request.actor (an Actor or None) and request.identity_error, and opens the scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor, request.identity_error = None, None  # type: ignore[attr-defined]
        if request.path.startswith(UNSCOPED_PATHS):
            return self.get_response(request)
        actor = identify(request)
        if actor is None:
            with origin.coming_from(origin_of(request)):
                return self.get_response(request)
        request.actor = actor  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(actor=f"{actor.kind}:{actor.identifier}")
        refusal = bodies.read(request)
        if refusal is not None:
            return refusal
        with origin.coming_from(origin_of(request)), isolation.scope(actor):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if getattr(request, "actor", None) is not None:
            transaction.set_rollback(True)


class AdminLooksMiddleware:
    """Whoever looks at records in the admin leaves a row in the audit log, whatever the model; stands in the scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        if request.path.startswith("/admin/") and request.method in ("GET", "HEAD"):
            shown = response.context_data or {}
            one = shown.get("original") or shown.get("object")
            if isinstance(one, models.Model):
                audit.viewed(one)
            elif "cl" in shown:
                audit.listed(shown["cl"].result_list)
        return response


def origin_of(request: HttpRequest) -> origin.Origin:
    """What the audit log keeps of where the request came from."""
    door = next((name for path, name in DOORS if request.path.startswith(path)), "console")

    def route() -> str:
        match = request.resolver_match
        return (match.view_name or match.route) if match is not None else ""

    key = getattr(request, "api_key", None)
    return origin.Origin(door, address_of(request), key.pk if key is not None else None, route)


def address_of(request: HttpRequest) -> str | None:
    """The client's address: the one that our own proxy saw, since whatever stands before it anybody can write."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def identify(request: HttpRequest) -> Actor | None:
    """Who asks; None for nobody, with request.identity_error set when a credential was given and is no good."""
    if request.path.startswith(gate.PATH):
        return _visitor(request)
    if request.path.startswith(WIDGET_PATH):
        if not request.headers.get("Authorization"):
            return None
        try:
            return actors.of_requester(tokens.requester_of(request))
        except tokens.TokenError as error:
            request.identity_error = error  # type: ignore[attr-defined]
            return None
    if request.path.startswith("/api/"):
        try:
            key = bearer.key_of(request)
        except KeyError:
            request.identity_error = InvalidApiKey()  # type: ignore[attr-defined]
            return None
        if key is not None:
            request.api_user, request.api_key = key.user, key  # type: ignore[attr-defined]
            return actors.of_key(key)
    user = request.user
    if not user.is_authenticated or user.is_service:  # a service account comes by key only
        return None
    return actors.of_user(user)


def _visitor(request: HttpRequest) -> Actor | None:
    """The customer at the portal; whoever is signed in to the console in the same browser stays outside."""
    request.user = AnonymousUser()
    requester = visits.requester_of(request.COOKIES.get(gate.COOKIE, ""))
    request.requester = requester  # type: ignore[attr-defined]
    return actors.of_requester(requester) if requester else None


class InvalidApiKey(Exception):
    """The request bore an API key that is unknown, expired, revoked or of an inactive user."""

    code = "invalid_api_key"
    message = "This API key is unknown, expired, revoked, or its user is inactive. Make a new one in your profile."
