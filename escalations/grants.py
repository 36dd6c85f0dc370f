"""Temporary elevated access: asked for and decided by somebody else, or taken in need and reviewed; it ends by itself.

When a grant begins and ends is said by the database's clock alone. A person's grants are read anew at each request
(tenants.actors), so what a verb changes holds from the next one on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from cases.models import Case
from companyos.events import log
from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow, NotFound
from escalations.models import Incident
from tenants import actors, isolation
from tenants import reach as reaching
from tenants.access import PERMISSIONS, STAFF_ROLES, Actor, system_named
from tenants.models import Grant, Tenant, User
from tenants.models.grant import LONGEST, LONGEST_BREAK_GLASS, SHORTEST

SHORTEST_REASON = 10
LONGEST_WORDS = 2_000
REVIEW_WITHIN = timedelta(hours=24)
REMINDER = system_named("Access review")
DECIDED = {
    Grant.State.GRANTED: "granted",
    Grant.State.DENIED: "denied",
    Grant.State.WITHDRAWN: "withdrawn",
    Grant.State.REVOKED: "revoked",
}


@dataclass(frozen=True)
class Subject:
    """What a grant is for: a case, or one tenant because of an incident."""

    kind: str
    id: int
    reference: str
    tenant: Tenant


def about_case(case: Case) -> Subject:
    return Subject("case", case.pk, case.reference, case.tenant)


def about_incident(incident: Incident, tenant: Tenant) -> Subject:
    return Subject("incident", incident.pk, incident.reference, tenant)


# ── Asking ───────────────────────────────────────────────────────────────────
def request(subject: Subject, *, actor: Actor, reach: str, reason: str, minutes: int, now: datetime) -> Grant:
    """Ask for access for oneself; somebody else decides. One open request per person and subject."""
    actor.require("grant.request")
    _must_need(subject, actor, reach)
    grant = _new(subject, _person(actor), actor=actor, reach=reach, reason=reason, minutes=minutes, now=now)
    with _writing(grant):
        try:
            with transaction.atomic():
                grant.save()
        except IntegrityError as error:
            if "grant_one_open_request" not in str(error):
                raise
            message = f"You have asked for access to {subject.reference} already; it waits for a decision."
            raise Conflict("already_asked", message) from error
        _record(grant, "grant.requested", actor, now, grant.reason)
    return grant


def withdraw(grant: Grant, *, actor: Actor, now: datetime) -> Grant:
    """Take back one's own request."""
    actor.require("grant.request")
    with _locked(grant) as row:
        if row.user_id != actor.user_id:
            raise Forbidden("not_yours", f"Only {row.user} takes this request back; deny it instead.")
        _must_be(row, Grant.State.REQUESTED)
        _decide(row, Grant.State.WITHDRAWN, actor, now)
        _record(row, "grant.withdrawn", actor, now)
    return row


# ── Deciding ─────────────────────────────────────────────────────────────────
def approve(grant: Grant, *, actor: Actor, now: datetime, minutes: int | None = None, words: str = "") -> Grant:
    """Let the request in force, from now on; the approver may shorten it. Never one's own."""
    actor.require("grant.approve")
    with _locked(grant) as row:
        _must_be(row, Grant.State.REQUESTED)
        _must_decide(row.tenant, row.user_id, actor)
        asked = row.minutes
        row.minutes = asked if minutes is None else _checked_minutes(minutes, longest=asked)
        row.starts_at, row.ends_at = _period(row.minutes)
        _decide(row, Grant.State.GRANTED, actor, now, words, "minutes", "starts_at", "ends_at")
        _record(row, "grant.granted", actor, now, row.decision, asked=asked)
    return row


def deny(grant: Grant, *, actor: Actor, now: datetime, words: str) -> Grant:
    """Refuse the request, and say why."""
    actor.require("grant.approve")
    words = _checked_words(words, "words", "Say why, so that the person knows what else to do.")
    with _locked(grant) as row:
        _must_be(row, Grant.State.REQUESTED)
        _must_decide(row.tenant, row.user_id, actor)
        _decide(row, Grant.State.DENIED, actor, now, words)
        _record(row, "grant.denied", actor, now, words)
    return row


def give(
    subject: Subject, *, to: User, actor: Actor, reach: str, reason: str, minutes: int, now: datetime, words: str = ""
) -> Grant:
    """Open something to somebody else at once, without a request; a person out of reach gets the whole tenant."""
    actor.require("grant.approve")
    _must_decide(subject.tenant, to.pk, actor)
    holder = actors.of_user(to)
    if to.is_service:
        raise DomainError("people_only", f"{to} is a service account; only people hold grants.", "to")
    if holder is None:
        raise DomainError("no_role", f"{to} has no support role, so a grant would open nothing.", "to")
    if reach == Grant.Reach.CASE and not _within(holder, subject.tenant):
        message = f"{subject.tenant.name} is out of {to}'s reach; give the whole tenant, or ask somebody else."
        raise DomainError("out_of_reach", message, "reach")
    if _within(holder, subject.tenant) and subject.tenant.pk not in holder.sealed_files:
        raise NotAllowedNow("not_needed", f"{subject.tenant.name} is open to {to}; no grant is needed.")
    grant = _new(subject, to, actor=actor, reach=reach, reason=reason, minutes=minutes, now=now)
    with _writing(grant):
        _open(grant, decided_by_id=actor.user_id, decided_at=now, decision=_checked_words(words, "words"))
        _record(grant, "grant.granted", actor, now, grant.reason, asked=grant.minutes)
    return grant


def revoke(grant: Grant, *, actor: Actor, now: datetime, words: str = "") -> Grant:
    """End it before its time, from the next request on: the holder, or anybody who may approve it."""
    words = _checked_words(words, "words")
    with _locked(grant) as row:
        if row.user_id != actor.user_id:
            actor.require("grant.approve")
            _must_decide(row.tenant, row.user_id, actor)
        _must_be(row, Grant.State.GRANTED)
        if not Grant.objects.filter(pk=row.pk).in_force().exists():
            raise NotAllowedNow("ended", f"The access to {row.subject_reference} has ended by itself already.")
        row.state, row.revoked_by_id, row.revoked_at = Grant.State.REVOKED, actor.user_id, now
        row.save(update_fields=["state", "revoked_by", "revoked_at"])
        _record(row, "grant.revoked", actor, now, words)
    return row


# ── Breaking glass ───────────────────────────────────────────────────────────
def break_glass(subject: Subject, *, actor: Actor, reach: str, reason: str, minutes: int, now: datetime) -> Grant:
    """Take access at once, for an hour at most; somebody else reviews it afterwards."""
    actor.require("grant.break_glass")
    _must_need(subject, actor, reach)
    about: dict[str, Any] = {"reach": reach, "reason": reason, "minutes": minutes, "now": now}
    grant = _new(subject, _person(actor), actor=actor, longest=LONGEST_BREAK_GLASS, **about)
    grant.break_glass = True
    with _writing(grant):
        _open(grant)
        _record(grant, "grant.broken_glass", actor, now, grant.reason)
    return grant


def review(grant: Grant, *, actor: Actor, now: datetime, justified: bool, words: str) -> Grant:
    """Say whether breaking the glass was justified. Once, and never one's own."""
    actor.require("grant.approve")
    words = _checked_words(words, "words", "Say what you found, for whoever reads this later.")
    with _locked(grant) as row:
        if not row.break_glass:
            raise NotAllowedNow("nothing_to_review", "Only access that was taken by breaking the glass is reviewed.")
        _must_decide(row.tenant, row.user_id, actor)
        if row.reviewed_at is not None:
            raise Conflict("already_reviewed", f"{row.reviewed_by} has reviewed this already; nothing was changed.")
        row.reviewed_by_id, row.reviewed_at, row.justified, row.review = actor.user_id, now, justified, words
        row.save(update_fields=["reviewed_by", "reviewed_at", "justified", "review"])
        _record(row, "grant.reviewed", actor, now, words, justified=justified)
    return row


@transaction.atomic
def nag_one(now: datetime) -> bool:
    """Call again for the review that has been missing longest, once a day; False when none is due."""
    late = now - REVIEW_WITHIN
    row = (
        Grant.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("tenant", "user")
        .filter(break_glass=True, reviewed_at=None, starts_at__lte=late)
        .exclude(nagged_at__gt=late)
        .order_by("starts_at", "id")
        .first()
    )
    if row is None:
        return False
    row.nagged_at = now
    row.save(update_fields=["nagged_at"])
    _record(row, "grant.unreviewed", REMINDER, now)
    return True


# ── Who decides ──────────────────────────────────────────────────────────────
def deciders(tenant: Tenant) -> QuerySet[User]:
    """Who may approve, deny, give and review access to the tenant: people, and by their own reach."""
    roles = [role for role in STAFF_ROLES if "grant.approve" in PERMISSIONS[role]]
    return reaching.people_of(tenant).filter(groups__name__in=roles, is_service=False)


def _must_decide(tenant: Tenant, holder_id: int, actor: Actor) -> None:
    if actor.user_id == holder_id:
        raise Forbidden("own_grant", "Nobody decides about their own access; another lead or manager does.")
    if not deciders(tenant).filter(pk=actor.user_id or 0).exists():
        message = f"{tenant.name} is not within your own reach, so somebody else decides; a grant does not count."
        raise Forbidden("out_of_reach", message)


def _must_need(subject: Subject, actor: Actor, reach: str) -> None:
    """Within reach, and restricted: a grant for what is open anyway would only blur the record."""
    if not _within(actor, subject.tenant):
        raise NotFound("not_found", f"There is no {subject.kind} {subject.reference}.")
    if subject.tenant.pk not in actor.sealed_files:
        raise NotAllowedNow("not_needed", f"{subject.tenant.name} is open to you; no grant is needed.")


def _within(actor: Actor, tenant: Tenant) -> bool:
    return actor.tenant_ids is None or tenant.pk in actor.tenant_ids


def _person(actor: Actor) -> User:
    if actor.user_id is None:
        raise DomainError("people_only", "Only somebody of the support side holds a grant.")
    return User.objects.get(pk=actor.user_id)


# ── The row ──────────────────────────────────────────────────────────────────
def _new(
    subject: Subject,
    user: User,
    *,
    actor: Actor,
    reach: str,
    reason: str,
    minutes: int,
    now: datetime,
    longest: int = LONGEST,
) -> Grant:
    if reach not in Grant.Reach.values:
        raise DomainError("unknown_reach", "Choose this case or the whole tenant.", "reach")
    if reach == Grant.Reach.CASE and subject.kind != "case":
        raise DomainError("unknown_reach", "For an incident, access is to the whole tenant.", "reach")
    reason = _checked_words(reason, "reason", "Say what you need to see, and why.")
    if len(reason) < SHORTEST_REASON:
        raise DomainError("too_short", f"Say why in at least {SHORTEST_REASON} characters.", "reason")
    return Grant(
        tenant=subject.tenant,
        user=user,
        reach=reach,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_reference=subject.reference,
        reason=reason,
        minutes=_checked_minutes(minutes, longest=longest),
        requested_by=_person(actor),
        requested_at=now,
    )


def _checked_minutes(minutes: int, *, longest: int) -> int:
    if not SHORTEST <= minutes <= longest:
        raise DomainError("bad_minutes", f"From {SHORTEST} to {longest} minutes.", "minutes")
    return minutes


def _checked_words(words: str, field: str, missing: str = "") -> str:
    if "\x00" in words:
        raise DomainError("null_characters", "The text has null characters, which cannot be kept; remove them.", field)
    words = words.strip()
    if missing and not words:
        raise DomainError("required", missing, field)
    if len(words) > LONGEST_WORDS:
        raise DomainError("too_long", f"At most {LONGEST_WORDS:,} characters; this has {len(words):,}.", field)
    return words


def _period(minutes: int) -> tuple[datetime, datetime]:
    """From now, for so long, as the database's clock has it: the web's may be wrong, or another machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp(), statement_timestamp() + make_interval(mins => %s)", [minutes])
        starts_at, ends_at = cursor.fetchone()
    return starts_at, ends_at


def _open(grant: Grant, **decided: Any) -> None:
    grant.starts_at, grant.ends_at = _period(grant.minutes)
    grant.state = Grant.State.GRANTED
    for name, value in decided.items():
        setattr(grant, name, value)
    grant.save()


def _decide(row: Grant, state: str, actor: Actor, now: datetime, words: str = "", *fields: str) -> None:
    row.state, row.decided_at, row.decision = state, now, _checked_words(words, "words")
    decided = ["state", "decided_at", "decision"]
    if state != Grant.State.WITHDRAWN:
        row.decided_by_id = actor.user_id
        decided.append("decided_by")
    row.save(update_fields=[*decided, *fields])


@contextmanager
def _writing(grant: Grant) -> Iterator[None]:
    """One transaction. What happened is told on a case that the one who acts may not be able to see into."""
    with transaction.atomic(), isolation.whole_tenant(grant.tenant_id):
        yield


@contextmanager
def _locked(grant: Grant) -> Iterator[Grant]:
    """The row as it is now, locked, found with the actor's own eyes."""
    with transaction.atomic():
        rows = Grant.objects.select_for_update(of=("self",))
        row = rows.select_related("tenant", "user", "decided_by", "reviewed_by").filter(pk=grant.pk).first()
        if row is None:
            raise NotFound("not_found", f"There is no grant {grant.pk}.")
        with _writing(row):
            yield row


def _must_be(row: Grant, state: str) -> None:
    if row.state == state:
        return
    if row.state == Grant.State.REQUESTED:
        raise NotAllowedNow("not_granted", "This request has not been decided yet.")
    by = row.user if row.state == Grant.State.WITHDRAWN else row.revoked_by or row.decided_by or row.user
    raise Conflict("decided", f"This was {DECIDED[Grant.State(row.state)]} by {by} already; nothing was changed.")


def _record(grant: Grant, name: str, actor: Actor, now: datetime, words: str = "", **more: Any) -> None:
    until = grant.ends_at.isoformat() if grant.ends_at else None
    facts = {"grant": grant.pk, "person": str(grant.user), "person_id": grant.user_id, "reach": grant.reach}
    log.record(
        name,
        tenant_id=grant.tenant_id,
        subject=(grant.subject_kind, grant.subject_id),
        actor=actor,
        payload={**facts, "minutes": grant.minutes, "until": until, **more},
        at=now,
        reason=words,
    )
