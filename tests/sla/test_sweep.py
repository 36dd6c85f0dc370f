"""The sweep: each warning and breach once, dated at its instant, however late, often or parallel it runs."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from operator import itemgetter

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from companyos.events.models import Event
from sla import book, policies, sweep
from sla.models import Clock, ClockAlert, ClockEntry, Policy
from sla.tasks import sweep_clocks
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Tenant
from tests.sla.conftest import HOUR, MONDAY, Case, make_tenant, new_case


def sweep_at(hours: float) -> int:
    return sweep.drain(MONDAY + hours * HOUR, 100)


def facts(case) -> list[tuple[str, int, float]]:
    """Name, share and hour of each event of the case's clocks."""
    found = Event.objects.filter(subject_id=case.clock_set.pk, name__startswith="clock.").order_by("id")
    return [(event.name, event.payload["share"], (event.at - MONDAY) / HOUR) for event in found]


ALL = [
    ("clock.warned", 50, 4.0),
    ("clock.warned", 75, 6.0),
    ("clock.warned", 90, 7.2),
    ("clock.breached", 100, 8.0),
]


def test_nothing_due_is_no_step(case):
    case.start()
    assert not sweep.step(MONDAY + 4 * HOUR - timedelta(microseconds=1))
    assert sweep.step(MONDAY + 4 * HOUR)
    assert not sweep.step(MONDAY + 4 * HOUR)


def test_each_warning_and_the_breach_once_at_its_instant(case):
    case.start()
    for hours in range(12):
        sweep_at(hours)
        sweep_at(hours)
    assert facts(case) == ALL
    assert case.ledger() == ["started", "breached"]


def test_a_late_sweep_alerts_late_and_loses_nothing(case):
    case.start()
    assert sweep_at(1000) == 1
    assert facts(case) == ALL
    assert [e.payload["overdue"] for e in Event.objects.filter(name="clock.warned")] == [True] * 3


@pytest.mark.parametrize("verb", ["pause", "meet", "cancel"])
def test_no_warning_for_a_clock_that_no_longer_runs(case, verb):
    """zammad 4432 and 2157: alerts in the night, for closed tickets."""
    case.start()
    case.do(verb, 5)
    assert sweep_at(1000) == 0
    assert facts(case) == []


def test_after_a_resume_the_clock_warns_by_what_was_left(case):
    case.start()
    case.do("pause", 1)
    case.do("resume", 101)
    sweep_at(103)
    assert facts(case) == []
    sweep_at(104)
    assert facts(case) == [("clock.warned", 50, 104.0)]


def test_after_a_retarget_only_the_shares_not_yet_passed_and_none_twice(case):
    case.start(priority="P0")  # 4 h
    sweep_at(2)
    case.retarget("P1", 2.5)  # 8 h: half is at 4, and was sent
    sweep_at(100)
    assert facts(case) == [("clock.warned", 50, 2.0), *ALL[1:]]


def test_the_payload_says_what_a_subscriber_needs(case):
    clock = case.start()
    sweep_at(4)
    event = Event.objects.get(name="clock.warned")
    assert (event.subject_kind, event.subject_id, event.actor_kind) == ("clock_set", case.clock_set.pk, "system")
    assert event.payload == {
        "clock": clock.pk,
        "metric": "resolution",
        "cycle": 0,
        "round": 0,
        "priority": "P1",
        "state": "running",
        "due_at": (MONDAY + 8 * HOUR).isoformat(),
        "share": 50,
        "overdue": False,
    }


def test_the_task_sweeps_by_itself(case):
    case.start(hours=-40_000)
    sweep_clocks()
    assert [name for name, _, _ in facts(case)] == [name for name, _, _ in ALL]


def logged_failures(hours: float) -> list[int]:
    with capture_logs() as logged:
        sweep_at(hours)
    assert {line["event"] for line in logged} <= {"sla.clock_failed"}
    return [line["clock"] for line in logged]


def test_a_clock_whose_row_is_wrong_does_not_hold_up_the_others(case):
    """In the middle of a batch: its row says that it warns now, its ledger knows nothing of it."""
    others = [new_case(case.tenant) for _ in range(5)]
    for n, one in enumerate(others):
        one.start(hours=n / 10)
    broken = case.start(hours=2)
    Clock.objects.filter(pk=broken.pk).update(next_alert_at=MONDAY + 4.2 * HOUR)
    assert logged_failures(5) == [broken.pk]
    assert [len(facts(one)) for one in [case, *others]] == [0, 1, 1, 1, 1, 1]
    assert logged_failures(6) == []
    assert facts(case) == [("clock.warned", 50, 6.0)]


def test_a_clock_that_cannot_be_written_does_not_hold_up_the_others(case):
    """The database refuses a warning at no share; the form does too, so only somebody's own SQL makes such a policy."""
    others = [new_case(case.tenant) for _ in range(3)]
    for one in others:
        one.start(hours=-1)
    like = policies.choose(case.tenant, MONDAY).policy
    policy = Policy.objects.create(
        key="odd", tenant=case.tenant, calendar=like.calendar, active_from=MONDAY - HOUR / 2, shares=[0]
    )
    policy.targets.create(metric="resolution", priority="P1", amount=HOUR)
    broken = case.start()
    assert logged_failures(4) == [broken.pk]
    assert [facts(one) for one in [case, *others]] == [[], *[[("clock.warned", 50, 3.0)]] * 3]
    assert case.ledger() == ["started"]


STORY = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "meet", "P0", "P1", "P2", "P3"]), st.integers(0, 20_000)), max_size=6
)


def told(tenant: Tenant, stories: list[list[tuple[str, int]]]) -> list[Case]:
    cases = [new_case(tenant) for _ in stories]
    for one, steps in zip(cases, stories, strict=True):
        hours = 0.0
        one.start("resolution", priority="P2")
        one.start("first_response", priority="P1")
        for verb, seconds in steps:
            hours += seconds / 3600
            one.retarget(verb, hours) if verb.startswith("P") else one.do(verb, hours)
    return cases


def left_behind(one: Case) -> list[object]:
    """Events in each clock's order, ledger lines, alerts and rows of the case's clocks, without what names the case."""
    kept: list[object] = []
    for event in Event.objects.filter(subject_id=one.clock_set.pk, name__startswith="clock.").order_by("id"):
        payload = {key: value for key, value in event.payload.items() if key not in ("clock", "overdue")}
        handlers = list(event.deliveries.order_by("subscriber").values_list("subscriber", "next_attempt_at"))
        kept.append((event.payload["metric"], event.name, event.at, payload, handlers))
    kept.sort(key=itemgetter(0))
    own = {"id", "clock_id", "clock_set_id", "sent_at", "recorded_at"}
    for model, clock in ((ClockEntry, "clock__"), (ClockAlert, "clock__"), (Clock, "")):
        rows = model.objects.filter(**{f"{clock}clock_set": one.clock_set}).order_by(f"{clock}metric", "pk").values()
        kept += [{name: value for name, value in row.items() if name not in own} for row in rows]
    return kept


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stories=st.lists(STORY, min_size=1, max_size=3), later=st.integers(0, 200))
def test_a_late_batch_leaves_what_one_fact_after_the_other_would_have(case, stories, later):
    end = MONDAY + later * HOUR
    due = Clock.objects.filter(next_alert_at__lte=end).order_by("next_alert_at", "pk")
    one_by_one = told(case.tenant, stories)
    while (first := due.first()) is not None:
        assert sweep.step(first.next_alert_at) == 1
    at_once = told(case.tenant, stories)
    owing = due.count()
    assert sweep.step(end, size=100) == owing
    assert not due.exists()
    for one, other in zip(one_by_one, at_once, strict=True):
        assert left_behind(one) == left_behind(other)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["pause", "resume", "meet", "P0", "P1", "P2", "P3"]), st.integers(0, 20_000)),
        max_size=6,
    ),
    sweeps=st.sets(st.integers(0, 120), max_size=8),
)
def test_the_same_story_has_the_same_ledger_whenever_the_sweep_ran(case, steps, sweeps):
    ledgers = []
    for swept in (sorted(sweeps), []):
        one, hours, ahead = new_case(case.tenant), 0.0, list(swept)
        one.start("resolution", priority="P2")
        for verb, seconds in steps:
            hours += seconds / 3600
            while ahead and ahead[0] <= hours:
                sweep_at(ahead.pop(0))
            one.retarget(verb, hours) if verb.startswith("P") else one.do(verb, hours)
        sweep_at(hours + 500)
        ledgers.append(
            list(ClockEntry.objects.filter(clock__clock_set=one.clock_set).values_list("kind", "at", "target"))
        )
        clock = Clock.objects.get(clock_set=one.clock_set)
        rebuilt = book.columns(list(clock.entries.all()), book.alerted_shares(clock))
        assert {name: getattr(clock, name) for name in rebuilt} == rebuilt
    assert ledgers[0] == ledgers[1]


# ── Two real connections ─────────────────────────────────────────────────────
@pytest.fixture
def committed(transactional_db) -> list[int]:
    """Clock sets whose clocks the other connections see."""
    with isolation.scope(SYSTEM):
        tenant = make_tenant("ACME", "standard")
        cases = [new_case(tenant) for _ in range(12)]
        for one in cases:
            one.start()
    return [one.clock_set.pk for one in cases]


def in_threads(count: int, work) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # told by the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_concurrent_sweeps_send_each_alert_exactly_once(committed):
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait(30)
        sweep.drain(MONDAY + 1000 * HOUR, 1000)

    in_threads(4, work)
    with isolation.scope(SYSTEM):
        found = Counter(
            (event.subject_id, event.name, event.payload["share"])
            for event in Event.objects.filter(name__startswith="clock.")
        )
        assert len(found) == 4 * len(committed)
        assert set(found.values()) == {1}
        assert ClockEntry.objects.filter(kind="breached", at=MONDAY + 8 * HOUR).count() == len(committed)
        assert ClockAlert.objects.count() == 3 * len(committed)


def test_a_sweep_passes_by_a_clock_that_a_verb_holds(committed):
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with isolation.scope(SYSTEM), transaction.atomic():
            Clock.objects.select_for_update().get(clock_set_id=committed[0])
            held.set()
            release.wait(30)

    holder = threading.Thread(target=lambda: (hold(), connection.close()))
    holder.start()
    assert held.wait(30)
    try:
        sweep.drain(MONDAY + 1000 * HOUR, 1000)
    finally:
        release.set()
        holder.join(30)
    with isolation.scope(SYSTEM):
        unswept = Clock.objects.filter(breached_at=None).values_list("clock_set_id", flat=True)
        assert list(unswept) == committed[:1]
    assert sweep.drain(timezone.now() + timedelta(days=3650), 1000) == 1


def test_two_verbs_at_once_are_done_one_after_the_other(committed):
    barrier = threading.Barrier(2)

    def work() -> None:
        with isolation.scope(SYSTEM):
            one = new_case_of(committed[0])
            barrier.wait(30)
            one.do("pause", 1)

    in_threads(2, work)
    with isolation.scope(SYSTEM):
        assert new_case_of(committed[0]).ledger() == ["started", "paused"]


def new_case_of(clock_set_id: int):
    clock = Clock.objects.select_related("clock_set", "tenant").get(clock_set_id=clock_set_id)
    case_type = type(new_case(clock.tenant))
    return case_type(clock.tenant, clock.clock_set)
