"""Sending what is due: claim, COMMIT, look whether it still matters, send outside of any transaction, keep the outcome.

A message is sent at least once: a worker that dies between the sending and the keeping leaves a lease that ends, and
the next one sends again, under the same Message-ID or Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from escalations import alerts
from integrations import chat, mail
from integrations.models import Outgoing
from tenants import isolation
from tenants.access import SYSTEM
from tenants.reach import people_of

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)  # longer than ten addresses of a channel may take
MOST_ATTEMPTS = 8
NO_LONGER_RUNNING = "no longer running"
State = Outgoing.State


@dataclass(frozen=True)
class _Claim:
    pk: int
    attempts: int
    kind: str
    key: str
    subject: str
    body: str
    addresses: tuple[str, ...] = ()
    delivered: int = 0
    drop: str = ""


def retry_delay(attempts: int) -> timedelta:
    """10, 20, 40 … seconds, at most half an hour."""
    return timedelta(seconds=min(5 * 2**attempts, 1800))


def send_one(now: datetime) -> bool:
    """Send the message that has waited longest; False when none is due. Not within a transaction."""
    claim = _claim(now)
    if claim is None:
        return False
    if claim.drop:
        _keep(claim, state=State.DROPPED, result=claim.drop)
        return True
    delivered = claim.delivered
    try:
        for address in claim.addresses[delivered:]:
            _send(claim, address)
            delivered += 1
    except (mail.MailError, chat.ChatError) as error:
        _failed(claim, delivered, str(error), now)
    except Exception as error:  # an address that no server is asked about, say: given up in the end like any other
        _failed(claim, delivered, f"It could not be sent: {type(error).__name__}.", now)
    else:
        words = "the mail server took it" if claim.kind == Outgoing.Kind.EMAIL else "delivered"
        _keep(claim, state=State.SENT, sent_at=now, result=words, last_error="", delivered=delivered)
    return True


def _send(claim: _Claim, address: str) -> None:
    if claim.kind == Outgoing.Kind.EMAIL:
        mail.send(address, subject=claim.subject, body=claim.body, key=claim.key)
    else:
        chat.send(address, title=claim.subject, body=claim.body, key=claim.key)


def _claim(now: datetime) -> _Claim | None:
    with isolation.scope(SYSTEM):
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        row = (
            Outgoing.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("user__alert_preference", "channel", "case__tenant")
            .filter(free, state=State.PENDING, next_attempt_at__lte=now)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if row is None:
            return None
        row.attempts, row.leased_until = row.attempts + 1, now + LEASE
        row.save(update_fields=["attempts", "leased_until"])
        words = (row.kind, row.key, row.subject, row.body)
        return _Claim(row.pk, row.attempts, *words, _addresses(row), row.delivered, needless(row))


def _addresses(row: Outgoing) -> tuple[str, ...]:
    if row.user is not None:
        return (row.user.email,)
    return tuple(row.channel.addresses.splitlines()) if row.channel is not None else ()


def needless(row: Outgoing) -> str:
    """Why the message tells its receiver nothing any more, or may not be told to them; empty while it does."""
    if row.clock_id is not None and not alerts.still_runs(row.clock_id):
        return NO_LONGER_RUNNING
    if row.user is not None:
        if row.case is not None and not people_of(row.case.tenant).filter(pk=row.user.pk).exists():
            return "out of reach"
        if not alerts.wants_email(row.user):
            return "switched off by the person"
    if row.channel is not None and row.case is not None and not row.channel.enabled:
        return "the channel is switched off"
    return ""


def _failed(claim: _Claim, delivered: int, error: str, now: datetime) -> None:
    """A retry goes on with the address that failed."""
    dead = claim.attempts >= MOST_ATTEMPTS
    state, again = State.DEAD if dead else State.PENDING, now + retry_delay(claim.attempts)
    _keep(claim, state=state, last_error=error[:500], next_attempt_at=again, delivered=delivered)
    log.warning("outbox.failed", outgoing=claim.pk, kind=claim.kind, attempts=claim.attempts, dead=dead, error=error)


def _keep(claim: _Claim, **outcome: object) -> None:
    """Unless another worker took it over meanwhile, whose outcome then counts."""
    with isolation.scope(SYSTEM):
        mine = Outgoing.objects.filter(pk=claim.pk, attempts=claim.attempts, state=State.PENDING)
        mine.update(leased_until=None, **outcome)


def replay(ids: Collection[int], now: datetime) -> int:
    """Put dead messages back in the queue with fresh attempts; answers how many."""
    dead = Outgoing.objects.filter(pk__in=ids, state=State.DEAD)
    return dead.update(state=State.PENDING, attempts=0, next_attempt_at=now, leased_until=None)
