"""A story told again under other targets: the same deeds, other promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars import CalendarSpec
from sla.ledger import Entry, Target, advance, fold, reading, settle
from sla.replays.replay import Line, actual, as_promised, replay

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFICE = CalendarSpec("Office", 1, "Europe/Berlin", tuple((day, 540, 1020) for day in range(5)))
NIGHTS = CalendarSpec("Nights", 1, "UTC", tuple((day, 1320, 1800) for day in range(7)))
FOUR_HOURS = Target(4 * HOUR)
TARGETS = (
    *(FOUR_HOURS, Target(HOUR), Target(30 * HOUR)),
    *(Target(8 * HOUR, "business", OFFICE), Target(3 * HOUR, "business", NIGHTS)),
)


def lived(*steps: tuple, target: Target = FOUR_HOURS, until: float | None = None) -> list[Line]:
    """A ledger as the verbs write it, breaches included: `("paused", 1.5)` is 1.5 hours after the start; a third item
    is a retarget's new target, a fourth its priority. `until`: when the sweep looked last."""
    entries, priorities = [Entry("started", MONDAY, target)], ["P1"]
    for kind, hours, *new in steps:
        added = advance(entries, Entry(kind, MONDAY + hours * HOUR, new[0] if new else None))
        entries += added
        priorities += [new[1] if len(new) > 1 else priorities[-1]] * len(added)
    if until is not None and (breach := settle(fold(entries), MONDAY + until * HOUR)):
        entries.append(breach)
        priorities.append(priorities[-1])
    return [
        Line(one.kind, one.at, one.target, one.at_retarget, priority)
        for one, priority in zip(entries, priorities, strict=True)
    ]


def under(target: Target | None, **by_priority: Target | None):
    return lambda line: by_priority.get(line.priority, target)


def tried(lines: list[Line], target_for, hours: float = 1000):
    return replay(lines, target_for, MONDAY + hours * HOUR)


# ── What changes sides ───────────────────────────────────────────────────────
def test_a_shorter_target_breaches_at_its_own_due_instant():
    lines = lived(("met", 3))
    assert actual(lines, MONDAY + 9 * HOUR).result == "kept"
    would = tried(lines, under(Target(2 * HOUR)))
    assert (would.result, would.breached_at, would.late_by) == ("breached", MONDAY + 2 * HOUR, HOUR)
    assert would.due_at() == MONDAY + 2 * HOUR


def test_a_longer_target_drops_the_breach_that_was_written():
    lines = lived(("met", 6))
    assert [line.kind for line in lines] == ["started", "breached", "met"]
    assert (actual(lines, MONDAY + 9 * HOUR).result, actual(lines, MONDAY + 9 * HOUR).late_by) == ("breached", 2 * HOUR)
    assert (tried(lines, under(Target(7 * HOUR))).result, tried(lines, under(Target(6 * HOUR))).result) == (
        "kept",
        "breached",  # met exactly at the due instant
    )


def test_pauses_stay_as_they_were():
    lines = lived(("paused", 1), ("resumed", 30), ("met", 31))
    would = tried(lines, under(Target(90 * HOUR / 60)))
    assert (would.result, would.breached_at, would.late_by) == ("breached", MONDAY + 30.5 * HOUR, HOUR / 2)
    assert tried(lines, under(Target(3 * HOUR))).result == "kept"


def test_another_calendar_counts_the_same_runs_otherwise():
    lines = lived(("met", 25), target=Target(8 * HOUR, "business", OFFICE))
    assert actual(lines, MONDAY + 99 * HOUR).result == "breached"
    always = CalendarSpec("Always", 1, "UTC", tuple((day, 0, 1440) for day in range(7)))
    assert tried(lines, under(Target(26 * HOUR, "business", always))).result == "kept"


def test_a_change_of_priority_is_promised_anew_by_the_alternative():
    lines = lived(("retargeted", 1, Target(2 * HOUR), "P0"), ("met", 1.8))
    alternative = under(None, P1=Target(10 * HOUR), P0=Target(1.5 * HOUR))
    assert actual(lines, MONDAY + 9 * HOUR).result == "kept"
    assert tried(lines, alternative).breached_at == MONDAY + 1.5 * HOUR


def test_a_retarget_that_the_alternative_puts_in_the_past_breaches_there():
    lines = lived(("retargeted", 3, Target(9 * HOUR), "P0"), ("met", 5))
    would = tried(lines, under(None, P1=FOUR_HOURS, P0=Target(2 * HOUR)))
    assert (would.breached_at, would.entries[-2].at_retarget) == (MONDAY + 3 * HOUR, True)
    assert would.late_by == 2 * HOUR


def test_what_is_still_open_is_told_as_of_the_instant_asked_for():
    lines = lived(("paused", 1))
    assert (tried(lines, under(Target(2 * HOUR))).result, tried(lines, under(Target(HOUR))).result) == (
        "open",
        "breached",
    )
    running = lived()
    assert [tried(running, under(Target(2 * HOUR)), hours).result for hours in (1.99, 2)] == ["open", "breached"]
    assert tried(running, under(Target(2 * HOUR)), 5).late_by == 3 * HOUR


def test_lines_after_the_instant_asked_for_do_not_count():
    lines = lived(("met", 3))
    assert (tried(lines, as_promised, 2).result, actual(lines, MONDAY + 2 * HOUR).result) == ("open", "open")


# ── Promises that one side has not ───────────────────────────────────────────
def test_no_target_at_the_start_is_no_promise():
    would = tried(lived(("met", 3)), under(None, P0=FOUR_HOURS))
    assert (would.result, would.entries, would.due_at()) == ("none", [], None)


def test_no_target_at_a_retarget_cancels_and_what_came_later_is_not_told():
    lines = lived(("retargeted", 1, Target(9 * HOUR), "P3"), ("met", 5))
    would = tried(lines, under(FOUR_HOURS, P3=None))
    assert (would.result, [entry.kind for entry in would.entries]) == ("cancelled", ["started", "cancelled"])
    assert tried(lived(("retargeted", 3, Target(9 * HOUR), "P3")), under(Target(HOUR), P3=None)).result == "breached"


def test_a_clock_cancelled_for_lack_of_a_target_lives_on_untold():
    *lines, last = lived(("cancelled", 3))
    lines.append(replace(last, priority="P3", lacking=True))
    assert tried(lines, as_promised).result == actual(lines, MONDAY + 9 * HOUR).result == "cancelled"
    assert tried(lines, under(FOUR_HOURS)).result == "unknown"
    assert tried(lines, under(Target(2 * HOUR))).late_by == HOUR  # as far as is known
    assert tried(lines, under(FOUR_HOURS, P3=None)).result == "cancelled"


def test_a_clock_called_off_is_called_off_under_every_policy():
    lines = lived(("cancelled", 3))
    assert (tried(lines, under(FOUR_HOURS)).result, tried(lines, under(Target(HOUR))).result) == (
        "cancelled",
        "breached",
    )


# ── The same policy tells the same story ─────────────────────────────────────
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["paused", "resumed", "met", "retargeted", "retargeted", "cancelled"]),
        st.floats(0, 60),
        st.sampled_from(TARGETS),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(TARGETS), st.floats(0, 80), st.booleans())
def test_a_replay_under_what_was_promised_is_what_happened(steps, target, until, swept):
    told = [
        (kind, at, new) if kind == "retargeted" else (kind, at) for kind, at, new in sorted(steps, key=lambda s: s[1])
    ]
    lines = lived(*told, target=target, until=until if swept else None)
    by = MONDAY + until * HOUR
    was, again = actual(lines, by), replay(lines, as_promised, by)
    assert (was.result, was.breached_at, was.late_by) == (again.result, again.breached_at, again.late_by)
    assert [(one.kind, one.at) for one in was.entries] == [(one.kind, one.at) for one in again.entries]
    entries = [Entry(one.kind, one.at, one.target) for one in lines if one.at <= by]
    said = reading(fold(entries), by)
    assert (again.result == "breached", again.breached_at) == (said.breached, said.breached_at)
    assert again.late_by == (said.late_by or 0 * HOUR)
    assert (again.consumed(by), again.due_at()) == (said.consumed, said.due_at)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(TARGETS), st.sampled_from(TARGETS))
def test_a_replay_writes_the_ledger_that_the_verbs_would_have_written(steps, target, other):
    """The lines of a replay are those of the same deeds under the other promise, one `advance` after the other."""
    deeds = sorted((step for step in steps if step[0] != "retargeted"), key=lambda step: step[1])
    there = lived(*((kind, at) for kind, at, _ in deeds), target=other)
    # What the verbs do depends on the state alone, never on the target: the same deeds take effect in both.
    here = lived(*((kind, at) for kind, at, _ in deeds), target=target)
    would = replay(here, lambda line: other, there[-1].at)
    told = [(one.kind, one.at) for one in there]
    if breach := settle(fold([Entry(*one) for one in [("started", MONDAY, other), *told[1:]]]), there[-1].at):
        told.append((breach.kind, breach.at))
    assert [(one.kind, one.at) for one in would.entries] == told


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_a_round_of_a_repeated_promise_is_replayed_from_its_own_update(share):
    lines = lived(("met", 4 * share))
    assert tried(lines, as_promised).result == ("kept" if share < 1 else "breached")
