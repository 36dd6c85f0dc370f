"""Business time in fifty zones, over every change of their clocks from 2020 to 2029, against a slow reference.

The reference asks the zone for its offset at every minute within two hours of a change and at every quarter of an hour
of the days around it, lays the week's minutes on that wall, and counts. It shares nothing with what it judges but the
zone data itself. The whole decade is counted the same way, quarter by quarter.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sla.calendars import CalendarSpec, business_due, business_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
WEEK = 7 * 1440

ZONES = [
    *("Europe/London", "Europe/Dublin", "Europe/Lisbon", "Atlantic/Azores", "Europe/Berlin", "Europe/Chisinau"),
    *("Europe/Istanbul", "Europe/Moscow", "Europe/Volgograd", "America/Nuuk", "America/Scoresbysund"),
    *("America/New_York", "America/Los_Angeles", "America/Phoenix", "America/St_Johns", "America/Havana"),
    *("America/Mexico_City", "America/Chihuahua", "America/Ojinaga", "America/Whitehorse", "America/Port-au-Prince"),
    *("America/Santiago", "Pacific/Easter", "America/Asuncion", "America/Sao_Paulo", "America/Miquelon"),
    *("Africa/Casablanca", "Africa/El_Aaiun", "Africa/Cairo", "Africa/Juba", "Asia/Beirut", "Asia/Jerusalem"),
    *("Asia/Gaza", "Asia/Amman", "Asia/Damascus", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Almaty"),
    *("Asia/Tokyo", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Norfolk"),
    *("Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Fiji", "Pacific/Marquesas", "Antarctica/Troll"),
]
OFFICE = tuple((day, 540, 1020) for day in range(5))
WEEKS = {
    "always": tuple((day, 0, 1440) for day in range(7)),
    "office and Sunday nights": (*OFFICE, (5, 1320, 1800), (6, 1320, 1500)),
    "across every change": tuple((day, 75, 195) for day in range(7)),
    "quarters round midnight": tuple(
        (day, opens, closes) for day in range(7) for opens, closes in ((15, 45), (1425, 1440))
    ),
}
CHANGED = {
    "Africa/Casablanca": 21,  # out of summer time for every Ramadan, and back
    "Australia/Lord_Howe": 20,  # by half an hour
    "America/Whitehorse": 1,
    "Asia/Tehran": 6,
    "Asia/Kolkata": 0,
}


@cache
def offset(zone: str, minute: int) -> int:
    """Minutes ahead of UTC."""
    found = (EPOCH + minute * MINUTE).astimezone(ZoneInfo(zone)).utcoffset()
    assert found is not None
    return found // MINUTE


@cache
def changes(zone: str) -> list[int]:
    """The first minute of each new offset."""
    found = []
    for day in range((FIRST - EPOCH).days, (LAST - EPOCH).days):
        before, after = day * 1440, (day + 1) * 1440
        if offset(zone, before) == offset(zone, after):
            continue
        old = offset(zone, before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(zone, middle) == old else (before, middle)
        found.append(after)
    return found


@cache
def wall_week(name: str) -> np.ndarray:
    """Whether each minute of the week is open on the wall; minute 0 is Monday's midnight."""
    minutes = np.zeros(WEEK, dtype=bool)
    for day, opens, closes in WEEKS[name]:
        minutes[np.arange(day * 1440 + opens, day * 1440 + closes) % WEEK] = True
    return minutes


def is_open(name: str, minutes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    # 1 January 1970 was a Thursday.
    return wall_week(name)[(minutes + offsets + 3 * 1440) % WEEK]


class Around:
    """The minutes of the two days around a change, looked at one by one."""

    def __init__(self, zone: str, change: int) -> None:
        self.first = (change - 1440) // 15 * 15
        self.minutes = np.arange(self.first, change + 1440 + 15)
        near = np.abs(self.minutes - change) <= 120
        asked = np.where(near, self.minutes, self.minutes // 15 * 15)
        self.offsets = np.array([offset(zone, int(minute)) for minute in asked])

    def check(self, spec: CalendarSpec, name: str, change: int) -> None:
        opened = is_open(name, self.minutes, self.offsets)
        used = np.concatenate([[0], np.cumsum(opened)])
        at = [
            minute - self.first
            for minute in (change - 1440, change - 61, change - 1, change, change + 31, change + 1440)
        ]
        for start, end in [(at[0], at[-1]), (at[0], at[3]), (at[1], at[4]), (at[2], at[5]), (at[3], at[5])]:
            from_, until = (EPOCH + (self.first + index) * MINUTE for index in (start, end))
            wanted = int(used[end] - used[start])
            assert business_time(spec, from_, until) == wanted * MINUTE, (spec.time_zone, name, from_, until)
            part = timedelta(seconds=17, microseconds=1)  # into a minute, which is open or closed as a whole
            late = wanted * MINUTE - (part if opened[start] else timedelta(0))
            assert business_time(spec, from_ + part, until) == late
            if wanted:
                due = business_due(spec, from_, wanted * MINUTE)
                last = start + int(np.flatnonzero(opened[start:end])[-1])
                assert due == EPOCH + (self.first + last + 1) * MINUTE, (spec.time_zone, name, from_)


@pytest.mark.parametrize("zone", ZONES)
def test_business_time_equals_the_slow_reference_over_ten_years_of_changes(zone: str) -> None:
    """OTRS pull request 787, dbt_zendesk 154: due times an hour off around daylight saving."""
    quarters = np.arange((FIRST - EPOCH) // MINUTE, (LAST - EPOCH) // MINUTE, 15)
    edges = np.array([quarters[0], *changes(zone)])
    steps = np.array([offset(zone, int(edge)) for edge in edges])
    offsets = steps[np.searchsorted(edges, quarters, side="right") - 1]
    around = [(Around(zone, change), change) for change in changes(zone)]
    turn = ZONES.index(zone)
    for name in [list(WEEKS)[turn % 4], list(WEEKS)[(turn + 1 + turn // 4 % 2) % 4]]:
        spec = CalendarSpec(name, 1, zone, WEEKS[name])
        decade = int(is_open(name, quarters, offsets).sum()) * 15 * MINUTE
        assert business_time(spec, FIRST, LAST) == decade
        assert business_time(spec, FIRST, business_due(spec, FIRST, decade)) == decade
        for days, change in around:
            days.check(spec, name, change)


def test_the_zones_are_fifty_and_their_clocks_do_change() -> None:
    assert len(set(ZONES)) == 50
    assert {zone: len(changes(zone)) for zone in CHANGED} == CHANGED
    assert sum(len(changes(zone)) for zone in ZONES) > 500
