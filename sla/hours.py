"""A week's opening hours as people write them: `Mon-Fri 09:00-12:30 13:30-17:00`, a line for each group of days. Pure.

Closing at or before the opening time means the next day: `Fri 22:00-06:00`.
"""

import re
from collections.abc import Iterable

from sla.calendars import DAY_MINUTES, CalendarError, Interval

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


def parse_week(text: str) -> list[Interval]:
    """Raises CalendarError, quoting the line that cannot be read."""
    week: list[Interval] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        days, _, hours = line.partition(" ")
        if not hours or _TIMES.sub("", hours).strip(" ,"):
            raise CalendarError(f"“{line}” cannot be read: write days and hours as in “Mon-Fri 09:00-17:00”.")
        intervals = [_interval(line, *map(int, match.groups())) for match in _TIMES.finditer(hours)]
        week += [(day, opens, closes) for day in _days(line, days) for opens, closes in intervals]
    return sorted(week)


def write_week(week: Iterable[Interval]) -> str:
    """One line a day, as `parse_week` reads it."""
    by_day: dict[int, list[str]] = {}
    for day, opens, closes in sorted(tuple(interval) for interval in week):
        by_day.setdefault(day, []).append(f"{_clock(opens)}-{_clock(closes)}")
    return "\n".join(f"{DAYS[day]} {' '.join(intervals)}" for day, intervals in sorted(by_day.items()))


def parse_hours(text: str) -> list[tuple[int, int]]:
    """One day's hours, `10:00-14:00`, in minutes. Raises CalendarError, quoting them."""
    if not text.strip() or _TIMES.sub("", text).strip(" ,"):
        raise CalendarError(f"“{text}” cannot be read: write hours as in “10:00-14:00”.")
    return [_interval(text, *map(int, match.groups())) for match in _TIMES.finditer(text)]


def write_hours(opens: int, closes: int) -> str:
    """As `parse_hours` reads them."""
    return f"{_clock(opens)}-{_clock(closes)}"


def _days(line: str, days: str) -> list[int]:
    try:
        first, _, last = (word[:3].capitalize() for word in days.replace("–", "-").partition("-"))
        begin = DAYS.index(first)
        end = DAYS.index(last) if last else begin
    except ValueError as error:
        raise CalendarError(
            f"“{line}” begins with no day: write Mon, Tue … Sun, or a range such as Mon-Fri."
        ) from error
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _interval(line: str, opens: int, opens_minute: int, closes: int, closes_minute: int) -> tuple[int, int]:
    if opens > 23 or closes > 24 or opens_minute > 59 or closes_minute > 59 or (closes == 24 and closes_minute):
        raise CalendarError(f"“{line}” has a time that no clock shows.")
    begin, end = opens * 60 + opens_minute, closes * 60 + closes_minute
    return begin, end if end > begin else end + DAY_MINUTES


def _clock(minute: int) -> str:
    return "24:00" if minute == DAY_MINUTES else f"{minute % DAY_MINUTES // 60:02d}:{minute % 60:02d}"
