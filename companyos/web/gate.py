"""The console's door: signed in, on the support side, with the right that the method takes, in one's own time zone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone

from companyos.web.errors import DomainError

View = Callable[..., HttpResponse]
NUL = "\x00"  # PostgreSQL's text cannot hold it


def console_view(**rights: str) -> Callable[[View], View]:
    """A page of the console that answers the methods named, each to those who have its permission.

    `@console_view(GET="case.read", POST="case.reply")`; HEAD goes with GET, any other method is 405. The stranger is
    sent to sign-in, an account without a support role is refused. `view.rights` tells the matrix and the tests.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            actor = getattr(request, "actor", None)
            if actor is None or not actor.can("console.use"):
                raise PermissionDenied
            right = rights.get("GET" if request.method == "HEAD" else str(request.method))
            if right is None:
                return HttpResponseNotAllowed([*rights, *(["HEAD"] if "GET" in rights else [])])
            actor.require(right)
            if any(
                NUL in value
                for asked in (request.GET, request.POST)
                for _, several in asked.lists()
                for value in several
            ):
                raise DomainError("null_characters", "The address or the form has null characters; remove them.")
            with timezone.override(request.user.time_zone):
                return view(request, *args, **kwargs)

        guarded.rights = rights  # type: ignore[attr-defined]
        return guarded

    return decorate


def named(request: HttpRequest, field: str) -> str:
    """What a posted field names: a key to look up. Null characters, which no key has, would break the look-up."""
    return request.POST.get(field, "").replace(NUL, "\ufffd")
