"""Delivering events: claim a row, run its handler in a savepoint, mark it done in the same commit."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.module_loading import import_string

from companyos.events.models import Delivery

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8


def retry_delay(attempts: int) -> timedelta:
    """2, 4, 8 … seconds, at most ten minutes."""
    return timedelta(seconds=min(2**attempts, 600))


@transaction.atomic
def deliver_one(now: datetime) -> bool:
    """Handle the one delivery that has waited longest; False when none is due. Call within a scope of all tenants."""
    delivery = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(state=Delivery.PENDING, next_attempt_at__lte=now)
        .order_by("next_attempt_at", "id")
        .first()
    )
    if delivery is None:
        return False
    try:
        with transaction.atomic():
            import_string(delivery.subscriber)(delivery.event, now)
    except Exception as error:
        _failed(delivery, error, now)
    else:
        delivery.state, delivery.done_at, delivery.last_error = Delivery.DONE, now, ""
        delivery.attempts += 1
        delivery.save(update_fields=["state", "done_at", "attempts", "last_error"])
    return True


def _failed(delivery: Delivery, error: Exception, now: datetime) -> None:
    delivery.attempts += 1
    delivery.last_error = "".join(traceback.format_exception(error))[-4000:]
    delivery.next_attempt_at = now + retry_delay(delivery.attempts)
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = Delivery.DEAD
    delivery.save(update_fields=["state", "attempts", "last_error", "next_attempt_at"])
    log.error(
        "delivery.failed",
        delivery=delivery.pk,
        event_name=delivery.event.name,
        subscriber=delivery.subscriber,
        attempts=delivery.attempts,
        dead=delivery.state == Delivery.DEAD,
        error=str(error),
    )


def replay(deliveries: list[int], now: datetime) -> int:
    """Put dead letters back in the queue with fresh attempts; answers how many."""
    return Delivery.objects.filter(pk__in=deliveries, state=Delivery.DEAD).update(
        state=Delivery.PENDING, attempts=0, next_attempt_at=now
    )
