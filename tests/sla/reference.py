"""The slow, obviously right way to count business time: look at the wall once a minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.calendars import CalendarSpec

MINUTE = timedelta(minutes=1)


def is_open(spec: CalendarSpec, instant: datetime) -> bool:
    wall = instant.astimezone(ZoneInfo(spec.time_zone))
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    for day, since_midnight in ((today, minute), (yesterday, minute + 24 * 60)):
        for weekday, opens, closes in spec.weekly:
            if weekday == day.weekday() and day not in spec.holidays and opens <= since_midnight < closes:
                return True
        for date, opens, closes in spec.openings:
            if date == day and opens <= since_midnight < closes:
                return True
    return False


def slow_business_time(spec: CalendarSpec, start: datetime, end: datetime) -> timedelta:
    """Opening hours and offsets (since 1972) fall on whole minutes, so a minute is open or closed as a whole."""
    total = timedelta(0)
    cursor = start.astimezone(UTC)
    while cursor < end:
        minute_ends = cursor.replace(second=0, microsecond=0) + MINUTE
        if is_open(spec, cursor):
            total += min(minute_ends, end) - cursor
        cursor = minute_ends
    return total


def slow_business_due(spec: CalendarSpec, start: datetime, amount: timedelta) -> datetime:
    cursor, left = start.astimezone(UTC), amount
    while left > timedelta(0):
        minute_ends = cursor.replace(second=0, microsecond=0) + MINUTE
        if is_open(spec, cursor):
            if minute_ends - cursor >= left:
                return cursor + left
            left -= minute_ends - cursor
        cursor = minute_ends
    return cursor
