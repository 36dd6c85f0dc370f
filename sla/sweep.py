"""Breaches and warnings whose instant has come: hundreds of clocks a transaction, all that each owes at once.

A breach is a fact at its due instant, whenever the sweep gets to it; a late sweep only alerts late. The cost follows
what is due: one walk down the index of next alerts, then one statement for each table.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import connection

from sla import book
from sla.models import Clock
from tenants import isolation
from tenants.access import SYSTEM

log = structlog.get_logger(__name__)

# What a worker holds in memory at a time, and how many clocks' verbs may have to wait for one of its commits.
BATCH = 250

_NAMES = [column.attname for column in Clock._meta.concrete_fields]
_CLAIM = f"""
    SELECT {", ".join(f'"{column.column}"' for column in Clock._meta.concrete_fields)} FROM sla_clock
    WHERE next_alert_at <= %s AND id <> ALL (%s) ORDER BY next_alert_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""  # noqa: S608  (names of columns, no values)


class StepFailed(Exception):
    """Clocks that could not be handled; the others go on without them."""

    def __init__(self, clock_ids: list[int]) -> None:
        super().__init__(f"Clocks {', '.join(map(str, clock_ids))} could not be swept.")
        self.clock_ids = clock_ids


def step(now: datetime, passing_by: Collection[int] = (), size: int = 1) -> int:
    """Claim up to `size` clocks that owe something by `now` and write all they owe, in one transaction.

    Answers how many clocks it was: 0 when none is due that nobody else holds. Raises StepFailed, naming the clocks,
    when one of them cannot be handled; nothing of any of them is kept.
    """
    with isolation.scope(SYSTEM):
        clocks = _claimed(now, passing_by, size)
        if clocks:
            try:
                book.catch_up(clocks, now)
            except Exception as error:
                raise StepFailed([clock.pk for clock in clocks]) from error
    return len(clocks)


def drain(now: datetime, limit: int) -> int:
    """Handle up to `limit` due clocks and answer how many it were.

    A batch that fails is done again one clock at a time; the clock that fails alone is logged and passed by, so that it
    cannot hold up the others.
    """
    done, alone = 0, 0
    failed: set[int] = set()
    while (left := limit - done - len(failed)) > 0:
        size = 1 if alone > 0 else min(BATCH, left)
        try:
            handled = step(now, failed, size)
        except StepFailed as error:
            if size == 1:
                log.exception("sla.clock_failed", clock=error.clock_ids[0])
                failed.update(error.clock_ids)
            else:
                alone = len(error.clock_ids) + 1
        else:
            if not handled:
                break
            done += handled
        alone -= 1
    return done


def _claimed(now: datetime, passing_by: Collection[int], size: int) -> list[Clock]:
    # By hand, because a sweep that finds nothing should cost hardly more than asking.
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, list(passing_by), size])
        return [Clock.from_db(connection.alias, _NAMES, row) for row in cursor.fetchall()]
