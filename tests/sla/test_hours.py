"""A week as people write it, read and written back."""

import pytest

from sla.calendars import CalendarError
from sla.hours import parse_week, write_week


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("Mon 09:00-17:00", [(0, 540, 1020)]),
        ("Mon-Wed 9:00–12:30 13:30–17:00", [(d, *h) for d in range(3) for h in ((540, 750), (810, 1020))]),
        ("Fri 22:00-06:00", [(4, 1320, 1800)]),
        ("Sat-Sun 00:00-24:00", [(5, 0, 1440), (6, 0, 1440)]),
        ("Sun-Mon 10:00-11:00", [(0, 600, 660), (6, 600, 660)]),
        ("monday 08:00-09:00, 10:00-11:00\n\n", [(0, 480, 540), (0, 600, 660)]),
    ],
)
def test_a_week_is_read_and_written_back(text, week):
    assert parse_week(text) == week
    assert parse_week(write_week(week)) == week


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Someday 09:00-17:00", "begins with no day"),
        ("Mon", "cannot be read"),
        ("Mon nine to five", "cannot be read"),
        ("Mon 09:00-17:00 or so", "cannot be read"),
        ("Mon 25:00-26:00", "no clock shows"),
        ("Mon 09:60-10:00", "no clock shows"),
        ("Mon 09:00-24:30", "no clock shows"),
    ],
)
def test_what_cannot_be_read_is_quoted(text, message):
    with pytest.raises(CalendarError, match=message):
        parse_week(text)
