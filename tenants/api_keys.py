"""API keys: `cos_` and 43 random characters, kept as a SHA-256 digest (the key has 256 bits, so no slow hash)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from tenants.models import ApiKey, User

MARK = "cos_"
DEFAULT_LIFETIME = timedelta(days=90)
_USE_NOTED_EVERY = timedelta(minutes=1)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def create(user: User, name: str, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME) -> tuple[ApiKey, str]:
    """A new key's row and the key itself, which is shown this once."""
    key = MARK + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        user=user, name=name, prefix=key[: len(MARK) + 6], digest=_digest(key), expires_at=now + lifetime
    )
    return row, key


def bearer(request: HttpRequest) -> str:
    """The bearer token of the request, or ''."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def user_of(request: HttpRequest) -> User | None:
    """The active user whose unexpired key the request bears; None without an API key; raises KeyError for a bad one."""
    key = bearer(request)
    if not key.startswith(MARK):
        return None
    now = timezone.now()
    row = ApiKey.objects.select_related("user").filter(digest=_digest(key), expires_at__gt=now).first()
    if row is None or not row.user.is_active:
        raise KeyError("api_key")
    if row.last_used_at is None or now - row.last_used_at > _USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row.user
