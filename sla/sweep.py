"""Breaches and warnings whose instant has come: one clock, one fact, one transaction a step.

A breach is a fact at its due instant, whenever the sweep gets to it; a late sweep only alerts late.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog

from sla import book
from sla.models import Clock
from tenants import isolation
from tenants.access import SYSTEM

log = structlog.get_logger(__name__)


class StepFailed(Exception):
    """A clock that could not be handled; the others go on without it."""

    def __init__(self, clock_id: int) -> None:
        super().__init__(f"Clock {clock_id} could not be swept.")
        self.clock_id = clock_id


def step(now: datetime, passing_by: Collection[int] = ()) -> bool:
    """Send the next warning or write the next breach that is due by `now`; False when there is none.

    Raises StepFailed, naming the clock, when that one cannot be handled; nothing of it is kept.
    """
    with isolation.scope(SYSTEM):
        due = Clock.objects.filter(next_alert_at__lte=now).exclude(pk__in=passing_by)
        clock = due.order_by("next_alert_at", "pk").select_for_update(skip_locked=True).first()
        if clock is None:
            return False
        try:
            if not book.warn(clock, now) and not book.settle(clock, now):
                raise ValueError("The row's next alert is not its ledger's.")
        except Exception as error:
            raise StepFailed(clock.pk) from error
    return True


def drain(now: datetime, limit: int) -> int:
    """Up to `limit` steps; a clock that fails is logged and passed by, so that it cannot hold up the others."""
    failed: set[int] = set()
    for done in range(limit):
        try:
            if not step(now, failed):
                return done
        except StepFailed as error:
            log.exception("sla.clock_failed", clock=error.clock_id)
            failed.add(error.clock_id)
    return limit
