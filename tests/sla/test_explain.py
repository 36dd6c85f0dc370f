"""Why it is due then: the stretches, marks and terms that a clock's ledger tells, at any instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sla import ledger
from sla.calendars import CalendarSpec, business_time
from sla.explaining import explain as explaining
from sla.explaining.explain import Alert, Explanation, Line, NotYet, Terms, explain
from sla.explaining.spells import spells
from sla.ledger import NOTHING, Entry, Target

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
THANKSGIVING = date(2026, 11, 26)
OFFICE = CalendarSpec(
    "Office", 3, "UTC", tuple((day, 540, 1020) for day in range(5)), holidays=frozenset({THANKSGIVING})
)
NAMES = {THANKSGIVING: "Thanksgiving"}


def terms(hours: float, basis: str = "business", priority: str = "P2", version: int = 1) -> Terms:
    calendar = OFFICE if basis == "business" else None
    target = Target(hours * HOUR, basis, calendar, (50, 75, 90))
    return Terms(target, priority, "Premium", version, holidays=NAMES if calendar else {})


def told(first: Terms, *steps: tuple, start: datetime = MONDAY) -> list[Line]:
    """Lines as the ledger keeps them: (kind, hours after the start[, new terms])."""
    lines = [Line(1, "started", start, "transition:accept", "agent", "Ada", terms=first)]
    for kind, hours, *new in steps:
        entry = Entry(kind, start + hours * HOUR, new[0].target if new else None)
        for one in ledger.advance([line.entry for line in lines], entry):
            mine = new[0] if new and one.kind == kind else None
            lines.append(
                Line(len(lines) + 1, one.kind, one.at, f"did:{kind}", "agent", "Ada", "Why", mine, one.at_retarget)
            )
    return lines


def look(lines: list[Line], hours: float, alerts: tuple[Alert, ...] = (), start: datetime = MONDAY) -> Explanation:
    return explain(lines, alerts, start + hours * HOUR)


def kinds(found: Explanation, ahead: bool = False) -> list[str]:
    return [one.kind for one in found.stretches if one.ahead == ahead]


def test_a_run_over_a_night_a_holiday_and_a_weekend_names_each():
    found = look(told(terms(32)), 24 * 8)  # four days of work over Thanksgiving
    assert found.reading.due_at == MONDAY + timedelta(days=4, hours=8)  # Friday 17:00
    names = [(one.kind, one.name) for one in found.stretches if one.kind in ("closed", "holiday")]
    assert ("holiday", "Thanksgiving") in names
    thanksgiving = next(one for one in found.stretches if one.kind == "holiday")
    midnight = datetime(2026, 11, 26, tzinfo=UTC)
    assert (thanksgiving.start, thanksgiving.end, thanksgiving.consumed) == (midnight, midnight + 24 * HOUR, NOTHING)
    assert kinds(found)[:3] == ["running", "closed", "running"]
    assert kinds(found)[-3:] == ["closed", "late", "closed"]  # past Friday 17:00 it is late once it opens again


def test_each_stretch_says_what_it_used_and_which_line_began_it():
    lines = told(terms(8, "elapsed"), ("paused", 1), ("resumed", 3), ("met", 5), ("resumed", 6))
    found = look(lines, 7)
    assert [(one.kind, one.consumed, one.line.seq) for one in found.stretches if not one.ahead] == [
        ("running", HOUR, 1),
        ("paused", NOTHING, 2),
        ("running", 2 * HOUR, 3),
        ("stopped", NOTHING, 4),
        ("running", HOUR, 5),
    ]
    assert (found.paused, found.reading.left) == (2 * HOUR, 4 * HOUR)
    assert [(one.kind, one.end) for one in found.stretches if one.ahead] == [("running", found.reading.due_at)]


def test_the_state_is_as_known_then():
    lines = told(terms(8, "elapsed"), ("paused", 1), ("resumed", 3), ("met", 5))
    alerts = (Alert(50, MONDAY + 4 * HOUR, MONDAY + 4.5 * HOUR),)
    before = look(lines, 0.5, alerts)
    assert (before.reading.state, before.reading.due_at, len(before.lines)) == ("running", MONDAY + 8 * HOUR, 1)
    assert (before.before, before.after) == (MONDAY, MONDAY + HOUR)
    paused = look(lines, 2, alerts)
    assert (paused.reading.state, paused.reading.due_at) == ("paused", None)
    assert paused.due_if_resumed == MONDAY + 9 * HOUR
    states = {
        hours: [mark.state for mark in look(lines, hours, alerts).marks if mark.share] for hours in (2, 4.2, 4.6, 6)
    }
    assert states[2] == ["unknown", "unknown", "unknown"]
    assert states[4.2] == ["coming"] * 3  # half of 8 h is used at 6
    assert sorted(states[4.6]) == ["coming", "coming", "sent"]
    assert sorted(states[6]) == ["dropped", "dropped", "sent"]


def test_a_breach_is_told_before_anybody_wrote_it_down():
    found = look(told(terms(2, "elapsed")), 3)
    assert [(one.kind, one.consumed) for one in found.stretches] == [("running", 2 * HOUR), ("late", HOUR)]
    breach = found.lines[-1]
    assert (breach.seq, breach.kind, breach.at) == (0, "breached", MONDAY + 2 * HOUR)
    assert [mark.state for mark in found.marks if mark.share] == ["overdue"] * 3


def test_a_retarget_keeps_what_the_earlier_target_would_have_been():
    lines = told(
        terms(8, "elapsed", "P1"), ("paused", 1), ("resumed", 2), ("retargeted", 4, terms(4, "elapsed", "P0", 2))
    )
    found = look(lines, 4.5)
    first, second = found.parts
    assert (first.terms.priority, first.due_at, first.end) == ("P1", MONDAY + 9 * HOUR, MONDAY + 4 * HOUR)
    assert (second.terms.policy_version, second.due_at, second.end) == (2, MONDAY + 5 * HOUR, None)
    assert first.would_be_due == MONDAY + 9 * HOUR
    assert [one.line.kind for one in found.stretches if not one.ahead] == ["started", "paused", "resumed", "retargeted"]
    passed = [(mark.share, mark.state) for mark in found.marks if mark.share]
    assert passed == [(50, "passed_over"), (75, "passed_over"), (90, "coming")]


def test_what_was_met_in_time_still_says_when_it_would_have_been_due():
    found = look(told(terms(8), ("met", 6)), 400)
    assert found.reading.due_at == MONDAY + 8 * HOUR
    assert [(one.kind, one.consumed) for one in found.stretches if one.ahead] == [("running", 2 * HOUR)]
    assert found.until == MONDAY + 8 * HOUR


def test_before_the_start_there_is_nothing_to_tell():
    with pytest.raises(NotYet):
        look(told(terms(8)), -1)


def test_many_nights_are_one_stretch_and_lose_nothing():
    ten_years = MONDAY + timedelta(days=3650)
    found = spells(OFFICE, NAMES, MONDAY, ten_years)
    assert len(found) < 300
    assert sum((spell.open_time for spell in found), NOTHING) == business_time(OFFICE, MONDAY, ten_years)
    folded = next(spell for spell in found if spell.kind == "folded")
    assert folded.closures > 2000
    assert all(a.end == b.start for a, b in pairwise(found))
    long = look(told(terms(8 * 1000)), 24 * 3650)
    assert len(long.stretches) <= explaining.MOST_PAST + explaining.MOST_AHEAD + 2
    assert sum((one.consumed for one in long.stretches), NOTHING) == long.reading.consumed


def test_a_ledger_of_a_thousand_pauses_is_told_in_bounds():
    steps = [(kind, n + part) for n in range(500) for kind, part in (("paused", 0.25), ("resumed", 0.5))]
    found = look(told(terms(10_000, "elapsed"), *steps[:800]), 600)
    assert len(found.stretches) <= explaining.MOST_PAST + 2
    assert sum((one.consumed for one in found.stretches if not one.ahead), NOTHING) == found.reading.consumed


CHOICES = [terms(4, "elapsed"), terms(8), terms(40, priority="P3"), terms(0.25, "elapsed", "P0"), terms(16, version=2)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["paused", "resumed", "met", "retargeted", "cancelled"]),
        st.integers(0, 40 * 3600),
        st.sampled_from(CHOICES),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from(CHOICES), st.integers(0, 200 * 3600))
def test_any_story_is_told_without_gap_and_adds_up(steps, first, later):
    now, told_steps = 0.0, []
    for kind, seconds, new in steps:
        now += seconds / 3600
        told_steps.append((kind, now, new) if kind == "retargeted" else (kind, now))
    found = look(told(first, *told_steps), later / 3600)
    said = found.reading
    past = [one for one in found.stretches if not one.ahead]
    ahead = [one for one in found.stretches if one.ahead]
    assert sum((one.consumed for one in past), NOTHING) == said.consumed
    assert said.consumed + said.left == said.target
    assert all(a.end == b.start for a, b in pairwise(found.stretches))
    assert all(one.start < one.end for one in found.stretches)
    if ahead:
        assert ahead[-1].end == said.due_at
        assert sum((one.consumed for one in ahead), NOTHING) == said.left
    assert found.parts[-1].due_at == said.due_at == found.parts[-1].would_be_due
    assert {mark.share for mark in found.marks if mark.share} == set(found.terms.target.shares)
