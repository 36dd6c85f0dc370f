"""One's own security: the ways in, what is signed in, and the way back to a deed that waited for proof."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tenants import reauthentication
from tenants.sign_in import sessions


@login_required
@never_cache
@require_safe
def continuation(request: HttpRequest) -> HttpResponse:
    """Offers the deed again that had to wait until the person proved themselves."""
    waiting = reauthentication.suspended(request)
    if waiting is None:
        return redirect("security")
    if not reauthentication.is_recent(request):
        return redirect(reauthentication.confirmation_url(request, request.get_full_path()))
    if waiting.fields is None:
        del request.session[reauthentication.SESSION_KEY]
        messages.success(request, f"Confirmed. Now you can {waiting.deed}; fill in the form once more.")
        return redirect(waiting.back)
    return render(request, "account/continuation.html", {"waiting": waiting})


@login_required
@never_cache
@require_safe
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """For those who have neither a password nor a second factor here: their proof is a new sign-in."""
    target = request.GET.get("next", "")
    own = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    target = target if own else "/"
    identity = SocialAccount.objects.filter(user=request.user).first()
    address = ""
    if identity is not None and settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]:
        asked = {"process": "login", "next": target, "auth_params": "prompt=login"}
        address = identity.get_provider(request).get_login_url(request, **asked)
    return render(request, "account/sign_in_again.html", {"target": target, "address": address, "identity": identity})


@login_required
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Password, second factors, passkeys, recovery codes and sessions, in one place."""
    behind_the_wall = getattr(request, "second_factor_missing", False)
    plain = behind_the_wall or getattr(request, "actor", None) is None
    factors: dict[str, list[Any]] = {Authenticator.Type.WEBAUTHN: []}
    for factor in Authenticator.objects.filter(user=request.user).order_by("created_at"):
        factors.setdefault(factor.type, []).append(factor.wrap())
    page = {
        "layout": "layouts/entrance.html" if plain else "layouts/console.html",
        "place": "profile",
        "behind_the_wall": behind_the_wall,
        "totp": next(iter(factors.get(Authenticator.Type.TOTP, [])), None),
        "codes": next(iter(factors.get(Authenticator.Type.RECOVERY_CODES, [])), None),
        "keys": factors[Authenticator.Type.WEBAUTHN],
        "identities": SocialAccount.objects.filter(user=request.user),
        "sessions": sessions.of(request),
    }
    return render(request, "account/security.html", page)


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one other device out; one that is gone already is as good as signed out."""
    sessions.end(request, UserSession.objects.filter(pk=pk))
    messages.success(request, "That device is signed out.")
    return redirect("security")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    ended = sessions.end(request, UserSession.objects.all())
    messages.success(request, f"{ended} other {'device' if ended == 1 else 'devices'} signed out.")
    return redirect("security")
