"""Writing a new version of a calendar or policy: versions are never changed, only followed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from sla.models import Calendar, Policy
from sla.public_holidays import expand

YEARS_BACK, YEARS_AHEAD = 1, 5


@transaction.atomic
def publish(row: Calendar | Policy, now: datetime) -> None:
    """Save an unsaved row as the next version of its key; a calendar takes along its country's holidays as known now.

    Two at once: the unique version lets one through, and the other is told to look again.
    """
    latest = type(row).objects.filter(key=row.key).aggregate(latest=Max("version"))["latest"]
    row.version = (latest or 0) + 1
    if isinstance(row, Calendar):
        row.holidays = public_holidays(row, now) if row.country else []
    row.save(force_insert=True)


def public_holidays(calendar: Calendar, now: datetime) -> list[list[str]]:
    years = range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1)
    found = expand(calendar.country, calendar.subdivision, years)
    return [[day.isoformat(), name] for day, name in found.items()]
