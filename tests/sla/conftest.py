"""A tenant of each support tier, the default policies, and short words for the verbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sla import clocks, defaults, policies
from sla.clocks import Effect
from sla.ledger import Reading
from sla.models import Clock, ClockSet
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Tenant

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT = Actor(kind="agent", name="Ada Agent", role="agent", user_id=7)


@dataclass
class Case:
    """Something with clocks, and a hand on them: instants are hours after Monday 09:00 UTC."""

    tenant: Tenant
    clock_set: ClockSet

    def start(
        self, metric: str = "resolution", *, hours: float = 0, cycle: int = 0, priority: str = "P1"
    ) -> Clock | None:
        at = MONDAY + hours * HOUR
        choice = policies.choose(self.tenant, at)
        about = {"at": at, "cause": "case.opened", "actor": AGENT}
        return clocks.start(self.clock_set, metric, cycle=cycle, priority=priority, policy_for=choice, **about)

    def do(self, verb: str, hours: float, metric: str = "resolution", cycle: int = 0, reason: str = "") -> list[str]:
        about = {"at": MONDAY + hours * HOUR, "cause": f"transition:{verb}", "actor": AGENT, "reason": reason}
        return [effect.effect for effect in getattr(clocks, verb)(self.clock_set, metric, cycle=cycle, **about)]

    def retarget(self, priority: str, hours: float, choice: Any = None) -> list[Effect]:
        at = MONDAY + hours * HOUR
        about = {"choice": choice or policies.choose(self.tenant, at), "at": at, "cause": "priority", "actor": AGENT}
        return clocks.retarget(self.clock_set, priority=priority, reason="It grew.", **about)

    def look(self, hours: float, metric: str = "resolution", cycle: int = 0) -> Reading:
        found = clocks.readings([self.clock_set.pk], MONDAY + hours * HOUR)[self.clock_set.pk]
        return next(reading for reading in found if (reading.metric, reading.cycle) == (metric, cycle))

    def ledger(self, metric: str = "resolution", cycle: int = 0) -> list[str]:
        clock = Clock.objects.get(clock_set=self.clock_set, metric=metric, cycle=cycle)
        return [entry.kind for entry in clock.entries.all()]


def make_tenant(prefix: str, tier: str, **more: Any) -> Tenant:
    slug = prefix.lower()
    return Tenant.objects.create(name=prefix.title(), slug=slug, prefix=prefix, support_tier=tier, **more)


def new_case(tenant: Tenant) -> Case:
    return Case(tenant, clocks.new_set(tenant))


@pytest.fixture
def system(db: None) -> Iterator[None]:
    """The whole test in the system's scope, with the default policies."""
    with isolation.scope(SYSTEM):
        defaults.install(timezone.now())
        yield


@pytest.fixture
def case(system: None) -> Case:
    """A thing of a Standard tenant: resolution 8 h at P1, first response 1 h."""
    return new_case(make_tenant("ACME", "standard"))
