"""Business time: how much of it lies between two instants, and when an amount of it is used up.

Pure: no Django, no database, no clock. It is open at an instant when the wall clock of the calendar's zone then reads a
time within the opening hours. So on the day the clocks change 09:00–17:00 is still 09:00–17:00 on the wall, 00:00–24:00
is 23 or 25 hours long, an hour that the wall skips is never open, and one that it shows twice is open twice.

Instants are aware datetimes; results are UTC. Inside, an instant is whole microseconds since 1970, and each UTC year
of a calendar is a table of open stretches with a running total, so that a span of years costs one step a year and a
bisection.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
DAY_SECONDS = 24 * 60 * 60
PROBE_SECONDS = 6 * 60 * 60  # no zone has changed its offset twice within six hours
MICRO = 1_000_000
FIRST_YEAR, LAST_YEAR = 2, 9998
MOST_YEARS = 200  # from an instant to when an amount is used up; each takes a table, so a minute a week is no promise
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Interval = tuple[int, int, int]  # weekday (Monday 0), opening minute, closing minute
Opening = tuple[date, int, int]


class CalendarError(ValueError):
    """A calendar that cannot be counted in; the text says why, for the person who wrote it."""


class Year(NamedTuple):
    """One UTC year's open stretches, in microseconds since 1970; `before[i]` is the open time ahead of stretch i."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int

    def open_until(self, instant: int) -> int:
        i = bisect_right(self.opens, instant) - 1
        return 0 if i < 0 else self.before[i] + min(instant, self.closes[i]) - self.opens[i]

    def instant_of(self, used: int) -> int:
        """The first instant by which `used` (0 < used <= total) of the year's open time has passed."""
        i = bisect_left(self.before, used) - 1
        return self.opens[i] + used - self.before[i]


@dataclass(frozen=True)
class CalendarSpec:
    """One version of a calendar. Minutes count from the local midnight of the day on which an interval opens.

    An interval past midnight closes after minute 1440: Friday 22:00 to Saturday 06:00 is `(4, 1320, 1800)`. It belongs
    to the day it opens on: a holiday closes the weekly intervals that open on its local date, to their end. One-off
    openings (`date, open, close`) add to the week and hold on holidays too.
    """

    name: str
    version: int
    time_zone: str
    weekly: tuple[Interval, ...]
    holidays: frozenset[date] = frozenset()
    openings: tuple[Opening, ...] = ()
    day_length: timedelta = timedelta(hours=8)
    _years: dict[int, Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone(self.time_zone)
        if not timedelta(0) < self.day_length <= timedelta(hours=24):
            raise CalendarError("The working day must be longer than nothing and at most 24 hours.")
        if not self.weekly:
            raise CalendarError("The week is empty: a calendar needs at least one opening interval.")
        _check_weekly(self.weekly)
        _check_openings(self.openings)

    def year(self, number: int) -> Year:
        table = self._years.get(number)
        if table is None:
            if not FIRST_YEAR <= number <= LAST_YEAR:
                raise CalendarError(f"There is no open time outside the years {FIRST_YEAR} to {LAST_YEAR}.")
            table = self._years[number] = _build_year(self, number)
        return table


def business_time(spec: CalendarSpec, start: datetime, end: datetime) -> timedelta:
    """Open time in [start, end). Raises ValueError when end lies before start."""
    first, last = _micros(start), _micros(end)
    if last < first:
        raise ValueError("The end lies before the start.")
    first_year, last_year = start.astimezone(UTC).year, end.astimezone(UTC).year
    open_time = spec.year(last_year).open_until(last) - spec.year(first_year).open_until(first)
    for number in range(first_year, last_year):
        open_time += spec.year(number).total
    return timedelta(microseconds=open_time)


def business_due(spec: CalendarSpec, start: datetime, amount: timedelta) -> datetime:
    """The first instant from `start` by which `amount` of open time has passed.

    An amount used up exactly at closing time is due at that closing, not at the next opening. Nothing is due at once.
    Raises CalendarError when so little is open that it is not used up within MOST_YEARS.
    """
    if amount < timedelta(0):
        raise ValueError("An amount of business time cannot be negative.")
    first = _micros(start)
    if not amount:
        return start.astimezone(UTC)
    number = start.astimezone(UTC).year
    table = spec.year(number)
    needed = table.open_until(first) + _whole(amount)
    while needed > table.total:
        needed -= table.total
        number += 1
        if number - start.year > MOST_YEARS:
            raise CalendarError(f"So little is open that this is not used up within {MOST_YEARS} years.")
        table = spec.year(number)
    return EPOCH + timedelta(microseconds=table.instant_of(needed))


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises CalendarError for any other name."""
    try:
        if name in {"localtime", "posixrules", "Factory"}:
            raise ValueError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise CalendarError(f"“{name}” is not a time zone of the IANA list, such as Europe/Berlin.") from error


def describe(minute: int) -> str:
    """A minute of a day as the wall shows it: 540 is 09:00, 1800 is 06:00 (+1)."""
    days, rest = divmod(minute, DAY_MINUTES)
    if days and not rest:
        days, rest = days - 1, DAY_MINUTES
    return f"{rest // 60:02d}:{rest % 60:02d}" + (f" (+{days})" if days else "")


def _check_weekly(weekly: tuple[Interval, ...]) -> None:
    for weekday, opens, closes in weekly:
        if not 0 <= weekday <= 6:
            raise CalendarError(f"There is no weekday {weekday}: Monday is 0 and Sunday 6.")
        _check_minutes(WEEKDAYS[weekday], opens, closes)
    spans = sorted((d * DAY_MINUTES + opens, d * DAY_MINUTES + closes, d) for d, opens, closes in weekly)
    first_opens, first_closes, first_day = spans[0]
    spans.append((first_opens + WEEK_MINUTES, first_closes + WEEK_MINUTES, first_day))
    for (_, closes, day), (opens, _, next_day) in pairwise(spans):
        if opens < closes:
            at = describe(opens % DAY_MINUTES)
            raise CalendarError(
                f"Opening intervals overlap: {WEEKDAYS[day]}’s is still open at {WEEKDAYS[next_day]} {at}."
            )


def _check_openings(openings: tuple[Opening, ...]) -> None:
    for day, opens, closes in openings:
        _check_minutes(day.isoformat(), opens, closes)
    spans = sorted((_day_number(d) * DAY_MINUTES + o, _day_number(d) * DAY_MINUTES + c, d) for d, o, c in openings)
    for (_, closes, day), (opens, _, next_day) in pairwise(spans):
        if opens < closes:
            raise CalendarError(f"One-off openings of {day.isoformat()} and {next_day.isoformat()} overlap.")


def _check_minutes(day: str, opens: int, closes: int) -> None:
    if not 0 <= opens < DAY_MINUTES:
        raise CalendarError(f"{day}: an interval opens between minute 0 and 1439 of its day, not at {opens}.")
    if closes <= opens:
        raise CalendarError(f"{day}: an interval closes after it opens; past midnight, add 1440 to the closing minute.")
    if closes > opens + DAY_MINUTES:
        raise CalendarError(f"{day}: an interval is at most 24 hours long.")


def _build_year(spec: CalendarSpec, number: int) -> Year:
    """Lays the local hours over each stretch of constant UTC offset: right in gaps, folds and skipped days alike."""
    local = _local_stretches(spec, number)
    opens: list[int] = []
    closes: list[int] = []
    before: list[int] = []
    total = 0
    for begins, ends, offset in _offsets(spec.time_zone, number):
        for wall_opens, wall_closes in local:
            opening, closing = max(wall_opens - offset, begins) * MICRO, min(wall_closes - offset, ends) * MICRO
            if opening >= closing:
                continue
            if closes and closes[-1] == opening:
                closes[-1] = closing
            else:
                opens.append(opening)
                closes.append(closing)
                before.append(total)
            total += closing - opening
    return Year(opens, closes, before, total)


def _local_stretches(spec: CalendarSpec, number: int) -> list[tuple[int, int]]:
    """Merged open stretches on the wall around one year, in seconds since the wall's 1970."""
    by_weekday: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for weekday, opens, closes in spec.weekly:
        by_weekday[weekday].append((opens, closes))
    stretches: list[tuple[int, int]] = []
    # With the offset, an interval may open two local days before the UTC day that it reaches into.
    first, last = date(number - 1, 12, 28), date(number + 1, 1, 4)
    for ordinal in range(first.toordinal(), last.toordinal()):
        day = date.fromordinal(ordinal)
        if day not in spec.holidays:
            stretches += _on_day(day, by_weekday[day.weekday()])
    for day, opens, closes in spec.openings:
        if first <= day < last:
            stretches += _on_day(day, [(opens, closes)])
    return _merged(stretches)


def _on_day(day: date, intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    midnight = _day_number(day) * DAY_SECONDS
    return [(midnight + opens * 60, midnight + closes * 60) for opens, closes in intervals]


def _merged(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted(stretches):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


@lru_cache(maxsize=4096)
def _offsets(time_zone: str, number: int) -> list[tuple[int, int, int]]:
    """The stretches of constant offset of one UTC year: begin, end, offset, in seconds."""
    place = zone(time_zone)
    begin, end = (_day_number(date(year, 1, 1)) * DAY_SECONDS for year in (number, number + 1))
    stretches: list[tuple[int, int, int]] = []
    since, offset = begin, _offset(place, begin)
    for probe in range(begin + PROBE_SECONDS, end + 1, PROBE_SECONDS):
        if _offset(place, probe) != offset:
            change = _change(place, probe - PROBE_SECONDS, probe)
            stretches.append((since, change, offset))
            since, offset = change, _offset(place, probe)
    if since < end:
        stretches.append((since, end, offset))
    return stretches


def _change(place: tzinfo, before: int, after: int) -> int:
    """The first second with the later offset."""
    old = _offset(place, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(place, middle) == old else (before, middle)
    return after


def _offset(place: tzinfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(place).utcoffset()
    assert offset is not None
    return offset.days * DAY_SECONDS + offset.seconds


def _day_number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def _micros(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return _whole(instant - EPOCH)


def _whole(amount: timedelta) -> int:
    return (amount.days * DAY_SECONDS + amount.seconds) * MICRO + amount.microseconds
