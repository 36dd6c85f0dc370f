"""A calendar's open and closed spells between two instants, each closed one with the holiday it falls on. Pure.

Read from the calendar's tables of open time, so the cost grows with the spells told and with the years spanned, never
with minutes or days. What is told is bounded: of many spells the first and the last stand alone, those between are one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import NamedTuple

from sla.calendars import EPOCH, CalendarSpec, business_time, zone

OPEN, CLOSED, HOLIDAY, FOLDED = "open", "closed", "holiday", "folded"
EACH_END = 60  # open spells told one by one at each end of a long span

Span = tuple[datetime, datetime]


class Spell(NamedTuple):
    """One stretch of [start, end). `open_time` is what of it counts; `closures` how often a folded one was closed."""

    kind: str
    start: datetime
    end: datetime
    open_time: timedelta
    name: str = ""
    closures: int = 0


def spells(
    spec: CalendarSpec, names: Mapping[date, str], start: datetime, end: datetime, each_end: int = EACH_END
) -> list[Spell]:
    """The spells of [start, end), without gaps; their open time adds up to `business_time(spec, start, end)`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return []
    ranges = list(_ranges(spec, start, end))
    count = sum(last - first for _, first, last in ranges)
    if count <= 2 * each_end:
        return _told(spec, names, start, end, _clipped(_spans(ranges), start, end))
    head = _clipped(islice(_spans(ranges), each_end), start, end)
    tail = _clipped(islice(_backwards(ranges), each_end), start, end)[::-1]
    fold_from, fold_to = head[-1][1], tail[0][0]
    folded = Spell(
        FOLDED, fold_from, fold_to, business_time(spec, fold_from, fold_to), closures=count - len(head) - len(tail) + 1
    )
    return [
        *_told(spec, names, start, fold_from, head),
        folded,
        *_told(spec, names, fold_to, end, tail),
    ]


Range = tuple[tuple[list[int], list[int]], int, int]


def _ranges(spec: CalendarSpec, start: datetime, end: datetime) -> Iterator[Range]:
    """Of each UTC year its opening and closing instants, and which of them touch the span."""
    first, last = ((instant - EPOCH) // timedelta(microseconds=1) for instant in (start, end))
    for number in range(start.year, end.year + 1):
        year = spec.year(number)
        yield (year.opens, year.closes), bisect_right(year.closes, first), bisect_left(year.opens, last)


def _spans(ranges: list[Range]) -> Iterator[tuple[int, int]]:
    for (opens, closes), first, last in ranges:
        yield from zip(opens[first:last], closes[first:last], strict=True)


def _backwards(ranges: list[Range]) -> Iterator[tuple[int, int]]:
    for (opens, closes), first, last in reversed(ranges):
        yield from zip(reversed(opens[first:last]), reversed(closes[first:last]), strict=True)


def _clipped(spans: Iterator[tuple[int, int]], start: datetime, end: datetime) -> list[Span]:
    found = ((EPOCH + timedelta(microseconds=o), EPOCH + timedelta(microseconds=c)) for o, c in spans)
    return [(max(opens, start), min(closes, end)) for opens, closes in found]


def _told(
    spec: CalendarSpec, names: Mapping[date, str], start: datetime, end: datetime, spans: list[Span]
) -> list[Spell]:
    """The open spans with the closed spells around them, all within [start, end)."""
    told: list[Spell] = []
    for (_, closed), (opens, closes) in pairwise([(start, start), *spans, (end, end)]):
        told += _closed(spec, names, closed, opens)
        if closes > opens:
            told.append(Spell(OPEN, opens, closes, closes - opens))
    return told


def _closed(spec: CalendarSpec, names: Mapping[date, str], start: datetime, end: datetime) -> Iterator[Spell]:
    """A closed stretch, cut at the local midnights of the holidays in it."""
    place = zone(spec.time_zone)
    days = (start.astimezone(place).date(), end.astimezone(place).date())
    for day in sorted(day for day in names if days[0] <= day <= days[1]):
        midnight, next_midnight = (
            datetime.combine(each, time(), place).astimezone(UTC) for each in (day, day + timedelta(days=1))
        )
        begins, ends = max(midnight, start), min(next_midnight, end)
        if begins < ends:
            if start < begins:
                yield Spell(CLOSED, start, begins, timedelta(0))
            yield Spell(HOLIDAY, begins, ends, timedelta(0), names[day])
            start = ends
    if start < end:
        yield Spell(CLOSED, start, end, timedelta(0))
