"""The verbs: what they append, what they answer, and that doing a thing twice is doing it once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from companyos.events.models import Event
from sla import clocks, policies
from sla.models import Clock, ClockEntry, Policy
from sla.policies import PolicyChoice
from tests.sla.conftest import HOUR, MONDAY, make_tenant, new_case


def events(case) -> list[str]:
    found = Event.objects.filter(subject_kind="clock_set", subject_id=case.clock_set.pk).order_by("id")
    return [event.name for event in found]


def test_a_clock_starts_with_the_promise_of_the_policy_in_force(case):
    clock = case.start(priority="P1")
    assert (clock.state, clock.target, clock.due_at) == ("running", 8 * HOUR, MONDAY + 8 * HOUR)
    assert clock.next_alert_at == MONDAY + 4 * HOUR
    said = case.look(2)
    assert (said.left, said.policy_name, said.policy_version, said.basis) == (6 * HOUR, "Standard", 1, "elapsed")
    entry = ClockEntry.objects.get(clock=clock)
    assert (entry.kind, entry.at, entry.cause, entry.actor_name, entry.actor_id) == (
        "started",
        MONDAY,
        "case.opened",
        "Ada Agent",
        7,
    )


def test_starting_twice_is_starting_once(case):
    assert case.start() == case.start(hours=3)
    assert case.ledger() == ["started"]


def test_no_target_is_no_clock(case):
    """frappe/helpdesk 1643: no resolution promise, yet shown as failed."""
    nothing = PolicyChoice(None, "no policy applies")
    about = {"cycle": 0, "priority": "P1", "at": MONDAY, "cause": "case.opened", "actor": clocks._NOBODY}
    assert clocks.start(case.clock_set, "resolution", policy_for=nothing, **about) is None
    bare = Policy.objects.create(
        key="bare", name="Bare", calendar=policies.choose(case.tenant, MONDAY).policy.calendar, active_from=MONDAY
    )
    assert clocks.start(case.clock_set, "resolution", policy_for=PolicyChoice(bare, ""), **about) is None
    assert clocks.readings([case.clock_set.pk], MONDAY) == {case.clock_set.pk: []}


def test_pause_resume_meet_answer_their_effects(case):
    case.start()
    assert case.do("pause", 1) == ["paused"]
    assert case.do("pause", 2) == []
    assert case.do("resume", 5) == ["resumed"]
    assert case.do("resume", 6) == []
    assert case.look(6).due_at == MONDAY + 12 * HOUR
    assert case.do("meet", 7) == ["met"]
    assert case.do("meet", 8) == []
    assert case.ledger() == ["started", "paused", "resumed", "met"]
    assert (case.look(100).consumed, case.look(100).breached) == (3 * HOUR, False)


def test_a_verb_on_a_clock_that_is_not_there_does_nothing(case):
    for verb in ("pause", "resume", "meet", "cancel"):
        assert case.do(verb, 1) == []
    assert case.retarget("P0", 1) == []


def test_a_verb_after_the_due_instant_writes_the_breach_first_at_the_due_instant(case):
    case.start()
    assert case.do("pause", 30) == ["breached", "paused"]
    breach = ClockEntry.objects.get(kind="breached")
    assert (breach.at, breach.actor_kind, breach.cause) == (MONDAY + 8 * HOUR, "system", "due")
    event = Event.objects.get(name="clock.breached")
    assert (event.at, event.subject_id) == (MONDAY + 8 * HOUR, case.clock_set.pk)
    assert event.payload["state"] == "paused"
    assert event.payload["share"] == 100


def test_a_retarget_swaps_the_target_and_tells_the_earlier_one(case):
    case.start("resolution")
    case.start("first_response")
    effects = case.retarget("P0", 0.1)
    assert [(e.metric, e.effect, e.due_at) for e in effects] == [
        ("resolution", "retargeted", MONDAY + 4 * HOUR),
        ("first_response", "retargeted", MONDAY + HOUR / 4),
    ]
    entry = ClockEntry.objects.get(clock__metric="resolution", kind="retargeted")
    assert entry.detail["earlier"]["target_seconds"] == 8 * 3600
    assert (entry.priority, entry.reason, entry.target) == ("P0", "It grew.", 4 * HOUR)
    assert case.retarget("P0", 0.2) == []


def test_a_retarget_into_the_past_breaches_there_and_can_be_seen_before(case):
    case.start()
    choice = policies.choose(case.tenant, MONDAY)
    seen = clocks.preview_retarget(case.clock_set, priority="P0", choice=choice, at=MONDAY + 6 * HOUR)
    assert case.ledger() == ["started"]
    assert [effect.effect for effect in seen] == ["retargeted", "breached"]
    assert case.retarget("P0", 6) == seen
    breach = ClockEntry.objects.get(kind="breached")
    assert (breach.at, breach.detail["at_retarget"]) == (MONDAY + 6 * HOUR, True)
    assert breach.detail["earlier"]["target_seconds"] == 8 * 3600
    assert Clock.objects.get().breached_at_retarget
    assert Event.objects.get(name="clock.breached").payload["at_retarget"] is True


def test_a_policy_without_the_target_cancels_the_clock_with_the_reason(case):
    case.start("resolution")
    case.start("first_response")
    choice = policies.choose(case.tenant, MONDAY)
    lean = Policy.objects.create(key="lean", name="Lean", calendar=choice.policy.calendar, active_from=MONDAY)
    lean.targets.create(priority="P1", metric="first_response", amount=2 * HOUR)
    effects = case.retarget("P1", 0.5, PolicyChoice(lean, "changed"))
    assert [(effect.metric, effect.effect) for effect in effects] == [
        ("resolution", "cancelled"),
        ("first_response", "retargeted"),
    ]
    assert "no target" in Clock.objects.get(metric="resolution").cancel_reason
    assert "It grew." in Clock.objects.get(metric="resolution").cancel_reason


def test_reopening_is_a_new_cycle_with_full_targets_and_the_old_one_intact(case):
    """zammad 188: a reopened ticket escalated at once."""
    case.start()
    case.do("meet", 2)
    before = list(ClockEntry.objects.values_list("pk", "kind", "at"))
    case.start(hours=100, cycle=1)
    assert case.look(100, cycle=1).left == 8 * HOUR
    assert case.look(100).state == "met"
    assert list(ClockEntry.objects.filter(clock__cycle=0).values_list("pk", "kind", "at")) == before


def test_not_fixed_resumes_the_same_cycle(case):
    case.start()
    case.do("meet", 2)
    assert case.do("resume", 50) == ["resumed"]
    assert case.look(50).left == 6 * HOUR


def test_the_merged_loser_is_cancelled_and_never_escalates(case):
    """zammad 904: a merged ticket escalated at once."""
    case.start()
    assert case.do("cancel", 1, reason="Duplicate of ACME-1.") == ["cancelled"]
    clock = Clock.objects.get()
    assert (clock.state, clock.cancel_reason, clock.next_alert_at) == ("cancelled", "Duplicate of ACME-1.", None)
    assert not case.look(1000).breached


def test_a_business_clock_stands_still_at_night(case):
    case.start(priority="P2")  # two business days
    assert case.look(20).left == 8 * HOUR
    assert case.look(20).due_at == MONDAY + timedelta(days=1, hours=8)
    assert case.look(20).calendar_name == "Office hours"


def test_readings_come_for_many_sets_in_one_query(case, django_assert_num_queries):
    other = new_case(case.tenant)
    for one in (case, other):
        one.start("accept")
        one.start("first_response")
    sets = [case.clock_set.pk, other.clock_set.pk]
    clocks.readings(sets, MONDAY)
    with django_assert_num_queries(1):
        found = clocks.readings(sets, MONDAY)
    assert [[reading.metric for reading in found[pk]] for pk in sets] == [["accept", "first_response"]] * 2


def test_next_due_is_only_a_view_and_hides_no_clock(case):
    """zammad 5177: an update clock hid the first-response clock."""
    case.start("resolution", priority="P0")
    case.start("first_response", priority="P0")
    found = clocks.readings([case.clock_set.pk], MONDAY + 2 * HOUR)[case.clock_set.pk]
    assert len(found) == 2
    first = clocks.next_due(found)
    assert (first.metric, first.breached) == ("first_response", True)
    case.do("meet", 2, "first_response")
    found = clocks.readings([case.clock_set.pk], MONDAY + 2 * HOUR)[case.clock_set.pk]
    assert clocks.next_due(found).metric == "resolution"
    case.do("pause", 3)
    assert clocks.next_due(clocks.readings([case.clock_set.pk], MONDAY)[case.clock_set.pk]) is None


@pytest.mark.parametrize("order", [("meet", "pause"), ("pause", "meet")])
def test_answer_and_pause_in_one_submit_lose_neither(case, order):
    """zammad 3551: reply and pending in one submit lost the fulfilment."""
    case.start("first_response")
    case.start("resolution")
    for verb in order:
        case.do(verb, 0.5, "first_response" if verb == "meet" else "resolution")
    assert case.ledger("first_response") == ["started", "met"]
    assert case.ledger("resolution") == ["started", "paused"]


def test_one_happening_is_all_or_nothing(case):
    case.start()
    with pytest.raises(RuntimeError), transaction.atomic():
        case.do("pause", 1)
        raise RuntimeError
    assert case.ledger() == ["started"]
    assert Clock.objects.get().state == "running"


# ── What PostgreSQL itself refuses ───────────────────────────────────────────
def refused(sql: str, *values) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize("table", ["sla_clockentry", "sla_clockalert", "sla_calendar", "sla_policy", "sla_target"])
def test_ledgers_and_versions_are_append_only(case, table):
    clock = case.start()
    clock.alerts.create(tenant=case.tenant, share=50, at=MONDAY, sent_at=MONDAY)
    refused(f"UPDATE {table} SET id = id + 1000000")
    refused(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'asleep'",
        "metric = 'mood'",
        "priority = 'P9'",
        "state = 'paused'",
        "state = 'met', running_since = NULL, next_alert_at = NULL",
        "paused_since = now()",
        "due_at = NULL",
        "next_alert_at = NULL",
        "breached_at = now()",
        "target = interval '0'",
        "basis = 'business'",
    ],
)
def test_a_row_that_contradicts_itself_is_refused(case, change):
    case.start()
    refused(f"UPDATE sla_clock SET {change}")


def test_a_second_clock_breach_or_line_number_is_refused(case):
    clock = case.start()
    case.do("pause", 30)
    for changes in ({"pk": None}, {"pk": None, "seq": 9}):
        line = ClockEntry.objects.get(kind="breached")
        for name, value in changes.items():
            setattr(line, name, value)
        line._state.adding = True
        with pytest.raises(IntegrityError), transaction.atomic():
            line.save(force_insert=True)
    clock.pk, clock._state.adding = None, True
    with pytest.raises(IntegrityError), transaction.atomic():
        clock.save(force_insert=True)


def test_events_of_a_whole_life(case):
    case.start()
    case.do("pause", 1)
    case.do("resume", 2)
    assert events(case) == []
    case.do("meet", 20)
    assert events(case) == ["clock.breached"]


def test_another_tier_another_promise(case):
    premium = new_case(make_tenant("PREM", "premium"))
    assert premium.start(priority="P1").target == 6 * HOUR
    assert premium.start("first_response", priority="P1").target == HOUR
