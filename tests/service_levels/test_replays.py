"""Replays in the worker: what they count, whose clocks, and that a cancelled or killed one counts nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from companyos.events.models import Event
from companyos.web.errors import DomainError, Forbidden, NotAllowedNow, NotFound
from sla import jobs, versions
from sla.clocks import NO_TARGET
from sla.documents import write_calendar, write_policy
from sla.models import Calendar, Clock, ClockEntry, Draft, Job, Policy, ReplayDifference
from sla.replays import replaying
from sla.replays.replaying import Question, ask
from tenants import isolation
from tests.cast import NOON, Cast
from tests.privacy.life import carried_out, lived, put_in_force
from tests.sla.conftest import HOUR, MONDAY, Case, make_tenant, new_case

NOW = MONDAY + timedelta(days=20)
WEEK = (MONDAY - timedelta(days=1), MONDAY + timedelta(days=6))


def policy(key: str, *, targets: dict[tuple[str, str], timedelta], **scope: object) -> Policy:
    """A policy version that was never in force in the period: what is tried."""
    calendar = Calendar.objects.get(key="office-hours")
    row = Policy.objects.create(key=key, name=key.title(), calendar=calendar, active_from=NOW + HOUR, **scope)
    for (metric, priority), amount in targets.items():
        row.targets.create(metric=metric, priority=priority, amount=amount)
    return row


def asked(cast: Cast, tried: Policy | Calendar | Draft, *, who=None, **more: object) -> Job:
    source = {Policy: "policy", Calendar: "calendar", Draft: "draft"}[type(tried)]
    question = Question(*WEEK, source=source, alternative=tried.pk, **more)
    return ask(question, actor=cast.actor(who or cast.lead), now=NOW)


def worked(job: Job) -> Job:
    while jobs.step(NOW):
        pass
    job.refresh_from_db()
    return job


def counted(job: Job, segment: str = "mid-market", metric: str = "resolution") -> tuple[dict, dict]:
    row = job.result["segments"][segment][metric]
    return tuple({name: count for name, count in row[side].items() if count} for side in ("was", "would_be"))


def met_after(case: Case, hours: float, **start: object) -> Clock:
    clock = case.start(**start)
    case.do("meet", hours)
    return clock


SHORT = {("resolution", "P1"): 3 * HOUR}


@pytest.fixture
def standard(cast: Cast) -> Case:
    """A Standard tenant's thing: resolution 8 h at P1."""
    return new_case(make_tenant("STD", "standard", segment="mid-market"))


def test_a_shorter_promise_is_held_against_what_happened(cast: Cast, standard: Case) -> None:
    slow, quick = met_after(standard, 5), met_after(new_case(standard.tenant), 2)
    late = met_after(new_case(standard.tenant), 10)
    job = worked(asked(cast, policy("strict", targets=SHORT, tier="standard")))
    assert (job.state, job.done, job.total, job.percent) == ("done", 3, 3, 100)
    was, would = counted(job)
    assert was == {"kept": 2, "breached": 1, "late": 2 * 3600}
    assert would == {"kept": 1, "breached": 2, "late": 9 * 3600}
    assert job.result["moves"] == {"kept>breached": 1}
    row = ReplayDifference.objects.get()
    assert (row.clock_id, row.was, row.would_be) == (slow.pk, "kept", "breached")
    assert (row.was_due, row.would_be_due) == (MONDAY + 8 * HOUR, MONDAY + 3 * HOUR)
    assert quick.pk != late.pk


def test_nothing_that_lives_is_touched(cast: Cast, standard: Case) -> None:
    met_after(standard, 5)
    new_case(standard.tenant).start()
    before = [list(model.objects.order_by("pk").values()) for model in (Clock, ClockEntry, Event)]
    worked(asked(cast, policy("strict", targets=SHORT, tier="standard")))
    assert [list(model.objects.order_by("pk").values()) for model in (Clock, ClockEntry, Event)] == before


def test_the_very_policy_of_the_day_changes_nothing(cast: Cast, standard: Case) -> None:
    for hours, priority in ((2, "P1"), (10, "P1"), (30, "P2")):
        case = new_case(standard.tenant)
        case.start(priority=priority)
        case.do("pause", 1)
        case.retarget("P0", 1.5)
        case.do("resume", 1.7)
        case.do("meet", hours)
    job = worked(asked(cast, Policy.objects.get(key="standard")))
    was, would = counted(job)
    assert was == would and was["breached"] == 2
    assert job.result["differences"] == 0 and not ReplayDifference.objects.exists()


# ── Whose promise is replaced ────────────────────────────────────────────────
def test_a_scope_reaches_only_those_for_whom_it_would_win(cast: Cast, standard: Case) -> None:
    met_after(standard, 5)
    premium = new_case(make_tenant("PREM", "premium", segment="mid-market"))
    met_after(premium, 5)
    job = worked(asked(cast, policy("strict", targets=SHORT, tier="standard")))
    assert counted(job)[1] == {"kept": 1, "breached": 1, "late": 2 * 3600}
    everybody = worked(asked(cast, Policy.objects.get(key="strict"), everybody=True))
    assert counted(everybody)[1]["breached"] == 2


def test_a_default_policy_wins_only_where_nothing_closer_holds(cast: Cast, standard: Case) -> None:
    met_after(standard, 5)
    job = worked(asked(cast, policy("everyone", targets=SHORT)))
    assert counted(job)[1] == {"kept": 1}
    own = policy("own", targets=SHORT, tenant=standard.tenant)
    assert counted(worked(asked(cast, own)))[1]["breached"] == 1
    segment = policy("segment", targets=SHORT, segment="mid-market")
    assert counted(worked(asked(cast, segment)))[1]["breached"] == 1


def test_no_target_is_no_promise_and_counts_on_neither_side(cast: Cast, standard: Case) -> None:
    met_after(standard, 5)
    job = worked(asked(cast, policy("lean", targets={("accept", "P1"): HOUR}, tier="standard")))
    assert counted(job) == ({"kept": 1}, {"none": 1})
    assert ReplayDifference.objects.get().would_be_due is None


def test_a_clock_cancelled_for_lack_of_a_target_knows_the_priority_that_was_set(cast: Cast, standard: Case) -> None:
    standard.start()
    standard.start("accept")
    lean = policy("lean", targets={("accept", "P0"): HOUR}, tenant=standard.tenant)
    standard.retarget("P0", 2, alternatives_of(lean))
    assert ClockEntry.objects.get(kind="cancelled").reason.startswith(NO_TARGET)
    under = {("resolution", "P1"): 3 * HOUR, ("resolution", "P0"): HOUR}
    lines = replaying.ledgers([Clock.objects.get(metric="resolution").pk])
    assert [line.priority for [*_, line] in lines.values()] == ["P0"]
    job = worked(asked(cast, policy("strict", targets=under, tier="standard"), metric="resolution"))
    assert counted(job) == ({"cancelled": 1}, {"unknown": 1})


def alternatives_of(row: Policy):
    from sla.policies import PolicyChoice  # noqa: PLC0415

    return PolicyChoice(row, "changed")


# ── Calendars and drafts ─────────────────────────────────────────────────────
def test_other_hours_count_where_the_calendar_was_counted_in(cast: Cast, standard: Case) -> None:
    case = new_case(standard.tenant)
    met_after(case, 26, priority="P2")  # two business days of eight hours: Tuesday 11:00 is in time
    met_after(standard, 5)  # elapsed: no calendar has a say
    longer = Calendar.objects.get(key="office-hours")
    longer.pk, longer.weekly = None, [[day, 0, 1440] for day in range(7)]
    versions.publish(longer, NOW)
    job = worked(asked(cast, longer))
    assert counted(job) == ({"kept": 2}, {"kept": 1, "breached": 1, "late": 10 * 3600})
    longer.pk, longer.key = None, "other"
    versions.publish(longer, NOW)
    assert counted(worked(asked(cast, longer)))[1] == {"kept": 2}
    assert counted(worked(asked(cast, longer, everybody=True)))[1]["breached"] == 1


def drafted(row: Policy | Calendar, **changes: object) -> Draft:
    if isinstance(row, Policy):
        kind, document = "policy", write_policy(versions.policy_document(row))
    else:
        kind, document = "calendar", write_calendar(versions.calendar_document(row))
    times = {"created_at": NOW, "updated_at": NOW}
    return Draft.objects.create(kind=kind, key=row.key, document=document | changes, **times)


def test_a_draft_is_tried_as_it_read_when_it_was_asked_for(cast: Cast, standard: Case) -> None:
    met_after(standard, 5)
    targets = [{"priority": "P1", "metric": "resolution", "amount": "3 h", "basis": "elapsed"}]
    draft = drafted(Policy.objects.get(key="standard"), targets=targets)
    job = asked(cast, draft)
    Draft.objects.update(document={})
    assert counted(worked(job))[1]["breached"] == 1
    with pytest.raises(DomainError, match="not sound yet"):
        asked(cast, draft)


def test_a_drafted_calendar_knows_its_countrys_holidays(cast: Cast, standard: Case) -> None:
    met_after(standard, 30, priority="P2")
    draft = drafted(Calendar.objects.get(key="office-hours"), week="Mon-Sun 00:00-24:00", country="US")
    job = worked(asked(cast, draft))
    assert "2026-11-26" in job.params["alternative"]["holidays"]
    assert counted(job) == ({"kept": 1}, {"breached": 1, "late": 14 * 3600})


# ── Asking ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("since", "before", "field"),
    [
        (MONDAY, MONDAY, "before"),
        (MONDAY - timedelta(days=400), MONDAY, "before"),
        (NOW + HOUR, NOW + 2 * HOUR, "since"),
    ],
)
def test_a_period_is_in_the_past_and_no_longer_than_a_year(
    cast: Cast, since: datetime, before: datetime, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        ask(Question(since, before, "policy", 1), actor=cast.actor(cast.lead), now=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(("source", "pk"), [("policy", 0), ("calendar", 0), ("draft", 0), ("dream", 1)])
def test_what_is_tried_must_be_there(cast: Cast, source: str, pk: int) -> None:
    with pytest.raises(DomainError) as refused:
        ask(Question(*WEEK, source=source, alternative=pk), actor=cast.actor(cast.lead), now=NOW)
    assert refused.value.field == "alternative"


def test_agents_do_not_replay(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        ask(Question(*WEEK, source="policy", alternative=1), actor=cast.actor(cast.agent), now=NOW)


# ── Reach ────────────────────────────────────────────────────────────────────
def test_a_replay_counts_what_its_asker_reaches(cast: Cast) -> None:
    for tenant in (cast.acme, cast.birch):
        met_after(new_case(tenant), 5)
    tried = policy("strict", targets=SHORT)
    cast.lead.membership.regions = ["us"]
    cast.lead.membership.save()
    mine = worked(asked(cast, tried, everybody=True))
    all_of_them = worked(asked(cast, tried, everybody=True, who=cast.manager))
    assert (mine.done, all_of_them.done) == (1, 2)
    with isolation.scope(cast.actor(cast.lead)):
        assert {row.tenant_id for row in ReplayDifference.objects.all()} == {cast.birch.pk}
        with pytest.raises(NotFound):
            jobs.get(all_of_them.pk, kind="replay", actor=cast.actor(cast.lead))


def test_drills_are_nobodys(cast: Cast, standard: Case) -> None:
    met_after(new_case(make_tenant("DRILL", "standard", is_drill=True)), 5)
    assert worked(asked(cast, policy("strict", targets=SHORT))).done == 0


# ── In steps ─────────────────────────────────────────────────────────────────
def many(tenant, count: int) -> None:
    for number in range(count):
        case = new_case(tenant)
        case.start(hours=number // 2)  # two in each instant: the order is by id then
        case.do("meet", number // 2 + 5)


def test_a_worker_that_dies_costs_a_step_and_counts_nothing_twice(
    cast: Cast, standard: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "STEP", 3)
    many(standard.tenant, 8)
    job = asked(cast, policy("strict", targets=SHORT, tier="standard"))
    assert jobs.step(NOW)
    counting = replaying._count

    def dies(*given: object) -> None:
        counting(*given)
        raise RuntimeError("killed")

    monkeypatch.setattr(replaying, "_count", dies)
    assert jobs.step(NOW)
    job.refresh_from_db()
    assert (job.done, job.failures, job.state) == (3, 1, "running")
    assert ReplayDifference.objects.count() == 3
    monkeypatch.setattr(replaying, "_count", counting)
    while jobs.step(NOW + HOUR):
        pass
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.failures) == ("done", 8, 8, 0)
    assert counted(job)[1] == {"breached": 8, "late": 8 * 2 * 3600}
    assert ReplayDifference.objects.count() == job.result["differences"] == 8


def test_a_cancelled_replay_keeps_what_it_found_and_stops(
    cast: Cast, standard: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "STEP", 3)
    many(standard.tenant, 8)
    job = asked(cast, policy("strict", targets=SHORT, tier="standard"))
    assert jobs.step(NOW)
    jobs.cancel(job.pk, kind="replay", actor=cast.actor(cast.lead), now=NOW)
    assert not jobs.step(NOW)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, counted(job)[1]["breached"]) == ("cancelled", 3, 8, 3)
    with pytest.raises(NotAllowedNow):
        jobs.cancel(job.pk, kind="replay", actor=cast.actor(cast.lead), now=NOW)


def test_the_list_of_changes_is_bounded_and_the_count_is_not(
    cast: Cast, standard: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "STEP", 3)
    monkeypatch.setattr(replaying, "MOST_DIFFERENCES", 4)
    many(standard.tenant, 8)
    job = worked(asked(cast, policy("strict", targets=SHORT, tier="standard")))
    assert (job.result["differences"], job.differences.count()) == (8, 4)


# ── Retention ────────────────────────────────────────────────────────────────
def test_what_a_replay_said_of_a_case_goes_with_the_case(cast: Cast) -> None:
    put_in_force(cast, "cases", 365, cast.acme)
    old, kept = lived(cast, 400), lived(cast, 10)
    tried = policy("strict", targets={("first_response", "P1"): timedelta(minutes=1)})
    job = Job.objects.create(kind="replay", title="x", asked_at=NOON, next_step_at=NOON)
    for case in (old, kept):
        clock = Clock.objects.get(clock_set=case.clock_set, metric="first_response")
        about = {"tenant": case.tenant, "metric": clock.metric, "started_at": clock.started_at}
        ReplayDifference.objects.create(job=job, clock=clock, was="kept", would_be="breached", **about)
    assert carried_out(cast, cast.acme).state == "done"
    assert [row.clock.clock_set_id for row in ReplayDifference.objects.all()] == [kept.clock_set_id]
    assert tried.pk
