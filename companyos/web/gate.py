"""The console's door: signed in, on the support side, in the person's own time zone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

View = Callable[..., HttpResponse]


def console_view(view: View) -> View:
    """Sends the stranger to sign-in, refuses an account without a support role, and sets the viewer's zone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor = getattr(request, "actor", None)
        if actor is None or not actor.can("console.use"):
            raise PermissionDenied
        with timezone.override(request.user.time_zone):
            return view(request, *args, **kwargs)

    return guarded
