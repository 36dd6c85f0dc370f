"""A tenant comes to another tier or segment: its open clocks follow it, and nobody else's."""

from copy import copy
from datetime import timedelta

import pytest
from django.utils import timezone

from companyos.events.models import Event
from sla import clocks, jobs, rollout, verify
from sla.models import Clock, ClockEntry, Job
from tests.service_levels.test_rollout import HOUR, case, make_tenant, new_case, resolution, system  # noqa: F401

pytestmark = pytest.mark.usefixtures("system")


def become(tenant, **words):
    for name, value in words.items():
        setattr(tenant, name, value)
    tenant.save()


def work(now=None) -> int:
    count, now = 0, now or timezone.now()
    while jobs.step(now):
        count += 1
    return count


def test_open_clocks_follow_their_tenant_with_the_reason_in_their_ledgers(case):  # noqa: F811
    case.start(hours=1)
    other = new_case(make_tenant("BIRCH", "standard"))
    other.start(hours=1)
    become(case.tenant, support_tier="premium")
    work()
    work(timezone.now() + rollout.SETTLED)
    clock = resolution(case)
    assert (clock.policy.key, clock.target) == ("premium", 6 * HOUR)
    entry = clock.entries.order_by("seq").last()
    assert entry.kind in ("retargeted", "breached") and clock.entries.get(kind="retargeted").cause == "tenant"
    assert clock.entries.get(kind="retargeted").reason.startswith("Support tier standard → premium")
    assert resolution(other).policy.key == "standard"
    assert Event.objects.get(name="clock.retargeted").subject_id == case.clock_set.pk
    assert (Job.objects.get(kind="follow").state, Job.objects.get(kind="follow").done) == ("done", 1)
    assert verify.verify().differences == []


def test_other_changes_of_a_tenant_move_nothing(case):  # noqa: F811
    case.start(hours=1)
    become(case.tenant, name="Acme, renamed", region="us")
    assert work() == 0 and not Job.objects.exists()
    assert ClockEntry.objects.count() == 1


def test_a_clock_that_the_old_terms_started_meanwhile_follows_a_minute_later(case):  # noqa: F811
    case.start(hours=1)
    become(case.tenant, support_tier="premium")
    work()
    before = copy(case.tenant)
    before.support_tier = "standard"  # as a transaction saw it that commits only now
    late = new_case(before)
    late.start(hours=1)
    assert work() == 0 and resolution(late).policy.key == "standard"
    work(timezone.now() + 2 * rollout.SETTLED)
    assert resolution(late).policy.key == "premium"
    assert Job.objects.get(kind="follow").state == "done"


def test_there_and_back_moves_there_and_back(case):  # noqa: F811
    case.start(hours=1)
    become(case.tenant, support_tier="premium")
    become(case.tenant, support_tier="standard")
    work()
    assert resolution(case).policy.key == "standard"


def test_a_clock_that_cannot_be_moved_is_tried_again_and_then_told(case, monkeypatch):  # noqa: F811
    case.start(hours=1)

    def refuses(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(clocks, "retarget_all", refuses)
    monkeypatch.setattr(clocks, "retarget_one", refuses)
    become(case.tenant, support_tier="premium")
    now = timezone.now()
    for _ in range(rollout.MOST_TRIES + 1):
        work(now)
        now += timedelta(hours=1)
    job = Job.objects.get(kind="follow")
    assert job.state == "failed" and job.error.startswith("1 clocks could not be moved")
    assert Clock.objects.get(metric="resolution").policy.key == "standard"
