"""What differs between two documents, as the pages list it."""

import pytest

from sla.drafts.changes import Change, changes

PLAIN = "Mon 09:00-17:00\nTue 09:00-17:00\nWed 09:00-17:00\nThu 09:00-17:00\nFri 09:00-17:00"


@pytest.mark.parametrize(
    ("week", "told"),
    [
        ("Mon-Fri 09:00-17:00", []),
        ("Monday–Friday 9:00 – 17:00", []),
        ("Mon-Thu 09:00-17:00\nFri 09:00-15:00", [("Fri", "09:00-17:00", "09:00-15:00")]),
        ("Mon-Sat 09:00-17:00", [("Sat", "", "09:00-17:00")]),
        (
            "Mon-Tue 08:00-17:00\nThu-Fri 08:00-17:00\nWed 09:00-17:00",
            [("Mon-Tue", "09:00-17:00", "08:00-17:00"), ("Thu-Fri", "09:00-17:00", "08:00-17:00")],
        ),
        (
            "Mon-Thu 09:00-17:00\nFri 13:30-17:00\nFri 09:00-12:30",
            [("Fri", "09:00-17:00", "09:00-12:30 13:30-17:00")],
        ),
        ("Mon-Thu 09:00-17:00\nFri late", [("Fri", "09:00-17:00", "late")]),
        (
            "Mon-Thu 09:00-17:00\nFri-Sun late",
            [("Fri", "09:00-17:00", ""), ("Fri-Sun", "", "late")],
        ),
    ],
)
def test_of_a_week_only_the_days_that_differ_are_told(week, told):
    expected = [Change(f"Open on {days}", before, after) for days, before, after in told]
    assert changes({"week": PLAIN}, {"week": week}) == expected


def test_a_new_week_is_told_with_its_days_folded():
    assert changes({}, {"week": PLAIN}) == [Change("Open on Mon-Fri", "", "09:00-17:00")]
