"""Scenarios told in a line: read, written back, and judged by the same fold as the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars import CalendarSpec, business_due
from sla.documents import PolicyDocument, read_policy
from sla.fields import DocumentError
from sla.hours import parse_week
from sla.scenarios.documents import read_moment, read_scenario, sentence, write_scenario
from sla.scenarios.rehearsal import failures, play

HOUR = timedelta(hours=1)
FRIDAY = {
    "name": "Friday afternoon",
    "policy": "premium",
    "priority": "P2",
    "metric": "resolution",
    "opened": "Fri 16:30",
    "pauses": [{"from": "Fri 17:00", "for": "2 h"}],
    "expect": {"due": "Mon 16:30"},
}


def office(zone: str = "Europe/Berlin", week: str = "Mon-Fri 09:00-17:00", **more: Any) -> CalendarSpec:
    return CalendarSpec("Office", 1, zone, tuple(parse_week(week)), **more)


def premium(**amounts: str) -> PolicyDocument:
    """Resolution 2 h at P0, 6 h at P1, a business day at P2; next update 4 h and first response 1 h at P0."""
    told = {"P0": "2 h", "P1": "6 h", "P2": "1 business day"} | amounts
    targets = [{"priority": p, "metric": "resolution", "amount": amount} for p, amount in told.items()]
    targets += [{"priority": "P0", "metric": metric, "amount": "1 h"} for metric in ("next_update", "first_response")]
    return read_policy(
        {"key": "premium", "name": "Premium", "tier": "premium", "calendar": "office", "targets": targets}
    )


def judged(calendar: CalendarSpec | None = None, policy: PolicyDocument | None = None, **more: Any) -> list[Any]:
    return failures([(policy or premium(), calendar or office())], [read_scenario({**FRIDAY, **more})])


def test_the_example_of_the_friday_afternoon_holds():
    assert judged() == []
    assert sentence(read_scenario(FRIDAY)) == (
        "Opened Fri 16:30, P2 resolution, premium, paused Fri 17:00 for 2 h → due Mon 16:30"
    )


def test_a_pause_within_the_opening_hours_moves_the_due_instant_and_the_failure_says_why():
    (failure,) = judged(pauses=[{"from": "Mon 10:00", "to": "Mon 12:00"}])
    assert failure.expected == "due Mon 19 Jan 2026 16:30"
    assert failure.got == "due Tue 20 Jan 2026 10:30"
    assert "1 business day for P2, counted in Office (Europe/Berlin)" in failure.why
    assert "The pauses stop the clock for 2 h" in failure.why
    assert "it has 2 h left" in failure.why


@pytest.mark.parametrize(
    ("more", "expect"),
    [
        ({"met": "Mon 10:00"}, {"breached_at": "never"}),
        ({"met": "Tue 10:00"}, {"breached_at": "Mon 16:30", "due": "Mon 16:30"}),
        ({"met": "Mon 16:30"}, {"breached_at": "Mon 16:30"}),  # met exactly at the due instant is breached
        ({}, {"left": {"at": "Fri 18:00", "is": "7 h 30 min"}}),
        ({}, {"left": {"at": "Tue 10:00", "is": "-1 h 30 min"}}),
        ({}, {"left": {"at": "Mon 16:30", "is": "0 h"}}),
        ({"priority": "P1", "pauses": []}, {"due": "Fri 22:30"}),  # elapsed: day and night
        ({"priority": "P1", "pauses": [], "priority_changes": [{"at": "Fri 17:00", "to": "P2"}]}, {"due": "Mon 16:30"}),
        ({"priority_changes": [{"at": "Mon 12:00", "to": "P0"}]}, {"breached_at": "Mon 12:00", "due": "Fri 20:30"}),
        ({"pauses": [], "metric": "first_response", "priority": "P0"}, {"due": "Fri 17:30"}),
        ({"zone": "UTC"}, {"due": "Mon 16:00"}),  # Fri 17:30 in Berlin: the day begins on Monday
        ({"opened": "2026-03-27 16:30", "pauses": []}, {"due": "2026-03-30 16:30"}),  # over the change of the clocks
        ({"pauses": [], "week_of": "2026-12-21", "opened": "Thu 16:30"}, {"due": "Mon 16:30 +1w"}),  # closed in between
    ],
)
def test_what_may_be_told_and_asked(more, expect):
    closed = frozenset({date(2026, 12, 25), *(date(2026, 12, 28) + timedelta(days=n) for n in range(5))})
    assert judged(office(holidays=closed), **more, expect=expect) == []


def test_a_pause_that_the_old_target_did_not_outlive_breaches_before_it():
    assert (
        judged(priority="P0", pauses=[{"from": "Fri 19:00", "for": "1 h"}], expect={"breached_at": "Fri 18:30"}) == []
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"priority": "P3"}, "promises no resolution for P3"),
        ({"opened": "2026-03-29 02:30", "pauses": []}, "skip 2026-03-29 02:30"),
        ({"week_of": "9999-12-20", "pauses": []}, "years"),
    ],
)
def test_what_cannot_be_played_fails_and_says_why(more, why):
    (failure,) = judged(**more)
    assert failure.got == "none" and why in failure.why


def test_a_scenario_of_no_policy_fails():
    (failure,) = failures([], [read_scenario(FRIDAY)])
    assert "no policy “premium”" in failure.got


@pytest.mark.parametrize(
    ("more", "path", "message"),
    [
        ({"opened": "Someday 16:30"}, "opened", "is no instant here"),
        ({"opened": "Fri 25:00"}, "opened", "is no instant here"),
        ({"opened": "2026-01-16"}, "opened", "is no instant here"),
        ({"opened": "2026-01-16T16:30+01:00"}, "opened", "is no instant here"),
        ({"opened": None}, "opened", "missing"),
        ({"zone": "Berlin"}, "zone", "IANA"),
        ({"priority": "P9"}, "priority", "one of P0"),
        ({"metric": "first_response"}, "pauses", "does not pause"),
        ({"pauses": [{"from": "Fri 17:00"}]}, "pauses.0.to", "either until when"),
        ({"pauses": [{"from": "Fri 17:00", "for": "1 business day"}]}, "pauses.0.for", "on the wall"),
        ({"pauses": [{"from": "2026-01-15 10:00", "for": "1 h"}]}, "pauses.0.from", "before the case is opened"),
        (
            {"pauses": [{"from": "Fri 17:00", "for": "48 h"}, {"from": "2026-01-17 10:00", "for": "1 h"}]},
            "pauses.1.from",
            "before the one before has ended",
        ),
        ({"priority_changes": [{"at": "2026-01-01 10:00", "to": "P1"}]}, "priority_changes.0.at", "before the opening"),
        ({"expect": {"due": "2026-01-16 16:30"}}, "expect.due", "before the opening"),
        ({"expect": {}}, "expect", "what must come out"),
        ({"expect": None}, "expect", "what must come out"),
        ({"expect": {"left": {"at": "Mon 10:00", "is": "1 business day"}}}, "expect.left.is", "duration"),
        ({"expect": {"left": {"at": "Mon 10:00"}}}, "expect.left.is", "missing"),
        ({"week_of": "9999-12-31", "opened": "Mon 10:00 +99w"}, "week_of", "years"),
        ({"hurry": "yes"}, "hurry", "no such field"),
    ],
)
def test_a_fault_is_named_with_its_place(more, path, message):
    with pytest.raises(DocumentError) as refused:
        read_scenario({**FRIDAY, **more})
    assert [(one.path, message in one.message) for one in refused.value.problems] == [(path, True)]


MOMENTS = st.builds(
    "{} {:02d}:{:02d}".format, st.sampled_from(["Mon", "Wed", "Sun"]), st.integers(0, 23), st.integers(0, 59)
)


@given(MOMENTS, st.lists(st.tuples(MOMENTS, st.integers(1, 5000)), max_size=3), MOMENTS, st.integers(-600, 600))
@settings(max_examples=40, deadline=None)
def test_what_is_written_reads_back(opened, pauses, due, left):
    minutes = f"{'-' if left < 0 else ''}{abs(left)} min"
    told = read_scenario(
        {
            **FRIDAY,
            "opened": opened,
            "zone": "Asia/Tokyo",
            "week_of": date(2026, 5, 4),
            "met": due,
            "pauses": [{"from": at, "for": f"{length} min"} for at, length in pauses],
            "expect": {"due": due, "breached_at": "never", "left": {"at": due, "is": minutes}},
        }
    )
    assert read_scenario(write_scenario(told)) == told


@given(MOMENTS, st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_without_pauses_it_is_due_when_the_business_time_is_used_up(opened, hours):
    calendar = office("UTC")
    policy = read_policy(
        {
            "key": "premium",
            "name": "P",
            "calendar": "office",
            "targets": [{"priority": "P2", "metric": "resolution", "amount": f"{hours} h", "basis": "business"}],
        }
    )
    told = read_scenario({**FRIDAY, "opened": opened, "pauses": []})
    start = told.opened.wall(told.week_of).replace(tzinfo=UTC)
    outcome = play(told, policy, calendar)
    assert outcome.due_at == outcome.breached_at == business_due(calendar, start, hours * HOUR)
    assert outcome.left(outcome.due_at) == timedelta(0)


def test_a_weekday_is_the_first_at_or_after_what_was_before():
    friday = datetime(2026, 1, 16, 16, 30)
    assert read_moment("fri 16:30").wall(date(2026, 1, 14)) == friday
    assert read_moment("Fri 16:30").wall(date(2026, 1, 12), friday) == friday
    assert read_moment("Fri 16:30").wall(date(2026, 1, 12), friday, later=True) == friday + timedelta(days=7)
    assert read_moment("Thu 16:30 +1w").wall(date(2026, 1, 12), friday) == datetime(2026, 1, 29, 16, 30)
