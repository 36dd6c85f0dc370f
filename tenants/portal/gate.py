"""The portal's door as views see it: a visit that lasts, the right that the method takes, in the visitor's zone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone

from companyos.web.errors import DomainError, NotFound

View = Callable[..., HttpResponse]
COOKIE = "__Host-portal" if settings.SECURE else "portal"
PATH = "/portal/"


def portal_view(**rights: str) -> Callable[[View], View]:
    """`@portal_view(GET="portal.use", POST="privacy.request")`; a page that one may not see is absent.

    The view finds the actor in request.actor and the person, with the tenant loaded, in request.requester.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            actor = getattr(request, "actor", None)
            if actor is None or actor.kind != "requester" or not actor.can("portal.use"):
                return render(request, "portal/closed.html", status=403)
            right = rights.get("GET" if request.method == "HEAD" else str(request.method))
            if right is None:
                return HttpResponseNotAllowed([*rights, *(["HEAD"] if "GET" in rights else [])])
            if not actor.can(right):
                raise NotFound("not_found", "There is no such page.")
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise DomainError("null_characters", "The address has null characters; remove them.")
            with timezone.override(request.requester.time_zone):  # type: ignore[attr-defined]
                return view(request, *args, **kwargs)

        guarded.rights = rights  # type: ignore[attr-defined]
        return guarded

    return decorate
