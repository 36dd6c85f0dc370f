"""A calendar's pictures say what its clocks count by: the week on the wall, and each of the coming dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import almanac
from sla.calendars import CalendarError, CalendarSpec, business_time
from sla.hours import parse_week
from sla.public_holidays import expand
from tests.sla.reference import slow_business_time

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana")
HOUR = timedelta(hours=1)


def spec(week: str = "Mon-Fri 09:00-17:00", zone: str = "UTC", **more) -> CalendarSpec:
    return CalendarSpec("Office", 1, zone, tuple(parse_week(week)), **more)


def words(bands) -> list[str]:
    return [band.words for band in bands]


def day_of(calendar: CalendarSpec, day: str, **names) -> almanac.Day:
    return almanac.days(calendar, date.fromisoformat(day), 1, **names)[0]


def test_a_week_shows_several_intervals_and_cuts_them_at_midnight():
    rows = almanac.week(spec("Mon-Fri 09:00-12:30 13:30-17:00\nFri 22:00-06:00\nSun 20:00-04:00"))
    assert words(rows[1]) == ["09:00–12:30", "13:30–17:00"]
    assert words(rows[4]) == ["09:00–12:30", "13:30–17:00", "22:00–24:00 →"]
    assert words(rows[5]) == ["↳ 00:00–06:00"]
    assert words(rows[0])[0] == "↳ 00:00–04:00"  # Sunday's goes on in Monday
    assert almanac.open_hours(spec("Mon-Fri 09:00-17:00")) == 40 * HOUR


def test_a_band_stands_where_its_hours_are():
    (band,) = almanac.week(spec("Mon 12:00-24:00"))[0]
    assert (band.x, band.width) == ("54%", "43%")


def test_a_public_holiday_an_own_day_and_a_one_off_opening_are_named():
    bavaria = expand("DE", "BY", [2026])
    own = {date(2026, 12, 28): "Stocktaking"}
    calendar = spec(
        zone="Europe/Berlin",
        holidays=frozenset([*bavaria, *own]),
        openings=((date(2026, 12, 25), 600, 720), (date(2026, 12, 27), 1320, 1500)),
    )
    shown = {day.date.day: day for day in almanac.days(calendar, date(2026, 12, 24), 6, holidays=bavaria, own=own)}
    assert (shown[24].hours, shown[24].closed_for, shown[24].level) == ("8 h", "", 2)
    assert shown[25].closed_for == bavaria[date(2026, 12, 25)] and not shown[25].own
    assert shown[25].hours == "2 h" and words(shown[25].one_off) == ["10:00–12:00"]
    assert shown[27].marks == ["one-off opening 22:00–24:00 →"]
    assert shown[28].own and shown[28].closed_for == "Stocktaking"
    assert words(shown[28].bands) == ["↳ 00:00–01:00"]  # Sunday's opening goes on; the holiday closes what opens today
    assert shown[29].marks == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Havana", "2026-03-08", 23),  # at midnight: the day begins at 01:00
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),  # the date that Samoa left out
    ],
)
def test_a_day_on_which_the_clocks_change_is_marked_with_its_length(zone, day, hours):
    shown = day_of(spec("Mon-Sun 00:00-24:00", zone), day)
    assert shown.changes and shown.length == shown.open == hours * HOUR
    assert any("clocks change" in mark or "skips" in mark for mark in shown.marks)


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["Mon-Fri 09:00-17:00", "Mon-Fri 22:00-06:00\nSun 01:30-03:00", "Mon-Sun 00:00-24:00"]),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.sets(st.integers(0, 9), max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_the_days_are_the_calendars_business_time(zone, week, first, holidays):
    """Each day's hours are those that a look at the wall each minute counts, and together the span's."""
    calendar = spec(week, zone, holidays=frozenset(first + timedelta(days=n) for n in holidays))
    shown = almanac.days(calendar, first, 10)
    begin, end = almanac.midnight(calendar, first), almanac.midnight(calendar, first + timedelta(days=10))
    assert sum((day.open for day in shown), timedelta()) == business_time(calendar, begin, end)
    assert sum((day.length for day in shown), timedelta()) == end - begin
    assert shown[0].open == slow_business_time(calendar, begin, begin + shown[0].length)
    for day in shown:
        if not day.changes:
            assert day.open == sum((band.length for band in day.bands), timedelta())


def test_months_have_whole_weeks_from_monday():
    shown = almanac.months(almanac.days(spec(), date(2026, 11, 24), 90))
    assert [month.first.month for month in shown] == [11, 12, 1, 2]
    assert sum(len(month.days) for month in shown) == 90
    for month in shown:
        for row in month.weeks:
            assert len(row) == 7
            assert all(day is None or day.date.weekday() == place for place, day in enumerate(row))


def test_a_calendar_says_when_nothing_can_be_counted():
    with pytest.raises(CalendarError, match="years"):
        almanac.days(spec(), date(9999, 6, 1), 1)


def test_midnight_is_the_first_instant_of_the_date():
    assert almanac.midnight(spec(zone="Europe/Berlin"), date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)
