"""Moved time: stories of many cases played in one order, with the sweeps and deliveries that beat would have run."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Min

from cases import autoclose
from cases.models import Case
from companyos.demo import telemetry as product
from companyos.demo.host import Host
from companyos.events import dispatch
from companyos.events.models import Delivery
from integrations import telemetry
from sla import clocks, ledger, policies, sweep
from sla.calendars import business_due
from sla.models import Clock

Story = Iterator[datetime]
REACTION = timedelta(seconds=4)  # how long the worker takes to get to an event
GENEROUS = 7_000  # events/s: Acme's ingest quota before the incident cut it


@dataclass
class Stage:
    """Plays stories up to `end`. A story yields the instant of its next deed, then does it when it is its turn."""

    host: Host
    end: datetime
    queue: list[tuple[datetime, int, Story]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=itertools.count)
    now: datetime = field(init=False)

    def add(self, story: Story) -> None:
        self._turn(story)

    def _turn(self, story: Story) -> None:
        moment = next(story, None)
        if moment is not None and moment < self.end - 2 * REACTION:
            heapq.heappush(self.queue, (moment, next(self.order), story))

    def play(self) -> None:
        while self.queue:
            moment, _, story = heapq.heappop(self.queue)
            self.meanwhile(moment)
            self.now = moment
            self._turn(story)
            self.deliver(moment + REACTION)
        self.meanwhile(self.end)
        self.deliver(self.end)
        if failed := Delivery.objects.exclude(state=Delivery.DONE).first():
            raise RuntimeError(f"{failed.subscriber} failed:\n{failed.last_error}")

    def meanwhile(self, moment: datetime) -> None:
        """What beat did until then: alerts and breaches of clocks, each a moment after its instant."""
        while (due := Clock.objects.aggregate(at=Min("next_alert_at"))["at"]) is not None and due <= moment:
            at = min(due + REACTION, moment)
            sweep.step(at)
            self.deliver(at)

    def deliver(self, moment: datetime) -> None:
        """Hand every pending event to its subscribers at `moment`, and what those record to theirs."""
        while dispatch.deliver_one(moment):
            pass

    def fresh_health(self, moment: datetime) -> None:
        """Read every tenant's telemetry as it was at `moment`."""
        self.host.now = lambda: moment
        while telemetry.refresh_one(moment):
            pass

    def throttle(self, since: datetime | None) -> None:
        """The weather of Acme's ingest: throttled since then, or (None) with room to spare."""
        normal = product.PLANS["acme"]
        plan = replace(normal, quota_eps=GENEROUS)
        if since is not None:
            plan = plan.with_quota(normal.quota_eps, since)
        self.host.plans["acme"] = plan


def moment_at(case: Case, metric: str, share: float, now: datetime) -> datetime:
    """When `share` of the running clock's target will be used up, in the clock's own time; never before `now`."""
    clock = Clock.objects.filter(clock_set_id=case.clock_set_id, metric=metric, cycle=case.cycle).first()
    if clock is None or clock.state != ledger.RUNNING:
        return now
    left = clock.target * share - clocks.read(clock, now).consumed
    if left <= timedelta(0):
        return now
    if clock.basis == ledger.ELAPSED:
        return now + left
    return business_due(policies.calendar_spec(clock.calendar_id), now, left)


def silence(case: Case) -> Story:
    """Nobody answers a resolved case until it closes by itself."""
    case.refresh_from_db(fields=["auto_close_at"])
    while case.auto_close_at is not None:
        due = case.auto_close_at
        yield due
        autoclose.close_one(due + timedelta(seconds=1))
        case.refresh_from_db(fields=["auto_close_at"])
