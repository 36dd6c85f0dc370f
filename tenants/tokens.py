"""The widget's token: who asks, as the host product's server says it, signed with the tenant's secret.

`verify` is pure. `requester_of` looks the tenant up and finds or makes the requester.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.http import HttpRequest
from django.utils import timezone

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Requester, Tenant

AUDIENCE = "companyos-widget"
ALGORITHM = "HS256"
LONGEST_LIFE = timedelta(hours=1)
LEEWAY = timedelta(seconds=10)  # two servers' clocks
LONGEST_TOKEN = 4096
REQUIRED = ("aud", "iss", "sub", "name", "email", "role", "origin", "iat", "exp")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LENGTHS = {"sub": 120, "name": 200, "email": 254}


class TokenError(Exception):
    """Why a token is no good; `code` is stable, `message` tells the host's developer what to mend."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Claims:
    """What a good token says."""

    tenant: str
    external_id: str
    name: str
    email: str
    role: str
    origin: str


def tenant_named(token: str) -> str:
    """The tenant in the token's unverified header: only good for finding the secret."""
    if len(token) > LONGEST_TOKEN:
        raise TokenError("token_malformed", f"The token is longer than {LONGEST_TOKEN} characters.")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise TokenError("token_malformed", "This is no JSON Web Token.") from error
    if header.get("alg") != ALGORITHM:
        raise TokenError("token_algorithm", f"The token's algorithm must be {ALGORITHM}.")
    slug = header.get("kid")
    if not isinstance(slug, str) or not slug or "\x00" in slug:
        raise TokenError("token_malformed", "The token's header has no kid: it must name the tenant.")
    return slug


def verify(token: str, *, tenant: str, secret: str, origin: str, allowed: list[str], now: datetime) -> Claims:
    """The claims of a token that is good at `now` for a page at `origin`; raises TokenError else."""
    claims = _signed_claims(token, tenant, secret)
    _check_time(claims, now)
    if not origin or claims["origin"] != origin:
        raise TokenError("token_origin", "The token was made for another origin than the page's.")
    if origin not in allowed:
        raise TokenError("origin_not_allowed", "This origin is not among those the tenant allows.")
    _check_person(claims)
    return Claims(tenant, claims["sub"], claims["name"], claims["email"], claims["role"], origin)


def _signed_claims(token: str, tenant: str, secret: str) -> dict[str, Any]:
    # Times are checked by us against the `now` handed in; the library would ask the wall clock.
    options: dict[str, Any] = {
        "require": list(REQUIRED),
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        return jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=tenant,
            options=options,  # type: ignore[arg-type]
        )
    except jwt.InvalidSignatureError as error:
        raise TokenError("token_signature", "The token is not signed with this tenant's secret.") from error
    except jwt.InvalidAudienceError as error:
        raise TokenError("token_audience", f"The token's aud must be {AUDIENCE}.") from error
    except jwt.InvalidIssuerError as error:
        raise TokenError("token_issuer", "The token's iss must be the tenant its kid names.") from error
    except jwt.MissingRequiredClaimError as error:
        raise TokenError("token_malformed", f"The token lacks the claim {error.claim}.") from error
    except jwt.InvalidTokenError as error:
        raise TokenError("token_malformed", "The token cannot be read.") from error


def _instant(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenError("token_malformed", f"The claim {name} must be a number of seconds.")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise TokenError("token_malformed", f"The claim {name} is no instant.") from error


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    if expires - issued > LONGEST_LIFE:
        raise TokenError("token_lifetime", "The token lives longer than one hour.")
    if expires + LEEWAY <= now:
        raise TokenError("token_expired", "The token has expired.")
    if issued - LEEWAY > now:
        raise TokenError("token_not_yet_valid", "The token was issued in the future: check the host's clock.")


def _check_person(claims: dict[str, Any]) -> None:
    for name, longest in _LENGTHS.items():
        value = claims[name]
        if not isinstance(value, str) or not value.strip() or len(value) > longest or "\x00" in value:
            raise TokenError("token_malformed", f"The claim {name} must be text of 1 to {longest} characters.")
    if not _EMAIL.fullmatch(claims["email"]):
        raise TokenError("token_malformed", "The claim email is no e-mail address.")
    if claims["role"] not in ("member", "admin"):
        raise TokenError("token_malformed", "The claim role must be member or admin.")


def requester_of(request: HttpRequest) -> Requester:
    """The requester whom the request's bearer token names, found or made; raises TokenError."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("token_malformed", "Send the token as Authorization: Bearer …")
    token = token.strip()
    slug = tenant_named(token)
    # Nobody is known yet, so only the system's scope can look.
    with isolation.scope(SYSTEM):
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise TokenError("token_unknown_tenant", "There is no tenant with the slug that the token names.")
        claims = verify(
            token,
            tenant=slug,
            secret=tenant.widget_secret,
            origin=request.headers.get("Origin", ""),
            allowed=tenant.widget_origins,
            now=timezone.now(),
        )
        return _found_or_made(tenant, claims)


def _found_or_made(tenant: Tenant, claims: Claims) -> Requester:
    told = {"name": claims.name, "email": claims.email, "role": claims.role}
    requester, made = Requester.objects.get_or_create(
        tenant=tenant, external_id=claims.external_id, defaults={**told, "channel": "widget"}
    )
    changed = [] if made else [name for name, value in told.items() if getattr(requester, name) != value]
    if changed:
        for name in changed:
            setattr(requester, name, told[name])
        requester.save(update_fields=changed)
    return requester
