"""What the outbox does when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from cases.models import Case
from companyos.events import log
from companyos.events.models import Event
from escalations.models import Channel
from integrations import quiet
from integrations.models import Outgoing
from tenants.models import User

WAKE_TASK = "integrations.tasks.drain_outbox"


def queue_alert(event: Event, now: datetime) -> None:
    """case.alerted → one message for each person to be written to and each channel, once."""
    told = event.payload
    people, channels = told.get("email", []), told.get("channels", [])
    if not people and not channels:
        return
    case = Case.objects.select_related("tenant").get(pk=event.subject_id)
    about = {
        "tenant_id": event.tenant_id,
        "case": case,
        "event": event,
        "clock_id": told.get("clock"),
        "subject": f"[{case.reference}] {told['text'].partition(': ')[2]}"[:200],
        "body": words(case, told),
        "queued_at": now,
    }
    rows = [
        Outgoing(kind="email", key=f"event:{event.pk}:user:{user.pk}", user=user, next_attempt_at=now, **about)
        for user in User.objects.filter(pk__in=people)
    ]
    urgent = told.get("breached") and told.get("priority") == "P0"
    for channel in Channel.objects.filter(pk__in=channels):
        over = None if urgent else quiet.ends_at(now, channel.quiet_from, channel.quiet_until, channel.time_zone)
        key = f"event:{event.pk}:channel:{channel.pk}"
        rows.append(Outgoing(kind="apprise", key=key, channel=channel, next_attempt_at=over or now, **about))
    Outgoing.objects.bulk_create(rows, ignore_conflicts=True)
    transaction.on_commit(wake)


def wake() -> None:
    """A hint; beat drains anyway."""
    log.wake(WAKE_TASK)


def words(case: Case, told: dict) -> str:
    """What the message says: facts about the clock and the case's row, none of what the customer wrote."""
    lines = [
        f"{told['text']}.",
        "",
        *(("This is a DRILL: it tests the escalation paths. No customer waits.",) if case.tenant.is_drill else ()),
        f"Tenant: {case.tenant.name}",
        f"Priority: {told.get('priority', case.priority)}",
        f"Due: {_instant(told.get('due_at'))}",
        *(f"Done: {words}" for words in told.get("did", [])),
    ]
    if settings.CONSOLE_URL:
        lines += ["", f"{settings.CONSOLE_URL}/cases/{case.reference}/"]
    return "\n".join(lines)


def _instant(written: str | None) -> str:
    return f"{datetime.fromisoformat(written):%Y-%m-%d %H:%M} UTC" if written else "no due instant"
