"""Is it still you? Sensitive deeds ask for proof that is at most ACCOUNT_REAUTHENTICATION_TIMEOUT seconds old.

    @console_view(POST="grant.approve")
    @reauthenticated("approve this access")
    def approval(request, …)

The words complete "Go on:" on the page that the person comes back to. Around a method of a ModelAdmin it works alike:
around `changeform_view`, `user_change_password`, or an action. Only unsafe methods ask, unless `pages=True`. An API key
is never asked: it is its own proof. Inside a verb's caller that is no view, ask `is_recent(request)` or call `demand`.

What was typed is kept in the session and offered for sending again, by a plain form POST, so a decorated view must
answer one (an htmx post is taken to the confirmation page as a whole). Files and passwords are never kept: with one of
those among the fields, the person comes back to the page that the form was on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from companyos.web.errors import Forbidden

SAFE = {"GET", "HEAD", "OPTIONS"}
SESSION_KEY = "suspended_deed"
KEPT_SECONDS = 900
KEPT_CHARACTERS = 64_000
SECRET_WORDS = ("password", "secret", "token")


class Suspended(NamedTuple):
    """A deed that waits for proof. `fields` is None when it cannot be sent again and must be filled in anew."""

    path: str
    back: str
    deed: str
    at: float
    fields: list[tuple[str, str]] | None


def is_recent(request: HttpRequest) -> bool:
    """Whether the person behind the session proved themselves just now; signing in is such a proof."""
    if getattr(request, "api_user", None) is not None:
        return True
    user = request.user
    if not user.is_authenticated:
        return False
    records = get_authentication_records(request, user)
    last = max((record["at"] for record in records), default=0.0)
    return time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def demand(request: HttpRequest) -> None:
    """Refuse without recent proof; for the API, which has no page to send anybody to."""
    if not is_recent(request):
        raise Forbidden(
            "reauthentication_required",
            f"Confirm that it is still you at {reverse('security')}, then send this again.",
        )


def reauthenticated(deed: str = "what you were doing", *, pages: bool = False) -> Callable[[Any], Any]:
    """Decorates a view, or a ModelAdmin's method or action, that asks for recent proof. See the module's words."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            request = next(arg for arg in args if isinstance(arg, HttpRequest))
            if request.method in SAFE and not pages:
                return view(*args, **kwargs)
            if not is_recent(request):
                return challenge(request, deed)
            request.session.pop(SESSION_KEY, None)
            return view(*args, **kwargs)

        return guarded

    return decorate


class ReauthenticationMiddleware:
    """The sign-in library's own pages ask in the same way. Nothing was written when they do, so nothing is undone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ReauthenticationRequired) and request.user.is_authenticated:
            return challenge(request, "change how you sign in")
        return None


def challenge(request: HttpRequest, deed: str) -> HttpResponse:
    """To the confirmation page, and from there back to the deed."""
    if request.method in SAFE:
        target = request.get_full_path()
    else:
        suspend(request, deed)
        target = reverse("continuation")
    address = confirmation_url(request, target)
    return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else HttpResponseRedirect(address)


def confirmation_url(request: HttpRequest, target: str) -> str:
    """Where this person proves themselves before going to `target`."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else reverse("sign_in_again")
    return f"{page}?{urlencode({'next': target})}"


def suspend(request: HttpRequest, deed: str) -> None:
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, value) for name, value in fields if name != "csrfmiddlewaretoken"]
    secret = any(word in name.lower() for name, _ in fields for word in SECRET_WORDS)
    long = sum(len(name) + len(value) for name, value in fields) > KEPT_CHARACTERS
    again = None if secret or long or request.FILES else fields
    kept = Suspended(request.get_full_path(), _page_before(request), deed, time.time(), again)
    request.session[SESSION_KEY] = kept._asdict()


def suspended(request: HttpRequest) -> Suspended | None:
    """The deed that waits in this session, unless it is forgotten by now."""
    kept = request.session.get(SESSION_KEY)
    if kept is None or time.time() - kept["at"] > KEPT_SECONDS:
        return None
    return Suspended(**kept)


def _page_before(request: HttpRequest) -> str:
    """The page that the form was on, of this site."""
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(page)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
