"""Snapshots know nothing of what came after them, and number the same things the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.forecast import features, lives
from cases.forecast.features import Snapshot
from cases.forecast.lives import Life
from cases.forecast.synthetic import World
from sla import ledger
from sla.ledger import Entry, Target

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORLD = list(World(MONDAY, cases=60, days=60).lives())


def life(*entries: Entry, moves: tuple[tuple[datetime, str], ...] = (), key: int = 1) -> Life:
    return Life(key, "resolution", "smb", "UTC", entries, ("P1",) * len(entries), moves)


def begun(hours: float = 8) -> Entry:
    return Entry(ledger.STARTED, MONDAY, Target(HOUR * hours))


FUTURES = st.lists(
    st.tuples(st.sampled_from(["paused", "resumed", "retargeted", "met", "cancelled"]), st.floats(0.001, 90)),
    max_size=5,
)


@settings(max_examples=50, deadline=None)
@given(one=st.sampled_from(WORLD), share=st.floats(0, 1), future=FUTURES, status=st.sampled_from(features.STATUSES))
def test_whatever_comes_later_changes_no_snapshot(one: Life, share: float, future: list, status: str) -> None:
    end = lives.decided(one)
    assert end is not None
    at = one.started_at + (end[0] - one.started_at) * share
    seen = lives.snapshot(one, at)
    past = lives.known(one, at)
    lines = list(past.entries)
    moves = list(past.moves)
    for kind, hours in future:
        later = max(at, lines[-1].at) + timedelta(hours=hours)
        target = Target(HOUR * hours) if kind == "retargeted" else None
        # A breach that nobody wrote yet is a fact of the past, not of the future.
        lines += [line for line in ledger.advance(lines, Entry(kind, later, target)) if line.at > at]
        moves.append((later, status))
    priorities = past.priorities + ("P0",) * (len(lines) - len(past.priorities))
    other = Life(one.key, one.metric, one.segment, one.time_zone, tuple(lines), priorities, tuple(moves))
    assert lives.snapshot(other, at) == seen


@settings(max_examples=30, deadline=None)
@given(one=st.sampled_from(WORLD))
def test_landmarks_are_bounded_the_same_each_time_and_before_the_decision(one: Life) -> None:
    end = lives.decided(one)
    assert end is not None
    found = list(lives.landmarks(one, end[0]))
    assert found == list(lives.landmarks(one, end[0]))
    assert len(found) <= lives.MOST
    assert all(one.started_at <= at < end[0] for at in found)
    for example in lives.examples(one):
        assert example.breached == end[1]
        assert example.seen.used <= 1


def test_a_long_wait_brings_no_more_than_the_most() -> None:
    waits = life(begun(), Entry("paused", MONDAY + HOUR), Entry("resumed", MONDAY + 900 * HOUR))
    ended = ledger.advance(waits.entries, Entry("met", MONDAY + 902 * HOUR))
    told = life(*waits.entries, *ended, moves=((MONDAY + HOUR, "waiting"), (MONDAY + 900 * HOUR, "in_progress")))
    seen = [example.seen for example in lives.examples(told)]
    assert 10 < len(seen) <= lives.MOST
    assert "waiting" in {one.status for one in seen}


def test_what_was_broken_met_or_is_undecided_is_no_example() -> None:
    assert lives.decided(life(begun())) is None
    assert list(lives.examples(life(begun()))) == []
    late = life(begun(1), *ledger.advance([begun(1)], Entry("met", MONDAY + 5 * HOUR)))
    assert lives.decided(late) == (MONDAY + HOUR, True)
    assert lives.snapshot(late, MONDAY + 2 * HOUR) is None
    assert lives.snapshot(late, MONDAY - HOUR) is None
    dismissed = life(begun(), Entry("cancelled", MONDAY + HOUR))
    assert lives.decided(dismissed) == (MONDAY + HOUR, False)


def test_the_priority_and_state_of_the_moment_count() -> None:
    entries = (begun(), Entry("retargeted", MONDAY + 2 * HOUR, Target(4 * HOUR)))
    told = Life(
        1, "resolution", "smb", "UTC", entries, ("P1", "P0"), ((MONDAY, "triage"), (MONDAY + HOUR, "in_progress"))
    )
    before, after = (lives.snapshot(told, MONDAY + hours * HOUR) for hours in (0.5, 3))
    assert before is not None
    assert after is not None
    assert (before.priority, before.status, before.used) == ("P1", "triage", 0.0625)
    assert (after.priority, after.status, after.used) == ("P0", "in_progress", 0.75)


def snapshot(at: datetime, left: float, zone: str = "UTC", basis: str = "elapsed", segment: str = "smb") -> Snapshot:
    return Snapshot("resolution", "P1", "in_progress", segment, "running", basis, 0.5, HOUR * left, at, zone)


def value(seen: Snapshot, name: str) -> float:
    return dict(zip(features.names(("smb",)), features.vector(seen, ("smb",)), strict=True))[name]


def test_the_week_is_read_on_the_tenants_wall() -> None:
    friday = datetime(2026, 11, 6, 23, 30, tzinfo=UTC)
    assert value(snapshot(friday, 4), "end of the week") == 1
    assert value(snapshot(friday, 4, "Asia/Tokyo"), "weekend") == 1
    assert value(snapshot(friday, 4, segment="other"), "segment smb") == 0


def test_time_ahead_that_nobody_works_is_idle() -> None:
    friday = datetime(2026, 11, 6, 17, tzinfo=UTC)
    assert value(snapshot(friday, 16), "idle share ahead") == 1
    assert value(snapshot(friday, 16), "working time ahead") == 0
    assert value(snapshot(MONDAY, 4), "idle share ahead") == 0
    assert value(snapshot(MONDAY, 7 * 24), "idle share ahead") == 1 - 40 / 168
    assert value(snapshot(friday, 16, basis="business"), "idle share ahead") == 0


def test_there_is_a_name_and_a_group_for_each_number() -> None:
    segments = ("enterprise", "smb")
    row = features.vector(snapshot(MONDAY, 3), segments)
    assert len(row) == len(features.names(segments)) == len(features.groups(segments))
    assert features.names(segments)[: len(features.DUE_ONLY)] == list(features.DUE_ONLY)
