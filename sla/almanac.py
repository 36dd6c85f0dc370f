"""Pictures of a calendar as data: its week on the wall, and what each of the coming dates is like. Pure.

Minutes are those of the local day, 0 to 1440, as the wall shows them; what runs past midnight is cut there and goes on
in the next day's row. How long a date is open is counted by `sla.calendars`, so that no picture says anything else than
the clocks do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sla.calendars import DAY_MINUTES, WEEKDAYS, CalendarSpec, business_time, describe, zone

DAYS_SHOWN = 90
DAY_NAMES = tuple(name[:3] for name in WEEKDAYS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING = timedelta(0)
# The scale of the drawings, in per cent of their width: the day's 24 hours between the names and the right edge.
LEFT, WIDE = 11.0, 86.0
LABEL_ALWAYS, LABEL_WIDE = 6 * 60, 3 * 60  # minutes that a label needs on a phone, and on a wider screen
PAST_MIDNIGHT = "↳"


@dataclass(frozen=True)
class Band:
    """A stretch of one local day, in minutes; `from_before` and `goes_on` tell that midnight cuts it."""

    opens: int
    closes: int
    from_before: bool = False
    goes_on: bool = False

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.closes - self.opens)

    @property
    def words(self) -> str:
        """As on the wall: 09:00–17:00; an arrow where midnight cuts it."""
        start = f"{PAST_MIDNIGHT} " if self.from_before else ""
        return f"{start}{describe(self.opens)}–{describe(self.closes)}{' →' if self.goes_on else ''}"

    @property
    def x(self) -> str:
        return percent(LEFT + WIDE * self.opens / DAY_MINUTES)

    @property
    def width(self) -> str:
        return percent(WIDE * (self.closes - self.opens) / DAY_MINUTES)

    @property
    def middle(self) -> str:
        return percent(LEFT + WIDE * (self.opens + self.closes) / 2 / DAY_MINUTES)

    @property
    def day_x(self) -> str:
        """Where it begins in a drawing of the day alone, as `day_width` how wide it is there."""
        return percent(100 * self.opens / DAY_MINUTES)

    @property
    def day_width(self) -> str:
        return percent(100 * (self.closes - self.opens) / DAY_MINUTES)

    @property
    def label(self) -> str:
        """How much room its words have: "always", on a "wide" screen only, or none."""
        minutes = self.closes - self.opens
        return "always" if minutes >= LABEL_ALWAYS else "wide" if minutes >= LABEL_WIDE else ""


@dataclass(frozen=True)
class Day:
    """One local date. `length` is 24 hours, but 23 or 25 when the clocks change and 0 for a date that the zone skipped.

    `closed_for` names the public holiday or own closed day, which closes what opens on that date; `own` tells which.
    `one_off` are the openings beyond the week; `bands` are all open stretches.
    """

    date: date
    open: timedelta
    length: timedelta
    bands: tuple[Band, ...]
    closed_for: str = ""
    own: bool = False
    one_off: tuple[Band, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the zone's clocks change on this date."""
        return self.length != DAY

    @property
    def level(self) -> int:
        """0 closed to 4 open for more than 12 hours: the depth of colour."""
        return min(4, -(-self.open // (4 * HOUR))) if self.open else 0

    @property
    def hours(self) -> str:
        return short_hours(self.open)

    @property
    def marks(self) -> list[str]:
        """What is special about the date, in words."""
        found = []
        if self.closed_for:
            found.append(f"{self.closed_for} ({'own closed day' if self.own else 'public holiday'})")
        if self.one_off:
            found.append("one-off opening " + ", ".join(band.words for band in self.one_off))
        if not self.length:
            found.append("the zone skips this date")
        elif self.changes:
            found.append(f"the clocks change: {short_hours(self.length)} long")
        return found

    @property
    def words(self) -> str:
        hours = ", ".join(band.words for band in self.bands)
        told = f"{hours} ({self.hours})" if self.open else "closed"
        return "; ".join([f"{self.date:%a} {self.date.day} {self.date:%b %Y}: {told}", *self.marks])


@dataclass(frozen=True)
class Month:
    """The days of one month that are shown; `blank` is the number of weekdays before the first."""

    first: date
    days: tuple[Day, ...]

    @property
    def weeks(self) -> list[list[Day | None]]:
        cells: list[Day | None] = [None] * self.days[0].date.weekday() + list(self.days)
        cells += [None] * (-len(cells) % 7)
        return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def week(spec: CalendarSpec) -> list[tuple[Band, ...]]:
    """The open stretches of Monday to Sunday as they stand on the wall in a week without holidays."""
    rows: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for day, opens, closes in spec.weekly:
        rows[day].append((opens, closes))
    return [_bands(rows[day], rows[day - 1]) for day in range(7)]


def open_hours(spec: CalendarSpec) -> timedelta:
    """Of a week without holidays and changes of the clocks."""
    return sum((timedelta(minutes=closes - opens) for _, opens, closes in spec.weekly), NOTHING)


def days(
    spec: CalendarSpec,
    first: date,
    count: int = DAYS_SHOWN,
    *,
    holidays: Mapping[date, str] | None = None,
    own: Mapping[date, str] | None = None,
) -> list[Day]:
    """The dates from `first` on. `holidays` and `own` give the spec's closed days their names."""
    names = {**dict.fromkeys(spec.holidays, "Closed"), **(holidays or {}), **(own or {})}
    dates = [first + timedelta(days=number) for number in range(count)]
    return [_day(spec, day, names, own or {}) for day in dates]


def months(shown: Iterable[Day]) -> list[Month]:
    """The days grouped for a drawing by month."""
    grouped: dict[date, list[Day]] = {}
    for day in shown:
        grouped.setdefault(day.date.replace(day=1), []).append(day)
    return [Month(first, tuple(found)) for first, found in grouped.items()]


def midnight(spec: CalendarSpec, day: date) -> datetime:
    """The first instant of a local date, UTC: where the clocks skip midnight, the instant they do."""
    return datetime.combine(day, time.min, zone(spec.time_zone)).astimezone(UTC)


def short_hours(amount: timedelta) -> str:
    """7:30 h, 8 h, 0 h."""
    minutes = round(amount.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes % 60 else f"{minutes // 60} h"


def percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"


def hour_lines(step: int = 3) -> list[tuple[str, str]]:
    """The drawing's grid: (x, label) of every third hour."""
    return [(percent(LEFT + WIDE * hour / 24), f"{hour:02d}") for hour in range(0, 25, step)]


def _day(spec: CalendarSpec, day: date, names: Mapping[date, str], own: Mapping[date, str]) -> Day:
    begins, ends = midnight(spec, day), midnight(spec, day + DAY)
    closed = day in spec.holidays
    return Day(
        date=day,
        open=business_time(spec, begins, ends),
        length=ends - begins,
        bands=_bands(_opening_on(spec, day), _opening_on(spec, day - DAY)),
        closed_for=names[day] if closed else "",
        own=closed and day in own,
        one_off=tuple(
            Band(opens, min(closes, DAY_MINUTES), goes_on=closes > DAY_MINUTES)
            for date_, opens, closes in sorted(spec.openings)
            if date_ == day
        ),
    )


def _opening_on(spec: CalendarSpec, day: date) -> list[tuple[int, int]]:
    weekly = [] if day in spec.holidays else [(o, c) for weekday, o, c in spec.weekly if weekday == day.weekday()]
    return weekly + [(o, c) for date_, o, c in spec.openings if date_ == day]


def _bands(today: Sequence[tuple[int, int]], yesterday: Sequence[tuple[int, int]]) -> tuple[Band, ...]:
    """What opens today, up to midnight, and what is left of yesterday's; stretches that touch or overlap are one."""
    stretches = [(o, min(c, DAY_MINUTES), False, c > DAY_MINUTES) for o, c in today]
    stretches += [(0, c - DAY_MINUTES, True, False) for _, c in yesterday if c > DAY_MINUTES]
    merged: list[Band] = []
    for opens, closes, from_before, goes_on in sorted(stretches):
        last = merged[-1] if merged else None
        if last is not None and opens <= last.closes:
            longest = max(last.closes, closes)
            merged[-1] = Band(last.opens, longest, last.from_before or from_before, last.goes_on or goes_on)
        else:
            merged.append(Band(opens, closes, from_before, goes_on))
    return tuple(merged)
