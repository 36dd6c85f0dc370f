"""The API key that a request bears, and the note of its use."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from tenants import keys
from tenants.models import ApiKey

_USE_NOTED_EVERY = timedelta(minutes=1)


def bearer(request: HttpRequest) -> str:
    """The bearer token of the request, or ''."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def key_of(request: HttpRequest) -> ApiKey | None:
    """The live key of an active user that the request bears; None without one; raises KeyError for a bad one."""
    key = bearer(request)
    if not key.startswith(keys.MARK):
        return None
    now = timezone.now()
    row = ApiKey.objects.select_related("user").filter(digest=keys.digest_of(key)).first()
    if row is None or row.state(now) != "live" or not row.user.is_active:
        raise KeyError("api_key")
    address = _address(request)
    if row.last_used_at is None or now - row.last_used_at > _USE_NOTED_EVERY or row.last_used_from != address:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now, last_used_from=address)
    return row


def _address(request: HttpRequest) -> str | None:
    """The client's, as the sign-in sees it; None where a proxy in front does not tell."""
    try:
        return get_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return None
