"""Open clocks follow a version from its instant on, each with the reason in its ledger, however late the worker is."""

from datetime import timedelta

import pytest

from companyos.events.models import Event
from sla import clocks, policies, rollout, verify, versions
from sla.models import Clock, ClockEntry, Policy, Rollout
from tests.service_levels.test_drafts import NOON
from tests.sla.conftest import HOUR, MONDAY, case, make_tenant, new_case, system  # noqa: F401

pytestmark = pytest.mark.usefixtures("system")
SETTLED = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _earlier_versions_are_done(system):  # noqa: F811
    while rollout.step(MONDAY):
        pass


def publish(key="standard", *, at=NOON, now=MONDAY, retired=False, reason="Agreed.", drop=None, **amounts) -> Policy:
    """The policy's next version with other amounts in hours: P1=2."""
    last = Policy.objects.filter(key=key).order_by("-version").first()
    policy = Policy(
        key=key, name=last.name, tenant=last.tenant, tier=last.tier, segment=last.segment, calendar=last.calendar,
        active_from=at, retired=retired, reason=reason,
    )  # fmt: skip
    versions.publish(policy, now)
    for target in last.targets.all():
        if target.metric == drop:
            continue
        if target.metric == "resolution" and target.priority in amounts:
            target.amount, target.basis = HOUR * amounts[target.priority], "elapsed"
        target.pk, target.policy = None, policy
        target.save()
    return policy


def roll(now=NOON) -> int:
    """Every step there is by then, and how many."""
    count = 0
    while rollout.step(now):
        count += 1
    return count


def resolution(thing) -> Clock:
    return Clock.objects.get(clock_set=thing.clock_set, metric="resolution")


def test_open_clocks_are_retargeted_from_the_instant_on_with_the_reason_in_their_ledgers(case):  # noqa: F811
    case.start(hours=1)
    policy = publish(P1=6)
    assert roll(NOON - timedelta(seconds=1)) == 0
    assert resolution(case).target == 8 * HOUR
    roll(NOON + timedelta(seconds=7))
    clock = resolution(case)
    assert (clock.policy, clock.target, clock.due_at) == (policy, 6 * HOUR, MONDAY + 7 * HOUR)
    entry = clock.entries.order_by("seq").last()
    assert (entry.kind, entry.at, entry.cause, entry.reason) == (
        *("retargeted", NOON, "policy:standard version 2", "Agreed."),
    )
    assert entry.detail["earlier"]["target_seconds"] == 8 * 3600
    event = Event.objects.get(name="clock.retargeted")
    assert (event.subject_kind, event.subject_id, event.at) == ("clock_set", case.clock_set.pk, NOON)
    [line] = event.payload["clocks"]
    assert (line["was_due"], line["due"]) == (*((MONDAY + 9 * HOUR).isoformat(), (MONDAY + 7 * HOUR).isoformat()),)


def test_it_is_done_once(case):  # noqa: F811
    case.start(hours=1)
    policy = publish(P1=6)
    roll(NOON)
    assert not Rollout.objects.get(policy=policy).finished_at  # what was under way may still come
    count = ClockEntry.objects.count()
    roll(NOON + SETTLED)
    done = Rollout.objects.get(policy=policy)
    assert (done.finished_at, done.clocks, done.failed) == (NOON + SETTLED, 1, 0)
    assert roll(NOON + 2 * SETTLED) == 0
    assert (ClockEntry.objects.count(), Event.objects.filter(name="clock.retargeted").count()) == (count, 1)
    assert verify.verify().differences == []


def test_a_clock_started_by_the_old_version_while_its_transaction_was_under_way_is_found(case):  # noqa: F811
    old = policies.choose(case.tenant, NOON - HOUR)
    publish(P1=6)
    roll(NOON)
    about = {"cause": "case.opened", "actor": rollout.ACTOR, "at": NOON - timedelta(seconds=1)}
    clocks.start(case.clock_set, "resolution", cycle=0, priority="P1", policy_for=old, **about)
    roll(NOON + SETTLED)
    assert resolution(case).target == 6 * HOUR


def test_only_those_move_for_whom_it_holds(case):  # noqa: F811
    case.start()
    premium = new_case(make_tenant("PREM", "premium"))
    premium.start()
    own = make_tenant("OWN", "standard")
    mine = Policy.objects.create(
        key="own", name="Own", tenant=own, calendar=Policy.objects.first().calendar, active_from=MONDAY
    )
    mine.targets.create(priority="P1", metric="resolution", amount=3 * HOUR, tenant=own)
    special = new_case(own)
    special.start()
    publish(P1=6)
    roll()
    assert [resolution(one).target for one in (case, premium, special)] == [6 * HOUR, 6 * HOUR, 3 * HOUR]
    assert resolution(premium).entries.count() == resolution(special).entries.count() == 1


def test_a_paused_clock_keeps_its_pauses_and_an_ended_one_its_terms(case):  # noqa: F811
    case.start(hours=0)
    case.do("pause", 1)
    met = new_case(case.tenant)
    met.start(hours=0)
    met.do("meet", 2)
    policy = publish(P1=6)
    roll()
    assert (resolution(case).state, resolution(case).target, resolution(case).due_at) == ("paused", 6 * HOUR, None)
    case.do("resume", 5)
    assert resolution(case).due_at == MONDAY + 10 * HOUR
    assert resolution(met).policy != policy


def test_a_target_used_up_already_breaches_at_the_versions_instant_marked_so(case):  # noqa: F811
    case.start(hours=0)
    publish(P1=2)
    roll(NOON + 2 * HOUR)
    clock = resolution(case)
    assert (clock.breached_at, clock.breached_at_retarget, clock.due_at) == (NOON, True, MONDAY + 2 * HOUR)
    assert Event.objects.filter(name="clock.breached", at=NOON).count() == 1


def test_a_breach_that_stands_is_not_taken_back(case):  # noqa: F811
    case.start("first_response", hours=0)  # due 10:00
    case.start(hours=0)
    clocks_before = clocks.readings([case.clock_set.pk], NOON)[case.clock_set.pk]
    assert {r.metric: r.breached for r in clocks_before} == {"first_response": True, "resolution": False}
    publish(P1=20)
    roll()
    first = Clock.objects.get(clock_set=case.clock_set, metric="first_response")
    assert (first.breached_at, first.breached_at_retarget) == (MONDAY + HOUR, False)


def test_a_late_worker_writes_the_same_ledger(case):  # noqa: F811
    other = new_case(case.tenant)
    for thing in (case, other):
        thing.start(hours=0)
    publish(P1=20)
    late = NOON + 8 * HOUR  # past the old due time, which nobody swept
    roll(late)
    assert resolution(case).due_at == MONDAY + 20 * HOUR
    assert case.ledger() == ["started", "retargeted"]
    assert resolution(case).entries.get(seq=2).at == NOON


def test_what_was_written_meanwhile_comes_first(case):  # noqa: F811
    case.start(hours=0)
    publish(P1=6)
    case.do("pause", 4)
    roll(NOON + 2 * HOUR)
    entry = resolution(case).entries.get(seq=3)
    assert (entry.kind, entry.at, entry.detail["asked_at"]) == ("retargeted", MONDAY + 4 * HOUR, NOON.isoformat())


def test_a_metric_without_a_target_is_cancelled_and_one_that_gains_one_starts_nothing(case):  # noqa: F811
    case.start(hours=0)
    publish(drop="resolution", reason="No promise.")
    roll()
    clock = resolution(case)
    assert clock.state == "cancelled"
    assert clock.cancel_reason.endswith("No promise.")
    publish("standard", at=NOON + HOUR)
    roll(NOON + HOUR)
    assert Clock.objects.filter(clock_set=case.clock_set).count() == 1


def test_a_retired_policys_clocks_fall_to_what_holds_now_naming_it():
    own = make_tenant("OWN", "standard")
    mine = Policy.objects.create(
        key="own", name="Own", tenant=own, calendar=Policy.objects.first().calendar, active_from=MONDAY
    )
    mine.targets.create(priority="P1", metric="resolution", amount=3 * HOUR, tenant=own)
    thing = new_case(own)
    thing.start(hours=2)
    publish("own", retired=True, reason="Too dear.")
    roll()
    clock = resolution(thing)
    assert (clock.policy.key, clock.target) == ("standard", 8 * HOUR)
    entry = clock.entries.get(seq=2)
    assert (entry.cause, entry.reason) == ("policy:own version 2", "Retired: Too dear.")


def test_it_goes_in_bounded_steps_that_may_be_left_and_taken_up(case, monkeypatch):  # noqa: F811
    monkeypatch.setattr(rollout, "SETS_A_STEP", 2)
    things = [new_case(tenant) for tenant in (case.tenant, make_tenant("NEXT", "standard")) for _ in range(3)]
    for thing in things:
        thing.start(hours=1)
    publish(P1=6)
    moved = []
    while rollout.step(NOON):
        moved.append(Clock.objects.filter(target=6 * HOUR).count())
    assert moved[0] == 2
    assert moved == sorted(moved)
    assert moved[-1] == 6


def test_a_clock_that_cannot_be_moved_holds_up_no_other(case, monkeypatch):  # noqa: F811
    case.start(hours=1)
    other = new_case(case.tenant)
    other.start(hours=1)
    publish(P1=6)
    really = clocks.retarget_one

    def fails(clock, **about):
        if clock.clock_set_id == case.clock_set.pk:
            raise ValueError("broken")
        return really(clock, **about)

    def none_at_once(found, **about):
        raise ValueError("broken")

    at_once = clocks.retarget_all
    monkeypatch.setattr(clocks, "retarget_one", fails)
    monkeypatch.setattr(clocks, "retarget_all", none_at_once)
    roll()
    assert (resolution(case).target, resolution(other).target) == (8 * HOUR, 6 * HOUR)
    monkeypatch.setattr(clocks, "retarget_one", really)
    monkeypatch.setattr(clocks, "retarget_all", at_once)
    roll(NOON + 2 * SETTLED)
    assert resolution(case).target == 6 * HOUR
    assert Rollout.objects.get(policy__version=2).failed == 0
