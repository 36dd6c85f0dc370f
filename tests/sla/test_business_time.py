"""Business time: the contract's examples, the days the clocks change, and equality with the slow reference."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sla.calendars import CalendarError, CalendarSpec, business_due, business_time
from sla.public_holidays import expand
from tests.sla.reference import slow_business_due, slow_business_time

OFFICE = tuple((day, 9 * 60, 17 * 60) for day in range(5))
ALWAYS = tuple((day, 0, 24 * 60) for day in range(7))
DAY = timedelta(hours=8)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Havana",
)


def spec(zone: str = "UTC", weekly: tuple = OFFICE, **more) -> CalendarSpec:
    return CalendarSpec("Office", 1, zone, weekly, **more)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# ── The contract's examples ──────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-24T14:00", "2026-11-25T14:00"),  # Tuesday → Wednesday
        ("2026-11-27T14:00", "2026-11-30T14:00"),  # Friday → Monday
        ("2026-11-28T10:00", "2026-11-30T17:00"),  # Saturday → Monday's closing, not Tuesday's opening
        ("2026-11-24T09:00", "2026-11-24T17:00"),
        ("2026-11-24T17:00", "2026-11-25T17:00"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_one_business_day(zone, start, due):
    assert business_due(spec(zone), at(start, zone), DAY) == at(due, zone)


def test_microseconds_are_kept():
    start = at("2026-11-27T16:59:59.999999")
    assert business_due(spec(), start, timedelta(microseconds=1)) == at("2026-11-27T17:00")
    assert business_due(spec(), start, timedelta(microseconds=2)) == at("2026-11-30T09:00:00.000001")
    assert business_time(spec(), start, at("2026-11-30T09:00:00.000001")) == timedelta(microseconds=2)


def test_results_are_utc_whatever_the_zone_of_the_start():
    due = business_due(spec("Europe/Berlin"), at("2026-11-24T14:00", "Asia/Tokyo"), DAY)
    assert due.tzinfo is UTC


def test_nothing_is_due_at_once_and_less_than_nothing_is_refused():
    start = at("2026-11-28T10:00")
    assert business_due(spec(), start, timedelta(0)) == start
    with pytest.raises(ValueError, match="negative"):
        business_due(spec(), start, timedelta(microseconds=-1))
    with pytest.raises(ValueError, match="before the start"):
        business_time(spec(), start, start - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="time zone"):
        business_time(spec(), datetime(2026, 1, 1), datetime(2026, 1, 2))


# ── The days the clocks change ───────────────────────────────────────────────
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/St_Johns", "2026-03-08", 23),
        ("Australia/Adelaide", "2026-10-04", 23),
        ("Australia/Adelaide", "2026-04-05", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Santiago", "2026-09-06", 23),  # at midnight: the day begins at 01:00
        ("Asia/Kolkata", "2026-03-29", 24),
    ],
)
def test_a_whole_day_is_as_long_as_the_wall_makes_it(zone, day, hours):
    start, end = at(day, zone), at((date.fromisoformat(day) + timedelta(days=1)).isoformat(), zone)
    assert business_time(spec(zone, ALWAYS), start, end) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("Australia/Adelaide", "2026-04-05")],
)
def test_nine_to_five_is_nine_to_five_on_the_wall_when_the_clocks_change(zone, day):
    """OTRS pull request 787 and dbt_zendesk 154: due times an hour off around daylight saving."""
    week = tuple((weekday, 9 * 60, 17 * 60) for weekday in range(7))
    before = at(f"{date.fromisoformat(day) - timedelta(days=1)}T16:00", zone)
    assert business_due(spec(zone, week), before, timedelta(hours=2)) == at(f"{day}T10:00", zone)
    assert business_time(spec(zone, week), at(f"{day}T00:00", zone), at(f"{day}T23:59", zone)) == DAY


def test_an_hour_that_the_wall_skips_is_never_open_and_one_shown_twice_is_open_twice():
    night = tuple((weekday, 150, 240) for weekday in range(7))  # 02:30–04:00
    berlin = spec("Europe/Berlin", night)
    assert business_time(berlin, at("2026-03-28T23:00"), at("2026-03-29T12:00")) == timedelta(hours=1)
    assert business_time(berlin, at("2026-10-24T23:00"), at("2026-10-25T12:00")) == timedelta(hours=2)


def test_a_date_that_the_zone_skipped_has_no_open_time():
    apia = spec("Pacific/Apia", ALWAYS)
    assert business_time(apia, at("2011-12-29T00:00", "Pacific/Apia"), at("2012-01-01", "Pacific/Apia")) == timedelta(2)


# ── Weeks, holidays, openings ────────────────────────────────────────────────
def test_a_lunch_break_stops_the_clock():
    """frappe/helpdesk 2212 and 1528: two intervals a day were impossible."""
    week = tuple((day, *hours) for day in range(5) for hours in ((540, 720), (780, 1020)))
    assert business_due(spec(weekly=week), at("2026-11-24T11:30"), timedelta(hours=1)) == at("2026-11-24T13:30")


def test_a_holiday_closes_the_intervals_that_open_on_its_date_to_their_end():
    nights = tuple((day, 22 * 60, 30 * 60) for day in range(7))
    closed = spec(weekly=nights, holidays=frozenset({date(2026, 12, 25)}))
    assert business_time(closed, at("2026-12-25T00:00"), at("2026-12-25T06:00")) == timedelta(hours=6)
    assert business_time(closed, at("2026-12-25T06:00"), at("2026-12-26T22:00")) == timedelta(0)


def test_a_one_off_opening_adds_to_the_week_and_holds_on_a_holiday():
    saturday, christmas = date(2026, 12, 19), date(2026, 12, 25)
    openings = ((saturday, 600, 720), (christmas, 600, 660), (date(2026, 12, 21), 480, 600))
    extra = spec(holidays=frozenset({christmas}), openings=openings)
    assert business_time(extra, at("2026-12-19T00:00"), at("2026-12-20T00:00")) == timedelta(hours=2)
    assert business_time(extra, at("2026-12-25T00:00"), at("2026-12-26T00:00")) == timedelta(hours=1)
    assert business_time(extra, at("2026-12-21T00:00"), at("2026-12-22T00:00")) == timedelta(hours=9)


def test_public_holidays_come_by_country_and_subdivision():
    bavaria, berlin = expand("DE", "BY", [2026]), expand("DE", "BE", [2026])
    assert date(2026, 1, 6) in bavaria
    assert date(2026, 1, 6) not in berlin
    with pytest.raises(CalendarError, match="XX"):
        expand("XX", "", [2026])
    with pytest.raises(CalendarError, match="DE-XX"):
        expand("DE", "XX", [2026])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weekly": ()}, "week is empty"),
        ({"weekly": ((0, 540, 1020), (0, 1000, 1100))}, "overlap"),
        ({"weekly": ((0, 1320, 1800), (1, 300, 600))}, "overlap"),
        ({"weekly": ((6, 1320, 1800), (0, 300, 600))}, "overlap"),
        ({"weekly": ((0, 1320, 360),)}, "past midnight, add 1440"),
        ({"weekly": ((0, 540, 540),)}, "closes after it opens"),
        ({"weekly": ((7, 540, 600),)}, "no weekday 7"),
        ({"weekly": ((0, -1, 600),)}, "minute 0 and 1439"),
        ({"weekly": ((0, 60, 1501),)}, "at most 24 hours"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"zone": "Europe"}, "not a time zone"),
        ({"zone": ""}, "not a time zone"),
        ({"day_length": timedelta(0)}, "working day"),
        ({"day_length": timedelta(hours=25)}, "working day"),
        ({"openings": ((date(2026, 1, 3), 60, 120), (date(2026, 1, 3), 119, 130))}, "overlap"),
    ],
)
def test_a_calendar_that_cannot_be_counted_in_is_refused(given, message):
    with pytest.raises(CalendarError, match=message):
        spec(**given)


def test_touching_intervals_are_no_overlap():
    assert business_time(spec(weekly=ALWAYS), at("2026-01-01"), at("2027-01-01")) == timedelta(days=365)


def test_spans_of_many_years():
    ten = business_time(spec(), at("2016-01-01"), at("2026-01-01"))
    assert business_due(spec(), at("2016-01-01"), ten) == at("2025-12-31T17:00")
    days = range(date(2016, 1, 1).toordinal(), date(2026, 1, 1).toordinal())
    weekdays = sum(date.fromordinal(day).weekday() < 5 for day in days)
    assert ten == DAY * weekdays
    with pytest.raises(CalendarError, match="no open time outside"):
        business_due(spec(), at("9990-01-01"), timedelta(days=100_000))


# ── Equality with the slow reference, and the inverse ────────────────────────
@st.composite
def weeks(draw: st.DrawFn) -> tuple:
    """One to three intervals a day, some past midnight, never overlapping: cut points of the week taken in pairs."""
    cuts = sorted(draw(st.sets(st.integers(0, 7 * 96 - 1), min_size=2, max_size=24)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    week = [(a // 96, a % 96 * 15, min(a % 96 * 15 + (b - a) * 15, a % 96 * 15 + 1440)) for a, b in pairs]
    return tuple(week)


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """Mostly near an offset change of the zone, at any microsecond."""
    days = CHANGES[zone] or [date(2026, 3, 29)]
    near = draw(st.sampled_from(days))
    base = datetime(near.year, near.month, near.day, tzinfo=UTC)
    return base + timedelta(microseconds=draw(st.integers(-2 * 86_400_000_000, 2 * 86_400_000_000)))


def _changes(zone: str) -> list[date]:
    place, found = ZoneInfo(zone), []
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.year < 2028:
        after = day + timedelta(days=1)
        if day.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            found.append(day.date())
        day = after
    return found


CHANGES = {zone: _changes(zone) for zone in ZONES}


@st.composite
def situations(draw: st.DrawFn) -> tuple[CalendarSpec, datetime, datetime]:
    zone = draw(st.sampled_from(ZONES))
    start = draw(moments(zone))
    near = [start.date() + timedelta(days=n) for n in range(-1, 5)]
    calendar = CalendarSpec(
        "Any",
        1,
        zone,
        draw(weeks()),
        holidays=frozenset(draw(st.sets(st.sampled_from(near), max_size=2))),
        openings=tuple((day, 300, 1500) for day in draw(st.sets(st.sampled_from(near[::2]), max_size=1))),
    )
    return calendar, start, start + timedelta(microseconds=draw(st.integers(0, 3 * 86_400_000_000)))


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(situations())
def test_business_time_equals_the_minute_by_minute_reference(situation):
    calendar, start, end = situation
    assert business_time(calendar, start, end) == slow_business_time(calendar, start, end)


@UNHURRIED
@given(situations(), st.integers(1, 20 * 3_600_000_000))
def test_business_due_equals_the_minute_by_minute_reference(situation, micros):
    calendar, start, _ = situation
    amount = timedelta(microseconds=min(micros, 60_000_000 * sum(c - o for _, o, c in calendar.weekly)))
    assert business_due(calendar, start, amount) == slow_business_due(calendar, start, amount)


@UNHURRIED
@given(situations(), st.integers(0, 2_000 * 3_600_000_000))
@example((spec(), at("2026-11-28T10:00"), at("2026-11-30T17:00")), 8 * 3_600_000_000)
def test_the_two_functions_are_inverse(situation, micros):
    calendar, start, end = situation
    amount = timedelta(microseconds=micros)
    due = business_due(calendar, start, amount)
    assert business_time(calendar, start, due) == amount
    if amount:  # the first such instant: a microsecond earlier it is not used up
        assert business_time(calendar, start, due - timedelta(microseconds=1)) < amount
    used = business_time(calendar, start, end)
    assert business_due(calendar, start, used) <= end
    assert business_time(calendar, business_due(calendar, start, used), end) == timedelta(0)


@UNHURRIED
@given(situations(), st.integers(0, 10_000))
def test_business_time_adds_up_over_any_cut(situation, cut):
    calendar, start, end = situation
    middle = start + (end - start) * cut / 10_000
    assert business_time(calendar, start, middle) + business_time(calendar, middle, end) == business_time(
        calendar, start, end
    )
