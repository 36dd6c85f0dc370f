"""The calendars as their pages show them: lines of a list, pictures, and a promise tried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from companyos.web.errors import NotFound
from sla import almanac
from sla.amounts import AmountError, read_amount
from sla.calendars import CalendarError, CalendarSpec, business_due, zone
from sla.models import Calendar, Policy


@dataclass
class Pictures:
    """A calendar drawn: its week, and its dates from `first` on."""

    spec: CalendarSpec
    first: date
    week: list[tuple[str, tuple[almanac.Band, ...], str]]
    days: list[almanac.Day]
    lines: list[tuple[str, str]] = field(default_factory=almanac.hour_lines)

    @property
    def open_hours(self) -> str:
        return almanac.short_hours(almanac.open_hours(self.spec))

    @property
    def months(self) -> list[almanac.Month]:
        return almanac.months(self.days)

    @property
    def special(self) -> list[almanac.Day]:
        """The dates that differ from their weekday."""
        return [day for day in self.days if day.marks]

    @property
    def last(self) -> date:
        return self.days[-1].date

    @property
    def total(self) -> str:
        return almanac.short_hours(sum((day.open for day in self.days), timedelta()))


@dataclass
class Line:
    """A calendar in its newest version, and the policies in force that count in the calendar."""

    calendar: Calendar
    policies: list[Policy]

    @property
    def older(self) -> list[Policy]:
        """Those that count in an older version than the newest."""
        return [policy for policy in self.policies if policy.calendar_id != self.calendar.pk]

    @property
    def hours(self) -> str:
        """Open hours of a week; '' when the calendar cannot be counted in."""
        try:
            return almanac.short_hours(almanac.open_hours(self.calendar.spec()))
        except CalendarError:
            return ""


@dataclass
class Trial:
    """An amount tried out: the instant it is used up, of a start that was named in the calendar's time."""

    at: str
    amount: str
    starts: datetime | None = None
    due: datetime | None = None
    error: str = ""


def lines(now: datetime) -> list[Line]:
    """Every calendar in reach, by name; the drill's own is nobody's."""
    newest = (
        Calendar.objects.exclude(tenant__is_drill=True)
        .select_related("tenant")
        .order_by("key", "-version")
        .distinct("key")
    )
    policies = policies_in_force(now)
    found = [Line(one, [policy for policy in policies if policy.calendar.key == one.key]) for one in newest]
    return sorted(found, key=lambda line: (line.calendar.tenant_id is not None, line.calendar.name))


def policies_in_force(now: datetime) -> list[Policy]:
    """The version in force of each policy in reach, with its calendar and targets."""
    current = (
        Policy.objects.filter(active_from__lte=now)
        .select_related("calendar__tenant", "tenant")
        .prefetch_related("targets")
        .order_by("key", "-active_from", "-version")
        .distinct("key")
    )
    return [policy for policy in current if not policy.retired]


def versions(key: str) -> list[Calendar]:
    """The calendar's versions, newest first; raises NotFound for a key without any."""
    found = list(Calendar.objects.filter(key=key).select_related("tenant").order_by("-version"))
    if not found:
        raise NotFound("not_found", "There is no such calendar.")
    return found


def pictures(
    spec: CalendarSpec, first: date, holidays: Mapping[date, str] | None = None, own: Mapping[date, str] | None = None
) -> Pictures:
    """Raises CalendarError for dates that cannot be counted in."""
    week = [
        (almanac.DAY_NAMES[day], bands, almanac.short_hours(sum((band.length for band in bands), timedelta())))
        for day, bands in enumerate(almanac.week(spec))
    ]
    return Pictures(spec, first, week, almanac.days(spec, first, holidays=holidays, own=own))


def drawn(calendar: Calendar, first: date | None, now: datetime) -> Pictures:
    """The pictures of a version from a date on (None: from today, there). Raises CalendarError."""
    spec = calendar.spec()
    holidays = {date.fromisoformat(day): name for day, name in calendar.holidays}
    own = {date.fromisoformat(day): name for day, name in calendar.own_days}
    return pictures(spec, first or today(spec, now), holidays, own)


def today(spec: CalendarSpec, now: datetime) -> date:
    return now.astimezone(zone(spec.time_zone)).date()


def try_out(spec: CalendarSpec, at: str, amount: str) -> Trial:
    """When the amount is used up that starts at a local instant, ISO, of the calendar's zone."""
    trial = Trial(at, amount)
    try:
        wall = datetime.fromisoformat(at)
        if wall.tzinfo is not None:
            trial.error = "Write the instant in the calendar’s own time, without a zone."
            return trial
        trial.starts = wall.replace(tzinfo=zone(spec.time_zone)).astimezone(UTC)
        given, days = read_amount(amount)
        asked = given if given is not None else spec.day_length * int((days or 0) * 100) / 100
        trial.due = business_due(spec, trial.starts, asked)
    except (AmountError, CalendarError) as error:
        trial.error = str(error)
    except (ValueError, OverflowError):
        trial.error = "Write a date and time, such as 2026-01-16T16:30."
    return trial
