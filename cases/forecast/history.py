"""The clocks whose promise was decided, read from the ledgers: the newest first, a bounded number at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from cases.forecast import features
from cases.forecast.lives import Life
from cases.models import Case, Transition
from sla import book, ledger
from sla.models import Clock, ClockEntry
from tenants.models import but_drills

LOOK_BACK = timedelta(days=365)
BATCH = 500
_COLUMNS = ("clock_id", "seq", "kind", "at", "priority", "policy_id", "calendar_id", "target", "basis", "detail")


def lives(now: datetime) -> Iterator[Life]:
    """Decided clocks of the last twelve months, a batch of them in memory at once."""
    decided = Q(breached_at__isnull=False) | Q(state__in=(ledger.MET, ledger.CANCELLED))
    rows = Clock.objects.filter(
        decided & but_drills(),
        metric__in=features.METRICS,
        started_at__gte=now - LOOK_BACK,
        started_at__lt=now,
    ).order_by("-pk")
    last = None
    while batch := list((rows.filter(pk__lt=last) if last else rows).only("pk", "clock_set_id", "metric")[:BATCH]):
        yield from of(batch)
        last = batch[-1].pk


def of(batch: list[Clock]) -> Iterator[Life]:
    """The lives of these clocks, those of cases alone."""
    cases = Case.objects.filter(clock_set_id__in={clock.clock_set_id for clock in batch})
    cases = cases.select_related("tenant").only("pk", "clock_set_id", "tenant__segment", "tenant__time_zone")
    by_set = {case.clock_set_id: case for case in cases}
    lines: dict[int, list[ClockEntry]] = defaultdict(list)
    for row in ClockEntry.objects.filter(clock__in=batch).order_by("clock_id", "seq").only(*_COLUMNS):
        lines[row.clock_id].append(row)
    moves: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    told = Transition.objects.filter(case__in=list(by_set.values())).order_by("at", "pk")
    for case_id, at, target in told.values_list("case_id", "at", "target"):
        moves[case_id].append((at, target))
    for clock in batch:
        case, rows = by_set.get(clock.clock_set_id), lines[clock.pk]
        if case is not None and rows:
            yield Life(
                key=clock.pk,
                metric=clock.metric,
                segment=case.tenant.segment,
                time_zone=case.tenant.time_zone,
                entries=tuple(book.lines(rows)),
                priorities=tuple(row.priority for row in rows),
                moves=tuple(moves[case.pk]),
            )
