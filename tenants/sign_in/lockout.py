"""Guessing is stopped by what PostgreSQL remembers, so that a flushed cache opens nothing.

Passwords: LOCKOUT_FAILURES wrong ones for an account from an address lock that pair, LOCKOUT_FAILURES_ANYWHERE lock
the account for every address. Codes: LOCKOUT_FAILURES wrong ones lock the account's codes. Each for LOCKOUT_MINUTES.
An address that names nobody is locked like any other.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tenants.models import User

CODES = "codes of "
Credentials = dict[str, Any] | None


def account_of(request: HttpRequest, credentials: Credentials) -> str:
    """What failures are counted under: the address as typed, whatever its case, or the codes of a person."""
    named = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login") or ""
    return str(named).strip().lower().replace("\x00", "")[:255]


def address_of(request: HttpRequest) -> str | None:
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None


class Guesses(AxesDatabaseHandler):
    """Counts what django-axes counts, and beyond it the failures of an account from anywhere."""

    def get_failures(self, request: HttpRequest, credentials: Credentials = None) -> int:
        account = account_of(request, credentials)
        recent = AccessAttempt.objects.filter(username=account, attempt_time__gte=get_cool_off_threshold(request))
        anywhere: int = recent.aggregate(n=Sum("failures_since_start"))["n"] or 0
        if account.startswith(CODES):
            return anywhere
        here: int = super().get_failures(request, credentials)
        # The limit is one number for the library; what is counted anywhere is scaled to it.
        return max(here, anywhere * settings.AXES_FAILURE_LIMIT // settings.LOCKOUT_FAILURES_ANYWHERE)


def was_locked_before(request: HttpRequest) -> bool:
    """Whether this attempt met a lock, rather than being the failure that made it."""
    locked_out, counted = (getattr(request, f"axes_{name}", None) for name in ("locked_out", "failures_since_start"))
    return bool(locked_out) and counted is None


def locked(request: HttpRequest, response: HttpResponse | None, credentials: Credentials) -> HttpResponse:
    """The page of whoever is locked out: when to come back, and nothing of whether the account exists."""
    newest = AccessAttempt.objects.filter(username=account_of(request, credentials)).aggregate(at=Max("attempt_time"))
    until = (newest["at"] or timezone.now()) + settings.AXES_COOLOFF_TIME
    seconds = max(1, int((until - timezone.now()).total_seconds()))
    page = render(request, "account/locked.html", {"minutes": -(-seconds // 60)}, status=429)
    page["Retry-After"] = str(seconds)
    return page


# ── Codes of second factors ──────────────────────────────────────────────────
def _codes(user: User) -> dict[str, Any]:
    return {"username": f"{CODES}{user.pk}"}


def refuse_more_codes(user: User) -> None:
    """Raises a ValidationError when this person's codes are locked; the page becomes that of the locked out."""
    request = context.request
    if AxesProxyHandler.is_locked(request, _codes(user)):
        request.axes_locked_out, request.axes_credentials = True, _codes(user)
        raise forms.ValidationError("Too many wrong codes. Try again later.", code="locked")


def code_refused(user: User) -> None:
    AxesProxyHandler.user_login_failed("codes", _codes(user), context.request)


def code_accepted(user: User) -> None:
    AccessAttempt.objects.filter(username=_codes(user)["username"]).delete()
