"""The ledger's rules: what a clock says after any story, whenever anybody looked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars import CalendarSpec
from sla.ledger import Entry, Reading, Target, advance, fold, owed, reading, settle

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFICE = CalendarSpec("Office", 1, "UTC", tuple((day, 540, 1020) for day in range(5)))
FOUR_HOURS = Target(4 * HOUR, shares=(50, 75, 90))
ONE_DAY = Target(8 * HOUR, "business", OFFICE, (50, 75, 90))


def story(*steps, target: Target = FOUR_HOURS, start: datetime = MONDAY) -> list[Entry]:
    """A ledger: `("paused", 1.5)` is 1.5 hours after the start; a third item is a new target."""
    entries = [Entry("started", start, target)]
    for kind, hours, *new in steps:
        entries += advance(entries, Entry(kind, start + hours * HOUR, new[0] if new else None))
    return entries


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.kind for entry in entries]


def look(entries: list[Entry], hours: float, start: datetime = MONDAY) -> Reading:
    return reading(fold(entries), start + hours * HOUR)


# ── Due, met, breached ───────────────────────────────────────────────────────
def test_met_exactly_at_the_due_instant_is_breached_and_a_microsecond_before_is_met():
    late = [Entry("started", MONDAY, FOUR_HOURS)]
    late += advance(late, Entry("met", MONDAY + 4 * HOUR))
    assert kinds(late) == ["started", "breached", "met"]
    intime = [Entry("started", MONDAY, FOUR_HOURS)]
    intime += advance(intime, Entry("met", MONDAY + 4 * HOUR - MICROSECOND))
    assert kinds(intime) == ["started", "met"]
    assert look(intime, 100).left == MICROSECOND
    assert not look(intime, 100).breached


def test_a_breach_is_a_fact_before_anybody_writes_it_down():
    running = story()
    assert not reading(fold(running), MONDAY + 4 * HOUR - MICROSECOND).breached
    said = look(running, 4)
    assert (said.breached, said.breached_at, said.late_by, said.left) == (True, MONDAY + 4 * HOUR, 0 * HOUR, 0 * HOUR)


def test_breached_then_met_keeps_both_instants_and_lateness_stops():
    """chatwoot 15024: the miss went on growing after the answer."""
    entries = story(("met", 6))
    for hours in (6, 7, 1000):
        said = look(entries, hours)
        assert (said.state, said.breached, said.late_by) == ("met", True, 2 * HOUR)
        assert (said.breached_at, said.met_at) == (MONDAY + 4 * HOUR, MONDAY + 6 * HOUR)


def test_a_business_clock_is_late_in_business_time():
    """A night after the breach makes it late by the wall, and by nothing in its own time."""
    entries = story(target=ONE_DAY, start=MONDAY)  # due at 17:00, when it closes
    night, morning = look(entries, 17), look(entries, 24.5)
    assert (night.late_by, night.late) == (9 * HOUR, 0 * HOUR)
    assert (morning.late_by, morning.late) == (16.5 * HOUR, 0.5 * HOUR)


@pytest.mark.parametrize("basis", ["elapsed", "business"])
def test_a_clock_made_late_by_a_new_target_is_late_since_then(basis):
    """What it had used before was in time."""
    short = Target(HOUR, basis, OFFICE if basis == "business" else None)
    said = look(story(("retargeted", 3, short), target=ONE_DAY), 3.25)
    assert (said.breached, said.left) == (True, -2.25 * HOUR)
    assert said.late == said.late_by == 0.25 * HOUR


def test_lateness_does_not_grow_while_paused():
    entries = story(("paused", 6), ("resumed", 10))
    assert look(entries[:3], 9).late_by == 2 * HOUR
    assert look(entries, 11).late_by == 3 * HOUR


def test_a_business_clock_due_at_closing_is_breached_there_and_not_at_the_next_opening():
    friday = MONDAY + timedelta(days=4)
    entries = story(target=ONE_DAY, start=friday)
    assert look(entries, 8, friday).breached
    assert look(entries, 8, friday).breached_at == friday + 8 * HOUR
    assert look(entries, 40, friday).left == 0 * HOUR


# ── Pauses ───────────────────────────────────────────────────────────────────
def test_a_resumed_clock_has_what_was_left():
    entries = story(("paused", 1), ("resumed", 30))
    assert look(entries, 30).left == 3 * HOUR
    assert look(entries, 30).due_at == MONDAY + 33 * HOUR


def test_a_paused_clock_stands_still_and_has_no_due_instant():
    """zammad 3140: escalated while it was the customer's turn."""
    entries = story(("paused", 1))
    for hours in (1, 5, 500):
        said = look(entries, hours)
        assert (said.state, said.left, said.due_at, said.breached) == ("paused", 3 * HOUR, None, False)
        assert said.paused_since == MONDAY + HOUR
    assert fold(entries).next_alert_at is None


def test_business_time_consumed_is_open_time_minus_pauses():
    """frappe/helpdesk 2449: the hold was added as wall time."""
    entries = story(("paused", 7), ("resumed", 25), target=ONE_DAY)  # paused Monday 16:00 to Tuesday 10:00
    assert look(entries, 25).left == HOUR
    assert look(entries, 25).due_at == MONDAY + 26 * HOUR  # Tuesday 11:00; wall time would say Wednesday


def test_pause_and_resume_twice_is_once():
    entries = story(("paused", 1), ("paused", 2), ("resumed", 3), ("resumed", 3.5), ("met", 4), ("met", 5))
    assert kinds(entries) == ["started", "paused", "resumed", "met"]


def test_a_pause_and_an_end_in_one_instant_lose_nothing():
    """frappe/helpdesk 3776: pause and resolve in one save lost the hold."""
    entries = story(("paused", 1), ("met", 3))
    assert look(entries, 9).consumed == HOUR
    assert (look(entries, 9).state, look(entries, 9).breached) == ("met", False)


def test_not_fixed_resumes_the_same_clock_without_the_time_spent_resolved():
    entries = story(("met", 1), ("resumed", 100))
    said = look(entries, 101)
    assert (said.state, said.met_at, said.consumed, said.left) == ("running", None, 2 * HOUR, 2 * HOUR)


def test_a_cancelled_clock_has_ended_for_good():
    entries = story(("cancelled", 1), ("resumed", 2), ("met", 3), ("paused", 4))
    assert kinds(entries) == ["started", "cancelled"]
    assert not look(entries, 100).breached


# ── Retargets ────────────────────────────────────────────────────────────────
def test_a_retarget_keeps_start_and_pauses():
    """glpi 6902 and 15605: a change of priority forgot earlier pauses."""
    entries = story(("paused", 1), ("resumed", 6), ("retargeted", 7, Target(8 * HOUR)))
    said = look(entries, 7)
    assert (said.started_at, said.consumed, said.left) == (MONDAY, 2 * HOUR, 6 * HOUR)
    assert said.due_at == MONDAY + 13 * HOUR


def test_a_retarget_to_business_time_counts_all_runs_in_it():
    entries = story(("paused", 1), ("resumed", 9), ("retargeted", 10, ONE_DAY))
    assert look(entries, 10).consumed == HOUR  # 17:00 to 19:00 was closed
    assert look(entries, 10).due_at == MONDAY + 31 * HOUR  # Tuesday 16:00


def test_a_retarget_into_the_past_breaches_at_the_retarget_and_is_marked():
    entries = story(("retargeted", 3, Target(2 * HOUR)))
    assert kinds(entries) == ["started", "retargeted", "breached"]
    assert entries[-1] == Entry("breached", MONDAY + 3 * HOUR, at_retarget=True)
    said = look(entries, 5)
    assert (said.due_at, said.breached_at, said.late_by) == (MONDAY + 2 * HOUR, MONDAY + 3 * HOUR, 2 * HOUR)


def test_a_retarget_into_the_past_breaches_a_paused_clock_too():
    entries = story(("paused", 3), ("retargeted", 20, Target(2 * HOUR)))
    assert kinds(entries) == ["started", "paused", "retargeted", "breached"]
    assert look(entries, 21).late_by == 0 * HOUR


def test_a_breach_stands_after_a_later_retarget():
    entries = story(("retargeted", 5, Target(24 * HOUR)))
    assert kinds(entries) == ["started", "breached", "retargeted"]
    said = look(entries, 6)
    assert (said.breached, said.breached_at, said.left) == (True, MONDAY + 4 * HOUR, 18 * HOUR)
    assert fold(entries).next_alert_at is None


def test_an_ended_clock_is_not_retargeted():
    assert kinds(story(("met", 1), ("retargeted", 2, Target(HOUR)))) == ["started", "met"]


# ── Alerts ───────────────────────────────────────────────────────────────────
def test_alerts_come_at_the_shares_and_then_at_the_breach():
    late = owed(story(), frozenset(), MONDAY + 100 * HOUR)
    assert late.shares == ((50, MONDAY + 2 * HOUR), (75, MONDAY + 3 * HOUR), (90, MONDAY + 3.6 * HOUR))
    assert late.breach == Entry("breached", MONDAY + 4 * HOUR)
    assert (late.after.breached_at, late.after.next_alert_at) == (MONDAY + 4 * HOUR, None)
    in_time = owed(story(), frozenset({50}), MONDAY + 3 * HOUR)
    assert (in_time.shares, in_time.breach) == (((75, MONDAY + 3 * HOUR),), None)
    assert in_time.after.next_alert_at == MONDAY + 3.6 * HOUR


def test_after_a_retarget_only_the_shares_not_yet_passed():
    entries = story(("retargeted", 2.5, Target(3 * HOUR, shares=(50, 75, 90))))
    assert owed(entries, frozenset(), MONDAY + 100 * HOUR).shares == ((90, MONDAY + 2.7 * HOUR),)
    longer = story(("retargeted", 2.5, Target(10 * HOUR, shares=(50, 75, 90))))
    later = owed(longer, frozenset({50}), MONDAY + 100 * HOUR).shares
    assert later == ((75, MONDAY + 7.5 * HOUR), (90, MONDAY + 9 * HOUR))


@pytest.mark.parametrize("end", ["paused", "met", "cancelled"])
def test_no_alert_for_a_clock_that_no_longer_runs(end):
    """zammad 4432 and 2157: alerts for closed tickets."""
    entries = story((end, 2.5))
    assert fold(entries).next_alert_at is None
    assert owed(entries, frozenset(), MONDAY + 100 * HOUR).shares == ()


def test_a_missed_warning_goes_out_late_once_the_clock_runs_again():
    entries = story(("paused", 2.5), ("resumed", 50))
    assert owed(entries, frozenset(), MONDAY + 50 * HOUR).shares == ((50, MONDAY + 2 * HOUR),)


# ── Any story ────────────────────────────────────────────────────────────────
TARGETS = [
    FOUR_HOURS,
    ONE_DAY,
    Target(HOUR, shares=(50,)),
    Target(40 * HOUR, "business", OFFICE, (10, 90)),
    Target(timedelta(minutes=15)),
]
VERBS = ["paused", "resumed", "met", "retargeted", "cancelled"]
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 30 * 3_600_000_000), st.sampled_from(TARGETS)), max_size=12
)


def told(steps, first: Target, sweeps: bool) -> list[Entry]:
    """The ledger after the steps, `sweeps` or not before each of them."""
    entries, now = [Entry("started", MONDAY, first)], MONDAY
    for kind, micros, target in steps:
        now += timedelta(microseconds=micros)
        for _ in range(2 if sweeps else 0):  # a doubled sweep is one sweep
            if breach := settle(fold(entries), now):
                entries.append(breach)
        entries += advance(entries, Entry(kind, now, target if kind == "retargeted" else None))
    return entries


@settings(deadline=None)
@given(STEPS, st.sampled_from(TARGETS))
def test_the_ledger_is_the_same_whenever_the_sweep_ran(steps, first):
    assert told(steps, first, sweeps=True) == told(steps, first, sweeps=False)


@settings(deadline=None)
@given(STEPS, st.sampled_from(TARGETS), st.integers(0, 400 * 3_600_000_000))
def test_any_story_holds_together(steps, first, later):
    entries = told(steps, first, sweeps=False)
    now = entries[-1].at + timedelta(microseconds=later)
    projection, said = fold(entries), reading(fold(entries), now)
    assert said.consumed + said.left == said.target
    assert [e.at for e in entries] == sorted(e.at for e in entries)
    assert kinds(entries).count("breached") <= 1
    retargeted = "retargeted" in kinds(entries)
    if not retargeted:  # nothing but the target's being used up is a breach, and it is at that instant
        assert said.breached == (said.left <= timedelta(0))
        if said.breached:
            assert said.breached_at == said.due_at
    if projection.next_alert_at is not None:
        assert projection.state == "running"
        assert projection.next_alert_at <= projection.due_at


@settings(deadline=None)
@given(STEPS, st.sampled_from(TARGETS), st.integers(0, 400 * 3_600_000_000))
def test_what_is_owed_at_once_is_what_is_owed_one_after_the_other(steps, first, later):
    entries = told(steps, first, sweeps=False)
    now = entries[-1].at + timedelta(microseconds=later)
    at_once, one_by_one, alerted, ledger = owed(entries, frozenset(), now), [], frozenset(), list(entries)
    while (due := fold(ledger, alerted).next_alert_at) is not None and due <= now:
        next_ = owed(ledger, alerted, due)
        assert len(next_.shares) + bool(next_.breach) == 1
        one_by_one += next_.shares
        alerted |= {share for share, _ in next_.shares}
        ledger += [next_.breach] if next_.breach else []
    assert at_once.shares == tuple(one_by_one)
    assert ledger == entries + ([at_once.breach] if at_once.breach else [])
    assert at_once.after == fold(ledger, alerted)


@settings(deadline=None)
@given(STEPS, st.sampled_from(TARGETS))
def test_readings_never_run_backwards_while_nothing_happens(steps, first):
    entries = told(steps, first, sweeps=False)
    lefts = [reading(fold(entries), entries[-1].at + n * HOUR / 3).left for n in range(40)]
    assert lefts == sorted(lefts, reverse=True)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10 * 3_600_000_000), min_size=2, max_size=10), st.sampled_from(TARGETS))
def test_consumed_is_the_running_time_whatever_the_pauses(gaps, target):
    """Independent of the fold: the runs are the even gaps."""
    now, entries, consumed = MONDAY, [Entry("started", MONDAY, target)], timedelta(0)
    for n, gap in enumerate(gaps):
        before, now = now, now + timedelta(microseconds=gap)
        consumed += target.between(before, now) if n % 2 == 0 else timedelta(0)
        entries += advance(entries, Entry("resumed" if n % 2 else "paused", now))
    assert reading(fold(entries), now).consumed == consumed


def test_what_is_no_ledger_is_refused():
    with pytest.raises(ValueError, match="begins with a start"):
        fold([])
    with pytest.raises(ValueError, match="begins with a start"):
        fold([Entry("paused", MONDAY)])
    with pytest.raises(ValueError, match="no entry"):
        fold([Entry("started", MONDAY, FOUR_HOURS), Entry("forgotten", MONDAY)])
    with pytest.raises(ValueError, match="names its target"):
        fold([Entry("started", MONDAY, FOUR_HOURS), Entry("retargeted", MONDAY)])
    with pytest.raises(ValueError, match="longer than nothing"):
        Target(timedelta(0))
    with pytest.raises(ValueError, match="needs a calendar"):
        Target(HOUR, "business")


def test_an_instant_before_the_last_entry_is_moved_up_to_it():
    entries = story(("paused", 2))
    entries += advance(entries, Entry("resumed", MONDAY + HOUR))
    assert entries[-1] == Entry("resumed", MONDAY + 2 * HOUR)
