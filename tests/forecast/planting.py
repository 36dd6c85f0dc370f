"""The synthetic desk as rows: what the ledgers and moves of a real one would hold, without playing every deed."""

from __future__ import annotations

from typing import Any

from cases.forecast.lives import Life
from cases.models import Case, Transition
from sla import ledger
from sla.book import PROJECTED
from sla.models import Calendar, Clock, ClockEntry, ClockSet, Policy
from tenants.models import Requester, Tenant
from tests.factories import RequesterFactory, TenantFactory

BY = {"actor_kind": "system", "actor_name": "History", "cause": "planted"}


def plant(lives: list[Life]) -> dict[int, int]:
    """Rows of these lives, two clocks a case as the synthetic desk has them; answers life → clock id."""
    policy, office = Policy.objects.order_by("pk").first(), Calendar.objects.order_by("pk").first()
    people = {name: RequesterFactory(tenant=TenantFactory(segment=name)) for name in {life.segment for life in lives}}
    pairs = list(zip(lives[::2], lives[1::2], strict=True))
    sets = ClockSet.objects.bulk_create(ClockSet(tenant=people[one.segment].tenant) for one, _ in pairs)
    cases = Case.objects.bulk_create(
        _case(number, people[one.segment], clock_set, one)
        for number, ((one, _), clock_set) in enumerate(zip(pairs, sets, strict=True))
    )
    Transition.objects.bulk_create(
        move for (one, _), case in zip(pairs, cases, strict=True) for move in _moves(case, one)
    )
    told = [(life, clock_set) for pair, clock_set in zip(pairs, sets, strict=True) for life in pair]
    clocks = Clock.objects.bulk_create(_clock(life, clock_set, policy, office) for life, clock_set in told)
    ClockEntry.objects.bulk_create(
        entry for life, clock in zip(lives, clocks, strict=True) for entry in _entries(life, clock, policy, office)
    )
    return {life.key: clock.pk for life, clock in zip(lives, clocks, strict=True)}


def _case(number: int, requester: Requester, clock_set: ClockSet, life: Life) -> Case:
    tenant: Tenant = requester.tenant
    ended = life.moves[-1][0]
    return Case(
        tenant=tenant,
        number=number,
        reference=f"{tenant.prefix}-P{number}",
        subject="Planted",
        status="closed",
        priority=life.priorities[-1],
        support_tier=tenant.support_tier,
        requester=requester,
        clock_set=clock_set,
        opened_at=life.started_at,
        closed_at=ended,
        closed_as="agent",
        last_activity_at=ended,
    )


def _moves(case: Case, life: Life) -> list[Transition]:
    about: dict[str, Any] = {"tenant_id": case.tenant_id, "case": case, "cycle": 0, "actor_kind": "system"}
    return [Transition(at=at, verb="move", target=target, actor_name="History", **about) for at, target in life.moves]


def _terms(target: ledger.Target, office: Calendar) -> dict[str, Any]:
    business = target.basis == ledger.BUSINESS
    return {"target": target.amount, "basis": target.basis, "calendar": office if business else None}


def _clock(life: Life, clock_set: ClockSet, policy: Policy, office: Calendar) -> Clock:
    folded = ledger.fold(life.entries)
    return Clock(
        tenant_id=clock_set.tenant_id,
        clock_set=clock_set,
        metric=life.metric,
        priority=life.priorities[-1],
        policy=policy,
        **_terms(folded.target, office),
        **{name: getattr(folded, name) for name in PROJECTED},
    )


def _entries(life: Life, clock: Clock, policy: Policy, office: Calendar) -> list[ClockEntry]:
    terms = _terms(life.entries[0].target, office)
    return [
        ClockEntry(
            tenant_id=clock.tenant_id,
            clock=clock,
            seq=seq,
            kind=entry.kind,
            at=entry.at,
            priority=priority,
            policy=policy,
            **terms,
            **BY,
        )
        for seq, (entry, priority) in enumerate(zip(life.entries, life.priorities, strict=True), start=1)
    ]
