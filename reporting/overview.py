"""Where the work stands: open cases, what was kept of what was promised, satisfaction, backlogs. Within the scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from cases.dials import METRIC_NAMES
from cases.models import Case, CaseStatistic, Survey
from cases.models.case import OPEN, Priority, Status
from reporting.models import Backlog, FeedbackItem
from sla.models import Clock
from tenants.models import but_drills

WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Kept:
    """Of the promises of a metric that ended in the window, how many were kept."""

    metric: str
    name: str
    kept: int
    ended: int

    @property
    def percent(self) -> int | None:
        """None when nothing ended: no figure is not a good figure."""
        return round(100 * self.kept / self.ended) if self.ended else None


@dataclass(frozen=True)
class Overview:
    days: int
    open_now: int
    breached_now: int
    opened: int
    closed: int
    satisfaction: float | None
    answers: int
    kept: list[Kept]
    by_status: list[tuple[str, int]]
    by_priority: list[tuple[str, int]]
    backlogs: list[tuple[Backlog, int]]


def read(now: datetime) -> Overview:
    since = now - WINDOW
    cases = Case.objects.filter(but_drills())
    totals = cases.aggregate(
        open_now=Count("pk", filter=Q(status__in=OPEN)),
        breached_now=Count("pk", filter=Q(status__in=OPEN, next_due_at__lte=now)),
        opened=Count("pk", filter=Q(opened_at__gte=since)),
        closed=Count("pk", filter=Q(closed_at__gte=since)),
    )
    satisfaction, answers = _satisfaction(since)
    statuses = dict(cases.exclude(status=Status.CLOSED).values_list("status").annotate(Count("pk")))
    priorities = dict(cases.filter(status__in=OPEN).values_list("priority").annotate(Count("pk")))
    items = dict(FeedbackItem.objects.filter(but_drills()).values_list("backlog").annotate(Count("pk")))
    return Overview(
        days=WINDOW.days,
        satisfaction=satisfaction,
        answers=answers,
        kept=_kept(since),
        by_status=[(value, statuses.get(value, 0)) for value in Status.values if value != Status.CLOSED],
        by_priority=[(value, priorities.get(value, 0)) for value in Priority.values],
        backlogs=[(backlog, items.get(backlog.value, 0)) for backlog in Backlog],
        **totals,
    )


def _satisfaction(since: datetime) -> tuple[float | None, int]:
    """The mean score and how many answered. Of all that is counted here only an answer can be so much younger than its
    case's closure that retention may have taken the case meanwhile: the figures that stayed are counted too.
    """
    found = Survey.objects.filter(but_drills(), at__gte=since).aggregate(total=Sum("score"), answers=Count("pk"))
    figures = CaseStatistic.objects.filter(but_drills(), scored_on__gte=since.date())
    gone = figures.aggregate(total=Sum("score"), answers=Count("pk"))
    answers = found["answers"] + gone["answers"]
    total = (found["total"] or 0) + (gone["total"] or 0)
    return (total / answers if answers else None), answers


def _kept(since: datetime) -> list[Kept]:
    """Each clock by itself, so each cycle counts; a breach that is not met yet has ended its promise too."""
    ended = Q(met_at__gte=since) | Q(breached_at__gte=since)
    rows = (
        Clock.objects.filter(but_drills(), ended)
        .values("metric")
        .annotate(ended=Count("pk"), kept=Count("pk", filter=Q(breached_at__isnull=True)))
    )
    found = {row["metric"]: row for row in rows}
    return [
        Kept(metric, name, found[metric]["kept"], found[metric]["ended"])
        if metric in found
        else Kept(metric, name, 0, 0)
        for metric, name in METRIC_NAMES.items()
    ]
