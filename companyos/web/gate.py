"""The console's door: signed in, on the support side, in the person's own time zone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from companyos.web.errors import DomainError

View = Callable[..., HttpResponse]
NUL = "\x00"  # PostgreSQL's text cannot hold it


def console_view(view: View) -> View:
    """Sends the stranger to sign-in, refuses an account without a support role, and sets the viewer's zone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor = getattr(request, "actor", None)
        if actor is None or not actor.can("console.use"):
            raise PermissionDenied
        if any(NUL in value for values in request.GET.lists() for value in values[1]):
            raise DomainError("null_characters", "The address has null characters; remove them.")
        with timezone.override(request.user.time_zone):
            return view(request, *args, **kwargs)

    return guarded


def named(request: HttpRequest, field: str) -> str:
    """What a posted field names: a key to look up. Null characters, which no key has, would break the look-up."""
    return request.POST.get(field, "").replace(NUL, "\ufffd")
