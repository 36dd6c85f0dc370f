"""API keys: `cos_` and 43 random characters, kept as a SHA-256 digest (the key has 256 bits, so no slow hash).

People make keys of their own; operators make those of service accounts; nobody makes a key for another person.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from companyos.web.errors import Conflict, DomainError, NotAllowedNow, NotFound
from tenants import actors, reach
from tenants.access import SERVICE, Actor, scopes_of
from tenants.models import ApiKey, Membership, User

MARK = "cos_"
SHORTEST, DEFAULT, LONGEST = 1, 90, 365  # days that a key lives
GRACE_LONGEST = 24  # hours that a replaced key goes on working
MOST_LIVE = 20  # per person or service account


class Made(NamedTuple):
    """A new key's row, and the key itself, which is shown this once."""

    row: ApiKey
    key: str


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def make(user: User, *, name: str, scopes: Collection[str] | None, days: int, actor: Actor, now: datetime) -> Made:
    """A new key. `scopes` None is all that the role may. Not idempotent: a second key of the same name is refused."""
    _require_maker(user, actor)
    name = name.strip()
    if not name or len(name) > 80:
        raise DomainError("invalid_name", "Give the key a name of at most 80 characters, such as what uses it.", "name")
    if not SHORTEST <= days <= LONGEST:
        raise DomainError("invalid_days", f"A key lives {SHORTEST} to {LONGEST} days; choose among those.", "days")
    chosen = _checked(scopes, _role(user))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        live = ApiKey.objects.filter(user=user, revoked_at=None, expires_at__gt=now)
        if live.filter(name=name).exists():
            text = f"There is a key named {name} already. Choose another name, or rotate that one."
            raise Conflict("name_taken", text, "name")
        if live.count() >= MOST_LIVE:
            raise NotAllowedNow("too_many_keys", f"{MOST_LIVE} keys are live already; revoke one first.")
        return _issue(user, name, chosen, now + timedelta(days=days))


def rotate(row: ApiKey, *, grace_hours: int, actor: Actor, now: datetime) -> Made:
    """A new key in the place of a live one, which goes on for the grace period; with 0 hours it ends at once."""
    _require_maker(row.user, actor)
    if not 0 <= grace_hours <= GRACE_LONGEST:
        text = f"The old key may go on for 0 to {GRACE_LONGEST} hours; choose among those."
        raise DomainError("invalid_grace", text, "grace_hours")
    with transaction.atomic():
        row = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
        if ApiKey.objects.filter(replaces=row).exists():
            raise Conflict("rotated_already", "This key was rotated already; rotate the one that replaced it.")
        if row.state(now) != "live":
            raise NotAllowedNow("key_ended", "This key has ended; make a new one.")
        made = _issue(row.user, row.name, row.scopes, now + (row.expires_at - row.created_at), replaces=row)
        row.expires_at = min(row.expires_at, now + timedelta(hours=grace_hours))
        row.revoked_at = None if grace_hours else now
        row.save(update_fields=["expires_at", "revoked_at"])
        return made


def revoke(row: ApiKey, *, actor: Actor, now: datetime) -> ApiKey:
    """End a key at once. Done twice it stays as it was. Operators may end anybody's."""
    if not actor.can("key.manage"):
        _require_maker(row.user, actor)
    with transaction.atomic():
        row = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
        return row


def key_of(user: User, pk: int) -> ApiKey:
    """The user's key; another's is as absent as none."""
    row = ApiKey.objects.select_related("user").filter(user=user, pk=pk).first()
    if row is None:
        raise NotFound("not_found", "There is no such key.")
    return row


def _require_maker(user: User, actor: Actor) -> None:
    if actor.kind == "system":
        return
    if user.is_service:
        actor.require("key.manage")
        _require_reach(user, actor)
    elif actor.user_id == user.pk:
        actor.require("key.own")
    else:
        raise NotFound("not_found", "There is no such key.")


def _require_reach(service: User, actor: Actor) -> None:
    """A key in hand is the service account's whole reach, so it is given to nobody who reaches less."""
    if Membership.objects.filter(user=service).exists():
        reach.check_within(reach.of(service.pk), actor)


def _role(user: User) -> str:
    acting = actors.of_user(user)
    if acting is None:
        raise NotAllowedNow("no_role", f"{user} has no role or is not active, so a key would open nothing.")
    return acting.role


def _checked(scopes: Collection[str] | None, role: str) -> list[str]:
    """The scopes in order; a service account must name them, so that it never grows with the table."""
    if scopes is None:
        if role == SERVICE:
            raise DomainError("scopes_needed", "Choose what a service account's key may do.", "scopes")
        return []
    known = {row.name for rows in scopes_of(role).values() for row in rows}
    unknown = sorted(set(scopes) - known)
    if unknown:
        text = f"{unknown[0][:50]} is no scope that a key of the role {role} can have; choose from the list."
        raise DomainError("unknown_scope", text, "scopes")
    if not scopes:
        raise DomainError("scopes_needed", "Choose at least one thing that the key may do.", "scopes")
    return sorted(set(scopes))


def _issue(user: User, name: str, scopes: list[str], expires_at: datetime, replaces: ApiKey | None = None) -> Made:
    key = MARK + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=key[: len(MARK) + 6],
        digest=digest_of(key),
        scopes=scopes,
        expires_at=expires_at,
        replaces=replaces,
    )
    return Made(row, key)
