"""Several workers roll out one version while people work on the cases: each clock is moved once, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from sla import defaults, rollout, verify
from sla.models import Clock, ClockEntry, Rollout
from tenants import isolation
from tenants.access import SYSTEM
from tests.service_levels.test_drafts import NOON
from tests.service_levels.test_rollout import publish, roll
from tests.sla.conftest import HOUR, MONDAY, make_tenant, new_case


@pytest.mark.django_db(transaction=True)
def test_three_workers_under_a_stream_of_verbs_move_each_clock_once(monkeypatch):
    monkeypatch.setattr(rollout, "SETS_A_STEP", 5)
    with isolation.scope(SYSTEM):
        defaults.install(MONDAY)
        tenant = make_tenant("ACME", "standard")
        many = [new_case(tenant) for _ in range(40)]
        for one in many:
            one.start(hours=1)
        policy = publish(P1=6)
    begin = threading.Barrier(4)

    def work(job: Callable[[], None]) -> None:
        begin.wait()
        try:
            job()
        finally:
            connection.close()

    def agent() -> None:
        for one in many[::2]:
            for verb in ("pause", "resume"):
                with isolation.scope(SYSTEM):
                    one.do(verb, hours=3)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [roll, roll, roll, agent]))
    for seconds in (5, 60, 65, 120):  # passes for what was held, and the last one
        roll(NOON + timedelta(seconds=seconds))
    with isolation.scope(SYSTEM):
        assert Rollout.objects.get(policy=policy).finished_at is not None
        moved = Clock.objects.filter(clock_set__in=[one.clock_set for one in many])
        assert {(clock.policy_id, clock.target) for clock in moved} == {(policy.pk, 6 * HOUR)}
        told = ClockEntry.objects.filter(clock__in=moved, kind="retargeted").values_list("clock", flat=True)
        assert sorted(told) == sorted(clock.pk for clock in moved)
        assert verify.verify().differences == []
